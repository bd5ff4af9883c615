package trace

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
)

// Digest is a Sink that computes the number of entries and their digest. Equal digests mean equal
// traces. The zero value is ready to use.
//
// The digest depends on what the entries mean and not on how they are spelled. It is the hash of
// the 64-bit hashes of the entries' fields, in order, with the header and without the end line.
type Digest struct {
	all     xxhash.Digest
	started bool
	entries uint64
	content []byte

	// The hashes of entries that all does not have yet.
	waiting [32 * 8]byte
	used    int

	host, rollout encoded // of the last entry
}

// encoded is a string that entries repeat.
type encoded struct {
	text    string
	content []byte // as putText appends it; empty before set
}

func (s *encoded) set(text string) {
	if text != s.text || len(s.content) == 0 {
		s.text, s.content = text, putText(s.content[:0], text)
	}
}

// Reset makes the digest that of no entries.
func (d *Digest) Reset() {
	*d = Digest{content: d.content, host: encoded{content: d.host.content[:0]},
		rollout: encoded{content: d.rollout.content[:0]}}
}

// Write adds an entry. It never fails.
func (d *Digest) Write(e *Entry) error {
	d.add(e)
	return nil
}

// add adds an entry and returns the hash of that entry.
func (d *Digest) add(e *Entry) uint64 {
	d.host.set(string(e.Host))
	d.rollout.set(string(e.Rollout))
	d.content = appendContent(d.content[:0], e, &d.host, &d.rollout)
	sum := xxhash.Sum64(d.content)
	if e.Kind == KindEnd {
		return sum
	}
	if !d.started {
		d.all.Reset()
		d.started = true
	}
	binary.LittleEndian.PutUint64(d.waiting[d.used:], sum)
	if d.used += 8; d.used == len(d.waiting) {
		d.flush()
	}
	if e.Kind != KindHeader {
		d.entries++
	}
	return sum
}

// flush adds the hashes that wait.
func (d *Digest) flush() {
	_, _ = d.all.Write(d.waiting[:d.used]) // never fails
	d.used = 0
}

// Entries returns the number of entries that were added, without header and end line.
func (d *Digest) Entries() uint64 { return d.entries }

// Sum returns the digest of the entries that were added so far: 16 hexadecimal digits.
func (d *Digest) Sum() string {
	if !d.started {
		d.all.Reset()
		d.started = true
	}
	d.flush()
	return string(appendHex(nil, d.all.Sum64(), 16))
}

// appendHex appends the low hexadecimal digits of v.
func appendHex(b []byte, v uint64, digits int) []byte {
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		b = append(b, hexDigits[v>>shift&0xf])
	}
	return b
}

// appendContent appends the fields of an entry in a form that differs for different entries:
// strings and lists follow their lengths, and numbers have their full width. host and rollout are
// those of the entry.
func appendContent(b []byte, e *Entry, host, rollout *encoded) []byte {
	if e.Kind < kindEnd {
		b = append(b, kindContents[e.Kind]...)
	} else {
		b = putText(b, e.Kind.String())
	}
	b = putUint(b, e.Seq)
	b = putInt(b, e.At)
	b = putString(b, e.Other)
	b = append(b, host.content...)
	b = append(b, rollout.content...)
	b = putBytes(b, e.Raw)
	switch {
	case e.Event != nil:
		v := e.Event
		b = append(b, 'v', byte(v.Kind), byte(v.From), byte(v.To))
		b = putAgain(b, string(v.Rollout), rollout)
		b = putInt(b, v.At)
		b = putString(b, v.Channel)
		b = putString(b, v.TargetRef)
		b = putAgain(b, string(v.Host), host)
		b = binary.LittleEndian.AppendUint32(b, v.Wave)
		b = binary.LittleEndian.AppendUint32(b, v.FromWave)
		b = binary.LittleEndian.AppendUint32(b, v.ToWave)
		b = putString(b, v.Successor)
		b = putString(b, v.Operator)
		b = putString(b, v.Reason)
	case e.Effect != nil:
		v := e.Effect
		b = append(b, 'e', byte(v.Kind), byte(v.From), byte(v.To))
		b = binary.LittleEndian.AppendUint32(b, v.Wave)
		b = putAgain(b, string(v.Rollout), rollout)
		b = putInt(b, v.At)
		b = putString(b, v.Channel)
		b = putString(b, v.Closure)
		b = putInt(b, v.DelaySeconds)
	case e.HostEffect != nil:
		v := e.HostEffect
		b = append(b, 'h', byte(v.From), byte(v.To))
		b = putString(b, v.Effect)
		b = putAgain(b, string(v.Host), host)
		b = putAgain(b, string(v.Rollout), rollout)
		b = putInt(b, v.At)
		b = putString(b, v.Channel)
		b = putString(b, v.Closure)
	case e.Agent != nil:
		v := e.Agent
		b = append(b, 'a', byte(v.Kind), byte(v.Policy), bit(v.Passed))
		b = putUint(b, v.Seq)
		b = putInt(b, v.At)
		b = putString(b, v.Closure)
		b = putInt(b, v.ExitCode)
		b = putString(b, v.Component)
		b = putString(b, v.Message)
		b = putString(b, v.Probe)
	case e.Plan != nil:
		v := e.Plan
		b = append(b, 'p', byte(v.Action))
		b = putAgain(b, string(v.Rollout), rollout)
		b = putString(b, v.Channel)
		b = putString(b, v.TargetRef)
		b = putStrings(b, v.Hosts)
		b = putAgain(b, string(v.Host), host)
		b = putString(b, v.Closure)
		b = putInt(b, v.SoakDueAt)
		b = putInt(b, v.Attempt)
	case e.Gate != nil:
		v := e.Gate
		b = append(b, 'g')
		b = putString(b, v.Gate)
		b = putString(b, v.Reason)
		b = putAgain(b, string(v.Host), host)
		b = putAgain(b, string(v.Rollout), rollout)
	case e.Poll != nil:
		v := e.Poll
		b = append(b, 'm')
		b = putString(b, v.Channel)
		b = putString(b, v.Outcome)
		b = putString(b, v.Ref)
	case e.Fault != nil:
		v := e.Fault
		b = append(b, 'f')
		b = putString(b, v.Fault)
		b = putAgain(b, string(v.Host), host)
		b = putAgain(b, string(v.Rollout), rollout)
		b = putString(b, v.Channel)
		b = putUint(b, v.Seq)
		b = putInt(b, v.Millis)
	case e.Rejection != nil:
		v := e.Rejection
		b = append(b, 'r', byte(v.Event), byte(v.From))
		b = putString(b, v.Error)
		b = putAgain(b, string(v.Rollout), rollout)
		b = putString(b, v.Message)
	case e.Header != nil:
		v := e.Header
		b = append(b, 'H')
		b = putInt(b, v.Format)
		b = putString(b, v.Scenario)
		b = putUint(b, v.Seed)
		b = putString(b, v.Machine)
		b = putString(b, v.Until)
		if v.ControlPlane != "" {
			b = putString(b, v.ControlPlane)
		}
		b = putInt(b, len(v.Channels))
		for i := range v.Channels {
			c := &v.Channels[i]
			b = putString(b, c.Channel)
			b = append(b, byte(c.Policy.OnHealthFailure))
			b = putInt(b, c.Policy.RetentionSeconds)
			b = putStrings(b, c.After)
			b = putInt(b, len(c.HostEdges))
			for _, edge := range c.HostEdges {
				b = putString(b, edge.Host)
				b = putString(b, edge.After)
			}
		}
		b = putInt(b, len(v.Budgets))
		for i := range v.Budgets {
			c := &v.Budgets[i]
			b = putString(b, c.Name)
			b = putStrings(b, c.Hosts)
			b = putInt(b, c.MaxInFlight)
		}
		b = putInt(b, len(v.Quarantine))
		for _, q := range v.Quarantine {
			b = putString(b, q.Channel)
			b = putString(b, q.Closure)
		}
	case e.End != nil:
		b = append(b, 'E')
		b = putUint(b, e.End.Entries)
		b = putString(b, e.End.Digest)
	}
	return b
}

func putUint(b []byte, v uint64) []byte { return binary.LittleEndian.AppendUint64(b, v) }

func putInt[T ~int | ~int64](b []byte, v T) []byte { return putUint(b, uint64(v)) }

// putString appends a string. Most are empty, so that the compiler is to inline that case.
func putString[S ~string](b []byte, s S) []byte {
	if s == "" {
		return append(b, 0, 0, 0, 0)
	}
	return putText(b, string(s))
}

// putText appends the length of a string in valid UTF-8, and that string.
func putText(b []byte, s string) []byte {
	s = valid(s)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}

// putAgain appends s. Most strings of an entry repeat its host or its rollout.
func putAgain(b []byte, s string, before *encoded) []byte {
	if s == before.text {
		return append(b, before.content...)
	}
	return putString(b, s)
}

// kindContents holds the name of each kind as putText appends it.
var kindContents = func() (all [kindEnd][]byte) {
	for k := range all {
		all[k] = putText(nil, Kind(k).String())
	}
	return all
}()

// valid returns a string with U+FFFD for each invalid byte, as the encoder writes it.
func valid[S ~string](s S) S {
	if s == "" || utf8.ValidString(string(s)) {
		return s
	}
	return S([]rune(string(s)))
}

func putBytes(b, s []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}

func putStrings[S ~string](b []byte, list []S) []byte {
	b = putInt(b, len(list))
	for _, s := range list {
		b = putString(b, s)
	}
	return b
}

func bit(v bool) byte {
	if v {
		return 1
	}
	return 0
}
