package trace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"rollsim/internal/limited"
	"rollsim/reducer"
)

// documentSource reads a rollout document: one object with a rollout_id and its events.
type documentSource struct {
	in      *jsontext.Decoder
	rollout reducer.RolloutID
	started bool
	number  int
	fields  uint64            // unknown members of the document
	kept    *jsontext.Decoder // the events, when they come before the rollout_id
	limit   *ValueReader      // the input of in
}

func newDocument(in io.Reader) *documentSource {
	limit := NewValueReader(in)
	return &documentSource{in: jsontext.NewDecoder(limit), limit: limit}
}

// ValueReader is the input of a decoder of JSON that may be large but consists of short values.
// The decoder keeps a whole value in memory, so Read returns an error when it is called for more
// than MaxLine bytes of one value.
type ValueReader struct {
	in   io.Reader
	left int
}

// NewValueReader returns a ValueReader that is at the start of a value.
func NewValueReader(in io.Reader) *ValueReader { return &ValueReader{in: in, left: MaxLine} }

// Next must be called between two values.
func (r *ValueReader) Next() { r.left = MaxLine }

// Read implements io.Reader.
func (r *ValueReader) Read(b []byte) (int, error) {
	if r.left <= 0 {
		return 0, ErrLongValue
	}
	n, err := r.in.Read(b[:min(len(b), r.left)])
	r.left -= n
	return n, err
}

// ErrLongValue is the error of a ValueReader.
var ErrLongValue = fmt.Errorf("a value is longer than %s", limited.Size(MaxLine))

// looksLikeDocument reports whether an input that begins with start is a rollout document and not
// NDJSON. The first member that only one of them has decides.
func looksLikeDocument(start []byte) bool {
	d := jsontext.NewDecoder(bytes.NewReader(start))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return false
	}
	for {
		name, err := d.ReadToken()
		if err != nil || name.Kind() != '"' {
			return false
		}
		switch name.String() {
		case "rollout_id", "events":
			return true
		case "seq", "ts", "kind", "payload":
			return false
		}
		if err := d.SkipValue(); err != nil {
			return false
		}
	}
}

func (s *documentSource) fill(b *batch) {
	if !s.started {
		s.started = true
		if b.err = s.open(); b.err != nil {
			return
		}
	}
	events := s.in
	if s.kept != nil {
		events = s.kept
	}
	for len(b.units) < batchUnits && events.PeekKind() != ']' {
		s.limit.Next()
		value, err := events.ReadValue()
		if err != nil {
			b.err = documentError(err, s.number+1)
			return
		}
		s.number++
		from := len(b.text)
		b.text = append(b.text, value...)
		b.units = append(b.units, unit{text: b.text[from:], number: s.number})
	}
	if len(b.units) == batchUnits {
		return
	}
	b.err = s.finish(events)
	if b.err == nil {
		b.err = io.EOF
	}
	b.passed.Fields += s.fields
	s.fields = 0
}

// open reads the document up to its first event.
func (s *documentSource) open() error {
	_, _ = s.in.ReadToken() // looksLikeDocument has seen the brace
	return s.members(true)
}

// finish reads the document after its last event.
func (s *documentSource) finish(events *jsontext.Decoder) error {
	if _, err := events.ReadToken(); err != nil {
		return documentError(err, 0)
	}
	if s.kept == nil {
		if err := s.members(false); err != nil {
			return err
		}
	}
	switch _, err := s.in.ReadToken(); {
	case err == nil:
		return &ReadError{What: "expected one rollout document, found more after it"}
	case !errors.Is(err, io.EOF):
		return documentError(err, 0)
	}
	return nil
}

// members reads the document's members: those before its first event, or those after the last.
func (s *documentSource) members(before bool) error {
	var kept []byte
	for s.in.PeekKind() != '}' {
		name, err := s.in.ReadToken()
		if err != nil {
			return documentError(err, 0)
		}
		switch name.String() {
		case "rollout_id":
			value, err := s.in.ReadValue()
			if err != nil {
				return documentError(err, 0)
			}
			if value.Kind() != '"' {
				return &ReadError{What: "rollout_id: expected a string, found " + clip(value)}
			}
			s.rollout = reducer.RolloutID(unquote(value))
		case "events":
			if k := s.in.PeekKind(); k != '[' && k != 0 {
				value, _ := s.in.ReadValue()
				return &ReadError{What: "events: expected a list of entries, found " + clip(value)}
			}
			if s.rollout != "" {
				_, err := s.in.ReadToken()
				return documentOrNil(err)
			}
			value, err := s.in.ReadValue()
			if err != nil {
				return documentError(err, 0)
			}
			kept = bytes.Clone(value)
		default:
			s.fields++
			if err := s.in.SkipValue(); err != nil {
				return documentError(err, 0)
			}
		}
	}
	if _, err := s.in.ReadToken(); err != nil {
		return documentError(err, 0)
	}
	switch {
	case !before:
		return nil
	case s.rollout == "":
		return &ReadError{What: "rollout_id: expected a string, found nothing"}
	case kept == nil:
		return &ReadError{What: "events: expected a list of entries, found nothing"}
	}
	s.kept = jsontext.NewDecoder(bytes.NewReader(kept))
	_, err := s.kept.ReadToken()
	return documentOrNil(err)
}

func documentOrNil(err error) error {
	if err != nil {
		return documentError(err, 0)
	}
	return nil
}

// documentError returns err as a *ReadError about a document: at its n-th event, if n is not 0.
func documentError(err error, n int) error {
	e := &ReadError{
		What: "expected a rollout document: " + strings.TrimPrefix(err.Error(), "jsontext: "),
	}
	if n > 0 {
		e.Place = fmt.Sprintf("event %d", n)
	}
	var syntactic *jsontext.SyntacticError
	if errors.Is(err, ErrLongValue) {
		e.What = ErrLongValue.Error()
	} else if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		e.What = "expected a rollout document: it ends early"
	} else if !errors.As(err, &syntactic) {
		var b *ReadError
		if errors.As(broken(err), &b) {
			e.What = b.What
		}
	}
	return e
}

func (s *documentSource) decode(d *decoder, u *unit, e *Entry) error {
	d.document = s.rollout
	if d.fast(u.text, e) {
		return nil
	}
	if err := d.entry(u.text, e); err != nil {
		return &ReadError{Place: fmt.Sprintf("event %d", u.number), Seq: e.Seq, What: err.Error()}
	}
	return nil
}
