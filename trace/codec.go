package trace

import (
	"fmt"
	"math"
	"strconv"

	"rollsim/reducer"
)

// Class is the kind of value that a field holds. The zero value is invalid.
type Class uint8

// The classes.
const (
	// the kind of the object that has the field: an event, a gate, an error
	ClassTag     Class = 1 + iota
	ClassName          // a name that users chose, or a list of names
	ClassWord          // a word of the format, such as a state
	ClassTime          // an RFC 3339 time
	ClassNumber        // an integer
	ClassMessage       // text that consists of words of the format and of names
	ClassText          // text that a person or another program wrote
	ClassObject        // an object, or a list of objects
	ClassLiteral       // bookkeeping of the trace, such as a digest

	classEnd
)

// ClassCount is the length of an array indexed by Class: index 0 stays unused.
const ClassCount = int(classEnd)

// field is one field of a payload whose values are of type T.
type field[T any] struct {
	name   string // as the control plane's log spells it
	tagged string // as a tagged payload spells it; empty if that is the same
	class  Class
	codec[T]
}

// spelled returns the field's name in the control plane's log or in a tagged payload.
func (f *field[T]) spelled(tagged bool) string {
	if tagged && f.tagged != "" {
		return f.tagged
	}
	return f.name
}

// codec writes and reads the value of a field of a T.
type codec[T any] struct {
	// write appends the value as JSON.
	write func([]byte, *T) []byte

	// read reads the member of that name into the T.
	read func(o *object, name string, v *T)

	// at returns a pointer to the value, or nil where the format fixes the value. Tests use it.
	at func(*T) any

	// omit reports whether the field is left out; nil for a field that is always written.
	omit func(*T) bool

	// within lists the fields of the object that the field holds, or of the objects in its list.
	within []subfield[T]
}

// subfield is a field of an object within a T.
type subfield[T any] struct {
	of, name string
	class    Class
	at       func(*T) any
}

// appendFields appends the fields of a payload.
func appendFields[T any](b []byte, fields []field[T], v *T, tagged bool) []byte {
	for i := range fields {
		f := &fields[i]
		if f.omit != nil && f.omit(v) {
			continue
		}
		b = f.write(appendKey(b, f.spelled(tagged)), v)
	}
	return b
}

// readFields reads the fields of a payload.
func readFields[T any](o *object, fields []field[T], v *T, tagged bool) {
	for i := range fields {
		f := &fields[i]
		f.read(o, f.spelled(tagged), v)
	}
}

// pointer returns an accessor for a value of any type.
func pointer[T, V any](at func(*T) *V) func(*T) any {
	return func(v *T) any { return at(v) }
}

// str returns the codec of a string.
func str[T any, S ~string](at func(*T) *S) codec[T] {
	return codec[T]{
		write: func(b []byte, v *T) []byte { return appendQuoted(b, *at(v)) },
		read:  func(o *object, name string, v *T) { *at(v) = S(o.string(name)) },
		at:    pointer(at),
	}
}

// strOrNull returns the codec of a string that is null when it is empty.
func strOrNull[T any, S ~string](at func(*T) *S) codec[T] {
	c := str(at)
	c.write = func(b []byte, v *T) []byte {
		if s := *at(v); s != "" {
			return appendQuoted(b, s)
		}
		return append(b, "null"...)
	}
	c.read = func(o *object, name string, v *T) { *at(v) = S(o.stringOrNull(name)) }
	return c
}

// unlessEmpty returns the codec of a string that is left out when it is empty.
func unlessEmpty[T any, S ~string](at func(*T) *S) codec[T] {
	c := str(at)
	c.omit = func(v *T) bool { return *at(v) == "" }
	c.read = func(o *object, name string, v *T) {
		if *at(v) = ""; o.has(name) {
			*at(v) = S(o.string(name))
			o.inexact = o.inexact || *at(v) == ""
		}
	}
	return c
}

// strs returns the codec of a list of strings.
func strs[T any, S ~string](at func(*T) *[]S) codec[T] {
	return codec[T]{
		write: func(b []byte, v *T) []byte {
			b = append(b, '[')
			for i, s := range *at(v) {
				if i > 0 {
					b = append(b, ',')
				}
				b = appendQuoted(b, s)
			}
			return append(b, ']')
		},
		read: func(o *object, name string, v *T) { *at(v) = list[S](o, name) },
		at:   pointer(at),
	}
}

// unsigned returns the codec of an integer from 0 to most.
func unsigned[T any, N ~uint32 | ~uint64 | ~int](most uint64, at func(*T) *N) codec[T] {
	return codec[T]{
		write: func(b []byte, v *T) []byte { return strconv.AppendUint(b, uint64(*at(v)), 10) },
		read:  func(o *object, name string, v *T) { *at(v) = N(o.uint(name, most)) },
		at:    pointer(at),
	}
}

// signed returns the codec of an integer that is at least least.
func signed[T any](least int64, at func(*T) *int64) codec[T] {
	return codec[T]{
		write: func(b []byte, v *T) []byte { return strconv.AppendInt(b, *at(v), 10) },
		read:  func(o *object, name string, v *T) { *at(v) = o.int(name, least) },
		at:    pointer(at),
	}
}

// moment returns the codec of a time.
func moment[T any](at func(*T) *reducer.Time) codec[T] {
	return codec[T]{
		write: func(b []byte, v *T) []byte { return appendQuotedTime(b, *at(v)) },
		read:  func(o *object, name string, v *T) { *at(v) = o.time(name) },
		at:    pointer(at),
	}
}

// enumeration describes a type whose values have names.
type enumeration[E fmt.Stringer] struct {
	what  string
	parse func(string) (E, bool)
	all   func() []E
}

var (
	hostStates = enumeration[reducer.HostState]{
		"a host state", reducer.ParseHostState, reducer.HostStates,
	}
	rolloutStates = enumeration[reducer.State]{
		"a rollout state", reducer.ParseState, reducer.States,
	}
	eventKinds = enumeration[reducer.EventKind]{
		"a rollout event", reducer.ParseEventKind, reducer.EventKinds,
	}
	healthPolicies = enumeration[reducer.HealthPolicy]{
		"a health policy", reducer.ParseHealthPolicy, reducer.HealthPolicies,
	}
)

// one returns the codec of a value of an enumeration, which is written as its name.
func one[T any, E fmt.Stringer](of *enumeration[E], at func(*T) *E) codec[T] {
	return codec[T]{
		write: func(b []byte, v *T) []byte { return appendQuoted(b, (*at(v)).String()) },
		read:  func(o *object, name string, v *T) { *at(v) = enum(o, name, of) },
		at:    pointer(at),
	}
}

// stateOrNull returns the codec of a rollout state, which is null for the zero value.
func stateOrNull[T any](at func(*T) *reducer.State) codec[T] {
	c := one(&rolloutStates, at)
	write, read := c.write, c.read
	c.write = func(b []byte, v *T) []byte {
		if *at(v) == 0 {
			return append(b, "null"...)
		}
		return write(b, v)
	}
	c.read = func(o *object, name string, v *T) {
		if m := o.get(name); m == nil || m[0] != 'n' {
			read(o, name, v)
		}
	}
	return c
}

// optional returns the codec of an optional value, which is null or missing when it is absent.
func optional[T any, V comparable](
	of func(func(*V) *V) codec[V], at func(*T) *reducer.Opt[V],
) codec[T] {
	value := of(func(v *V) *V { return v })
	return codec[T]{
		write: func(b []byte, v *T) []byte {
			if opt := at(v); opt.Set {
				return value.write(b, &opt.Value)
			}
			return append(b, "null"...)
		},
		read: func(o *object, name string, v *T) {
			if m := o.get(name); m != nil && m[0] != 'n' {
				opt := at(v)
				value.read(o, name, &opt.Value)
				opt.Set = true
			}
		},
		at: pointer(at),
	}
}

// constant returns the codec of a value that the control plane always writes. No T holds it.
func constant[T any](json string) codec[T] {
	return codec[T]{
		write: func(b []byte, _ *T) []byte { return append(b, json...) },
		read:  func(o *object, name string, _ *T) { o.constant(name, json) },
	}
}

// constantInt returns the codec of an integer that the control plane always writes. No T holds it.
func constantInt[T any](n int64) codec[T] {
	return codec[T]{
		write: func(b []byte, _ *T) []byte { return strconv.AppendInt(b, n, 10) },
		read: func(o *object, name string, _ *T) {
			if o.int(name, 0) != n {
				o.inexact = true
			}
		},
	}
}

// objects returns the codec of a list of objects.
func objects[T, E any](of string, fields []field[E], at func(*T) *[]E) codec[T] {
	last := func(v *T) *E { return &(*at(v))[len(*at(v))-1] }
	return codec[T]{
		write: func(b []byte, v *T) []byte {
			b = append(b, '[')
			list := *at(v)
			for i := range list {
				if i > 0 {
					b = append(b, ',')
				}
				b = append(appendFields(append(b, '{'), fields, &list[i], false), '}')
			}
			return append(b, ']')
		},
		read: func(o *object, name string, v *T) {
			o.objects(name, func(inner *object) {
				var e E
				readFields(inner, fields, &e, false)
				*at(v) = append(*at(v), e)
			})
		},
		within: subfields(of, fields, last),
	}
}

// subfields returns fields as those of an object within a T.
func subfields[T, E any](of string, fields []field[E], at func(*T) *E) []subfield[T] {
	var all []subfield[T]
	for i := range fields {
		f := &fields[i]
		s := subfield[T]{of: of, name: f.name, class: f.class}
		if f.at != nil {
			s.at = func(v *T) any { return f.at(at(v)) }
		}
		all = append(all, s)
		for _, w := range f.within {
			all = append(all, subfield[T]{
				of: w.of, name: w.name, class: w.class,
				at: func(v *T) any { return w.at(at(v)) },
			})
		}
	}
	return all
}

// probes returns the codec of a list of one probe: an AgentEvent holds no more.
func probes(fields []field[AgentEvent]) codec[AgentEvent] {
	return codec[AgentEvent]{
		write: func(b []byte, a *AgentEvent) []byte {
			return append(appendFields(append(b, '[', '{'), fields, a, false), '}', ']')
		},
		read: func(o *object, name string, a *AgentEvent) {
			n := 0
			o.objects(name, func(probe *object) {
				if n++; n == 1 {
					readFields(probe, fields, a, false)
				}
			})
			o.inexact = o.inexact || n != 1
		},
		within: subfields("probe", fields, func(a *AgentEvent) *AgentEvent { return a }),
	}
}

// strInList returns the codec of a list of one string: a T holds no more.
func strInList[T any](at func(*T) *string) codec[T] {
	return codec[T]{
		write: func(b []byte, v *T) []byte { return append(appendQuoted(append(b, '['), *at(v)), ']') },
		read: func(o *object, name string, v *T) {
			all := list[string](o, name)
			if len(all) > 0 {
				*at(v) = all[0]
			}
			o.inexact = o.inexact || len(all) != 1
		},
		at: pointer(at),
	}
}

// status returns the codec of the result of a probe.
func status[T any](at func(*T) *bool) codec[T] {
	return codec[T]{
		write: func(b []byte, v *T) []byte {
			if *at(v) {
				return appendQuoted(b, statusPass)
			}
			return appendQuoted(b, statusFail)
		},
		read: func(o *object, name string, v *T) {
			s := o.string(name)
			*at(v) = s == statusPass
			o.inexact = o.inexact || s != statusPass && s != statusFail
		},
		at: pointer(at),
	}
}

// repetition returns the codec of the number of an attempt, which is left out for the first one.
func repetition[T any](at func(*T) *int) codec[T] {
	c := unsigned(math.MaxInt32, at)
	c.omit = func(v *T) bool { return *at(v) <= 1 }
	c.read = func(o *object, name string, v *T) {
		*at(v) = 1
		if !o.has(name) {
			return
		}
		if n := int(o.uint(name, math.MaxInt32)); n > 1 {
			*at(v) = n
		} else {
			o.inexact = true
		}
	}
	return c
}
