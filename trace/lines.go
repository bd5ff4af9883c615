package trace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"

	"rollsim/internal/limited"
)

// lineSource reads NDJSON: one entry per line, with blank lines ignored.
type lineSource struct {
	in    io.Reader
	carry []byte // the beginning of a line whose end has not been read
	line  int    // the number of the last line
}

// mostReads is the number of empty reads in a row after which an input counts as broken.
const mostReads = 100

func (s *lineSource) fill(b *batch) {
	b.text = append(b.text, s.carry...)
	s.carry = s.carry[:0]
	whole := 0 // the length of the whole lines in the text
	for empty := 0; ; {
		// with this much room a buffered reader reads directly into the text
		if free := cap(b.text) - len(b.text); free < readBuffer {
			room := max(batchText+2*readBuffer, 2*cap(b.text))
			b.text = append(make([]byte, 0, room), b.text...)
		}
		n, err := s.in.Read(b.text[len(b.text) : len(b.text)+readBuffer])
		fresh := b.text[len(b.text) : len(b.text)+n]
		b.text = b.text[:len(b.text)+n]
		if last := bytes.LastIndexByte(fresh, '\n'); last >= 0 {
			whole = len(b.text) - len(fresh) + last + 1
		}
		if n == 0 && err == nil {
			if empty++; empty == mostReads {
				err = io.ErrNoProgress
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			s.split(b, len(b.text))
			b.err = io.EOF
			return
		case err != nil:
			s.split(b, whole)
			b.err = s.at(broken(err))
			return
		case whole > 0 && len(b.text) >= batchText:
			s.carry = append(s.carry, b.text[whole:]...)
			s.split(b, whole)
			return
		case len(b.text)-whole > MaxLine:
			b.err = s.at(&ReadError{What: (&limited.LongLine{Most: MaxLine}).Error()})
			return
		}
	}
}

// at sets the line of an error to the one after s.line.
func (s *lineSource) at(err error) error {
	var e *ReadError
	if errors.As(err, &e) {
		e.Line = s.line + 1
	}
	return err
}

// split makes units from the lines in the first bytes of the text.
func (s *lineSource) split(b *batch, whole int) {
	for text := b.text[:whole]; len(text) > 0; {
		s.line++
		line := text
		end := bytes.IndexByte(text, '\n')
		if end >= 0 {
			line, text = text[:end], text[end+1:]
		} else {
			text = nil
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			b.units = append(b.units, unit{text: line, number: s.line, torn: end < 0})
		}
	}
}

func (s *lineSource) decode(d *decoder, u *unit, e *Entry) error {
	if d.fast(u.text, e) {
		return nil
	}
	err := d.entry(u.text, e)
	if err == nil {
		return nil
	}
	failed := &ReadError{Line: u.number, Seq: e.Seq, What: err.Error()}
	if u.torn && u.text[0] == '{' && errors.As(err, new(syntaxError)) {
		failed.What = fmt.Sprintf(
			"the last line is torn: it has no newline and is incomplete (%v)", err,
		)
	}
	return failed
}

// Row is a row of a control plane's event_log. A nil column is NULL.
type Row struct {
	Seq                              int64
	TS, Kind, Host, Rollout, Payload []byte
}

// RowError is the error of a row that cannot be read; the next ones can.
type RowError struct {
	Seq  int64
	What string
}

func (e *RowError) Error() string { return fmt.Sprintf("seq %d: %s", e.Seq, e.What) }

// Rows reads the rows of an event_log in the order of seq.
type Rows interface {
	// Next reads the next row. Its columns are valid until the next call. The error is io.EOF after
	// the last row, or explains why the rows cannot be read further.
	Next(*Row) error
}

// NewRowReader returns a Reader of the rows of an event_log. file is its name in errors. tables may
// be nil.
func NewRowReader(file string, in Rows, tables Tables) *Reader {
	return &Reader{
		file:   file,
		dec:    newDecoder(),
		batch:  new(batch),
		src:    &rowSource{in: in},
		tables: tables,
	}
}

// rowSource reads the rows of an event_log.
type rowSource struct {
	in    Rows
	row   Row  // the last row
	begun bool // whether a row was read
}

// batchUnits is the number of rows or of a document's events in a batch. batchText is the least
// length of the text of a batch of lines. A batch that is decoded ahead wakes up a goroutine, which
// costs as much as decoding a few hundred entries.
const (
	batchUnits = 1024
	batchText  = 256 << 10
)

func (s *rowSource) fill(b *batch) {
	for len(b.units) < batchUnits {
		last := s.row.Seq
		if err := s.in.Next(&s.row); err != nil {
			if bad := (*RowError)(nil); errors.As(err, &bad) {
				s.begun, s.row.Seq = true, bad.Seq
				b.units = append(b.units, unit{
					seq: bad.Seq, number: int(min(max(bad.Seq, 0), math.MaxInt)), bad: bad.What,
				})
				continue
			}
			b.err = err
			if !errors.Is(err, io.EOF) {
				b.err = &ReadError{Place: s.after(last), What: err.Error()}
			}
			return
		}
		s.begun = true
		u := unit{seq: s.row.Seq, number: int(min(max(s.row.Seq, 0), math.MaxInt))}
		from := len(b.text)
		for i, c := range s.row.columns() {
			u.columns[i] = null
			if *c != nil {
				u.columns[i] = int32(len(*c)) // no column of SQLite is longer
				b.text = append(b.text, *c...)
			}
		}
		// when the text grows, earlier units keep pointing into its old array
		u.text = b.text[from:len(b.text):len(b.text)]
		b.units = append(b.units, u)
	}
}

// after returns the place of the row that follows the one with the seq last.
func (s *rowSource) after(last int64) string {
	if !s.begun {
		return "event_log, first row"
	}
	return fmt.Sprintf("event_log after seq %d", last)
}

// null is the length of a column that is NULL.
const null = -1

// columns returns the row's columns without seq.
func (r *Row) columns() [5]*[]byte {
	return [5]*[]byte{&r.TS, &r.Kind, &r.Host, &r.Rollout, &r.Payload}
}

// row reads the unit's row into r.
func (u *unit) row(r *Row) {
	r.Seq = u.seq
	rest := u.text
	for i, c := range r.columns() {
		*c = nil
		if n := u.columns[i]; n != null {
			*c, rest = rest[:n:n], rest[n:]
		}
	}
}

func (s *rowSource) decode(d *decoder, u *unit, e *Entry) error {
	d.broken = false
	if u.bad != "" {
		*e = Entry{Seq: uint64(max(u.seq, 0))}
		return &ReadError{Place: fmt.Sprintf("event_log seq %d", u.seq), What: u.bad}
	}
	u.row(&d.current)
	if err := d.row(&d.current, e); err != nil {
		return &ReadError{Place: fmt.Sprintf("event_log seq %d", u.seq), What: err.Error()}
	}
	return nil
}
