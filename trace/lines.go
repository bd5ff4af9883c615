package trace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
)

// lineSource is the source of NDJSON: one entry on each line, blank lines between them.
type lineSource struct {
	in    io.Reader
	carry []byte // the beginning of a line whose end has not been read
	line  int    // the number of the last one
}

// mostReads is after how many reads that give nothing an input is taken to be broken.
const mostReads = 100

func (s *lineSource) fill(b *batch) {
	b.text = append(b.text, s.carry...)
	s.carry = s.carry[:0]
	for empty := 0; ; {
		if free := cap(b.text) - len(b.text); free < readBuffer/2 {
			b.text = append(make([]byte, 0, max(readBuffer, 2*cap(b.text))), b.text...)
		}
		n, err := s.in.Read(b.text[len(b.text):cap(b.text)])
		fresh := b.text[len(b.text) : len(b.text)+n]
		b.text = b.text[:len(b.text)+n]
		if n == 0 && err == nil {
			if empty++; empty == mostReads {
				err = io.ErrNoProgress
			}
		}
		last := bytes.LastIndexByte(fresh, '\n')
		switch {
		case errors.Is(err, io.EOF):
			s.split(b, len(b.text))
			b.err = io.EOF
			return
		case err != nil:
			s.split(b, bytes.LastIndexByte(b.text, '\n')+1)
			b.err = s.at(broken(err))
			return
		case last >= 0:
			whole := len(b.text) - len(fresh) + last + 1
			s.carry = append(s.carry, b.text[whole:]...)
			s.split(b, whole)
			return
		case len(b.text) > maxLine:
			b.err = s.at(&ReadError{What: fmt.Sprintf("the line is longer than %d MiB", maxLine>>20)})
			return
		}
	}
}

// at gives an error the number of the line after the last one.
func (s *lineSource) at(err error) error {
	var e *ReadError
	if errors.As(err, &e) {
		e.Line = s.line + 1
	}
	return err
}

// split makes units of the lines in the first bytes of the text.
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
	if u.torn && errors.As(err, new(syntaxError)) {
		failed.What = fmt.Sprintf("the last line is torn: it has no end of line, and is not whole (%v)", err)
	}
	return failed
}

// Row is a row of a control plane's event_log. What is nil is NULL.
type Row struct {
	Seq                              int64
	TS, Kind, Host, Rollout, Payload []byte
}

// Rows gives rows in the order of seq.
type Rows interface {
	// Next gives the next row; what it points to is good until the next call. At the end the error is io.EOF, else it says why
	// the rows cannot be read further.
	Next(*Row) error
}

// NewRowReader makes a reader of the rows of an event_log; file names it in errors. tables may be nil.
func NewRowReader(file string, in Rows, tables Tables) *Reader {
	return &Reader{file: file, dec: newDecoder(), batch: new(batch), src: &rowSource{in: in}, tables: tables}
}

// rowSource is the source of an event_log's rows.
type rowSource struct {
	in  Rows
	row Row // the last one
}

// mostUnits is how many units a batch has where they are not lines.
const mostUnits = 256

func (s *rowSource) fill(b *batch) {
	for len(b.rows) < mostUnits {
		last := s.row.Seq
		if err := s.in.Next(&s.row); err != nil {
			b.err = err
			if !errors.Is(err, io.EOF) {
				b.err = &ReadError{Place: fmt.Sprintf("event_log after seq %d", last), What: err.Error()}
			}
			break
		}
		row := s.row
		keep := func(v *[]byte) {
			if *v == nil {
				return
			}
			from := len(b.text)
			b.text = append(b.text, *v...)
			*v = b.text[from:len(b.text):len(b.text)] // where the text grows it moves, and what was kept stays where it is
		}
		keep(&row.TS)
		keep(&row.Kind)
		keep(&row.Host)
		keep(&row.Rollout)
		keep(&row.Payload)
		b.rows = append(b.rows, row)
	}
	for i := range b.rows {
		row := &b.rows[i]
		b.units = append(b.units, unit{text: row.Payload, row: row, number: int(min(max(row.Seq, 0), math.MaxInt))})
	}
}

func (s *rowSource) decode(d *decoder, u *unit, e *Entry) error {
	if err := d.row(u.row, e); err != nil {
		return &ReadError{Place: fmt.Sprintf("event_log seq %d", u.row.Seq), What: err.Error()}
	}
	return nil
}
