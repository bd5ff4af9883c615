package trace

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// BreachKind is a way in which the seal of a simulated trace is broken. The zero value is invalid.
type BreachKind uint8

// The breaches.
const (
	Changed    BreachKind = 1 + iota // the entry was changed
	Missing                          // the entry is not where it belongs
	Repeated                         // the entry occurs a second time
	Misplaced                        // the entry, reported as missing, occurs later
	Miscounted                       // the end line has another count or digest
	Trailing                         // lines follow the end line

	breachEnd
)

// Breach is a sign that a simulated trace was changed after it was written.
type Breach struct {
	Kind BreachKind
	Seq  uint64 // the seq of the entry
	Line int    // where the breach was found

	Last   uint64 // Missing: the last of several consecutive entries that are missing
	Found  uint64 // Missing: the seq found instead; Misplaced: the seq of the entry before
	First  int    // Repeated: the line of the first occurrence; 0 when it is not known
	Detail string // Changed, Miscounted
}

// String returns a sentence that names the entry and the breach.
func (b Breach) String() string {
	switch b.Kind {
	case Changed:
		return fmt.Sprintf(
			"entry %d (line %d): changed after it was written: %s", b.Seq, b.Line, b.Detail,
		)
	case Missing:
		if b.Last > b.Seq {
			return fmt.Sprintf(
				"entries %d to %d are missing: line %d has seq %d", b.Seq, b.Last, b.Line, b.Found,
			)
		}
		return fmt.Sprintf("entry %d is missing: line %d has seq %d", b.Seq, b.Line, b.Found)
	case Repeated:
		if b.First == 0 {
			return fmt.Sprintf("entry %d occurs twice, the second time on line %d", b.Seq, b.Line)
		}
		return fmt.Sprintf("entry %d occurs twice, on lines %d and %d", b.Seq, b.First, b.Line)
	case Misplaced:
		return fmt.Sprintf("entry %d comes after entry %d, on line %d", b.Seq, b.Found, b.Line)
	case Miscounted:
		return fmt.Sprintf("entry %d (line %d), the end line: %s", b.Seq, b.Line, b.Detail)
	case Trailing:
		return fmt.Sprintf("line %d follows the end line", b.Line)
	case breachEnd:
	}
	return fmt.Sprintf("BreachKind(%d)", uint8(b.Kind))
}

// seal checks that a simulated trace has the lines that were written.
type seal struct {
	digest   Digest
	next     uint64 // the expected seq of the next line
	lastLine int    // the line of the entry before next
	gapFrom  uint64 // the first seq of the last gap
	gapTo    uint64 // the first seq after it
	ended    bool
	breaches []Breach

	production bool // rows are spelled as in production
	buf        []byte
}

func (s *seal) breach(b Breach) { s.breaches = append(s.breaches, b) }

// check checks an entry against the line that it was read from and the sum on that line.
func (s *seal) check(e *Entry, line []byte, n int, sum []byte) {
	entries, digest := s.digest.Entries(), ""
	if e.Kind == KindEnd {
		s.ended = true
		digest = s.digest.Sum()
	}
	if detail := s.changed(e, line, s.digest.add(e), sum); detail != "" {
		// Its seq may have been changed too, so the entry counts as the expected one.
		s.breach(Breach{Kind: Changed, Seq: s.next, Line: n, Detail: detail})
		s.next++
		s.lastLine = n
		return
	}
	switch {
	case e.Seq > s.next:
		s.breach(Breach{Kind: Missing, Seq: s.next, Last: e.Seq - 1, Line: n, Found: e.Seq})
		s.gapFrom, s.gapTo = s.next, e.Seq
	case e.Seq >= s.gapFrom && e.Seq < s.gapTo: // the gap ends before s.next
		s.breach(Breach{Kind: Misplaced, Seq: e.Seq, Line: n, Found: s.next - 1})
		return
	case e.Seq < s.next:
		b := Breach{Kind: Repeated, Seq: e.Seq, Line: n}
		if e.Seq == s.next-1 {
			b.First = s.lastLine
		}
		s.breach(b)
		return
	}
	s.next = e.Seq + 1
	s.lastLine = n
	if e.Kind == KindEnd && len(s.breaches) == 0 &&
		(e.End.Entries != entries || e.End.Digest != digest) {
		s.breach(Breach{
			Kind: Miscounted, Seq: e.Seq, Line: n,
			Detail: fmt.Sprintf("it counts %d entries with digest %s, but there are %d with digest %s",
				e.End.Entries, e.End.Digest, entries, digest),
		})
	}
}

// changed returns how the line shows that it was changed, or an empty string if it does not. The
// order of the keys, spaces and escapes may differ, since a tool may have reformatted the JSON.
func (s *seal) changed(e *Entry, line []byte, hash uint64, sum []byte) string {
	if sum == nil {
		return "it has no sum"
	}
	s.buf = appendHex(append(s.buf[:0], '"'), hash, 8)
	if s.buf = append(s.buf, '"'); !bytes.Equal(s.buf, sum) {
		return "its content does not match its sum"
	}
	if e.Header != nil {
		s.production = e.Header.ControlPlane == ShippedControlPlane
	}
	if s.production {
		s.buf = appendSum(appendProduction(s.buf[:0], e), hash)
	} else {
		s.buf = appendSum(appendEntry(s.buf[:0], e), hash)
	}
	if bytes.Equal(s.buf, line) {
		return ""
	}
	was, is := jsontext.Value(s.buf), jsontext.Value(bytes.Clone(line))
	if was.Canonicalize() != nil || is.Canonicalize() != nil || !bytes.Equal(was, is) {
		return "it has content that its sum does not cover"
	}
	return ""
}
