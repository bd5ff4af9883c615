package trace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"rollsim/reducer"
)

// parser parses JSON objects, strictly: duplicate names, invalid UTF-8 and data after the object
// are errors.
type parser struct {
	dec     jsontext.Decoder
	buf     bytes.Buffer
	strings map[string]string // interned strings, because most strings of a trace recur
}

const (
	internLongest = 128
	internMost    = 1 << 12
)

// syntaxError explains why a text is not a JSON object.
type syntaxError string

func (e syntaxError) Error() string { return string(e) }

// member is a member of an object: its name, unquoted, and its value as JSON.
type member struct {
	name, value []byte
	used        bool
}

// object is an object being read: its members, and the first problem with one of them.
type object struct {
	p       *parser
	path    string // the prefix of a member's name in messages
	members []member
	next    int // the index at which the search for the next member begins

	// lenient makes a missing or null value read as zero.
	lenient bool
	// inexact is set if the members differ from those that the encoder would write.
	inexact bool
	problem string
}

// parse parses one object into o. If it has a member "payload" that is an object and payload is not
// nil, parse reads the members of that object into payload. The members point into data.
func (p *parser) parse(data []byte, o, payload *object) error {
	p.buf = *bytes.NewBuffer(data)
	p.dec.Reset(&p.buf)
	if k := p.dec.PeekKind(); k != '{' && k != 0 {
		return syntaxError("expected a JSON object, found " + clip(data))
	}
	if err := p.members(data, o, payload); err != nil {
		return jsonProblem(err)
	}
	switch _, err := p.dec.ReadToken(); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return jsonProblem(err)
	}
	return syntaxError("expected one JSON object, found more after it")
}

func (p *parser) members(data []byte, o, payload *object) error {
	*o = object{p: p, members: o.members[:0]}
	if _, err := p.dec.ReadToken(); err != nil {
		return err
	}
	for p.dec.PeekKind() != '}' {
		quoted, err := p.value(data)
		if err != nil {
			return err
		}
		m := member{name: unquote(quoted)}
		if payload != nil && string(m.name) == "payload" && p.dec.PeekKind() == '{' {
			start := int(p.dec.InputOffset())
			start += bytes.IndexByte(data[start:], '{')
			if err := p.members(data, payload, nil); err != nil {
				return err
			}
			payload.path = "payload."
			m.value = data[start:p.dec.InputOffset()]
		} else if m.value, err = p.value(data); err != nil {
			return err
		}
		o.members = append(o.members, m)
	}
	_, err := p.dec.ReadToken()
	return err
}

func (p *parser) value(data []byte) ([]byte, error) {
	v, err := p.dec.ReadValue()
	end := int(p.dec.InputOffset())
	if err != nil {
		return nil, err
	}
	return data[end-len(v) : end], nil
}

func jsonProblem(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return syntaxError("expected a JSON object: it ends early")
	}
	return syntaxError("expected a JSON object: " + strings.TrimPrefix(err.Error(), "jsontext: "))
}

// unquote returns the value of a JSON string.
func unquote(quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	s, _ := jsontext.AppendUnquote(nil, quoted) // the decoder has validated it
	return s
}

// intern returns b as a string. Equal short values share one string.
func (p *parser) intern(b []byte) string {
	if s, ok := p.strings[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(s) <= internLongest {
		if p.strings == nil || len(p.strings) == internMost {
			p.strings = make(map[string]string)
		}
		p.strings[s] = s
	}
	return s
}

// get returns the value of a member and marks it as used. It returns nil when there is no such
// member.
func (o *object) get(name string) []byte {
	for i := range o.members {
		j := o.next + i
		if j >= len(o.members) {
			j -= len(o.members)
		}
		if m := &o.members[j]; string(m.name) == name {
			m.used = true
			o.next = j + 1
			return m.value
		}
	}
	return nil
}

// has reports whether there is a member of that name.
func (o *object) has(name string) bool {
	for i := range o.members {
		if string(o.members[i].name) == name {
			return true
		}
	}
	return false
}

// unused returns the number of members that get has not returned.
func (o *object) unused() uint64 {
	var n uint64
	for i := range o.members {
		if !o.members[i].used {
			n++
		}
	}
	return n
}

// want returns the value of a required member. It reports whether there is a value to read.
func (o *object) want(name, expected string) ([]byte, bool) {
	v := o.get(name)
	if o.lenient && (v == nil || v[0] == 'n') {
		o.inexact = true
		return nil, false
	}
	if v == nil {
		o.fail(name, expected, nil)
		return nil, false
	}
	return v, true
}

// fail records a problem with a member, unless there is one already.
func (o *object) fail(name, expected string, found []byte) {
	if o.problem == "" {
		o.problem = fmt.Sprintf("%s%s: expected %s, found %s", o.path, name, expected, clip(found))
	}
}

// clip shortens a value for a message.
func clip(found []byte) string {
	const most = 60
	switch {
	case found == nil:
		return "nothing"
	case len(found) <= most:
		return string(found)
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(found[cut]) {
		cut--
	}
	return string(found[:cut]) + "…"
}

func (o *object) bytes(name, expected string) []byte {
	v, ok := o.want(name, expected)
	if !ok {
		return nil
	}
	if v[0] != '"' {
		o.fail(name, expected, v)
		return nil
	}
	return unquote(v)
}

func (o *object) string(name string) string { return o.p.intern(o.bytes(name, "a string")) }

// stringOrNull reads a string that is null when it is empty.
func (o *object) stringOrNull(name string) string {
	v := o.get(name)
	if v == nil {
		o.inexact = true
		return ""
	}
	if v[0] == 'n' {
		return ""
	}
	if v[0] != '"' {
		o.fail(name, "a string or null", v)
		return ""
	}
	return o.p.intern(unquote(v))
}

func (o *object) uint(name string, most uint64) uint64 {
	v, ok := o.want(name, "an integer")
	if !ok {
		return 0
	}
	n, err := strconv.ParseUint(string(v), 10, 64)
	if err != nil || n > most {
		o.fail(name, fmt.Sprintf("an integer from 0 to %d", most), v)
		return 0
	}
	return n
}

func (o *object) int(name string, least int64) int64 {
	v, ok := o.want(name, "an integer")
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(string(v), 10, 64)
	if err != nil || n < least {
		o.fail(name, fmt.Sprintf("an integer from %d to 9223372036854775807", least), v)
		return 0
	}
	return n
}

func (o *object) time(name string) reducer.Time {
	v, ok := o.want(name, "a time")
	if !ok {
		return 0
	}
	if v[0] != '"' {
		o.fail(name, "a time", v)
		return 0
	}
	t, err := ParseTime(unquote(v))
	if err != nil && o.problem == "" {
		o.problem = fmt.Sprintf("%s%s: %v", o.path, name, err)
	}
	return t
}

// enum reads a value of an enumeration.
func enum[E fmt.Stringer](o *object, name string, of *enumeration[E]) E {
	var none E
	v, ok := o.want(name, of.what)
	if !ok {
		return none
	}
	if v[0] == '"' {
		if value, ok := of.parse(o.p.intern(unquote(v))); ok {
			return value
		}
	}
	if o.problem == "" {
		names := make([]string, 0, 12)
		for _, value := range of.all() {
			names = append(names, value.String())
		}
		o.fail(name, fmt.Sprintf("%s (%s)", of.what, strings.Join(names, ", ")), v)
	}
	return none
}

// list reads an array of strings.
func list[S ~string](o *object, name string) []S {
	const expected = "a list of strings"
	v, ok := o.want(name, expected)
	if !ok {
		return nil
	}
	var all []S
	bad := o.p.elements(v, func(element []byte) bool {
		if element[0] == '"' {
			all = append(all, S(o.p.intern(unquote(element))))
		}
		return element[0] == '"'
	})
	if bad {
		o.fail(name, expected, v)
	}
	return all
}

// objects reads an array of objects, each with read.
func (o *object) objects(name string, read func(*object)) {
	const expected = "a list of objects"
	v, ok := o.want(name, expected)
	if !ok {
		return
	}
	i := 0
	bad := o.p.elements(v, func(element []byte) bool {
		var inner object
		if element[0] != '{' || (&parser{strings: o.p.strings}).parse(element, &inner, nil) != nil {
			return false
		}
		inner.path = fmt.Sprintf("%s%s[%d].", o.path, name, i)
		inner.lenient = o.lenient
		i++
		read(&inner)
		o.inexact = o.inexact || inner.inexact || inner.unused() > 0
		if o.problem == "" {
			o.problem = inner.problem
		}
		return true
	})
	if bad {
		o.fail(name, expected, v)
	}
}

// elements calls do for each element of a valid array until do returns false. bad reports whether
// do returned false or value is not an array.
func (p *parser) elements(value []byte, do func([]byte) bool) (bad bool) {
	if value[0] != '[' {
		return true
	}
	p.buf = *bytes.NewBuffer(value)
	p.dec.Reset(&p.buf)
	_, _ = p.dec.ReadToken()
	for p.dec.PeekKind() != ']' {
		element, err := p.value(value)
		if err != nil || !do(element) {
			return true
		}
	}
	return false
}

// constant checks that a member has the value that is always written for it.
func (o *object) constant(name, json string) {
	if v := o.get(name); string(v) != json {
		o.inexact = true
	}
}
