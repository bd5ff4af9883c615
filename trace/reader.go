package trace

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	readBuffer = 64 << 10
	maxLine    = 64 << 20 // the longest line that a Reader takes
)

// ReadError says why a trace cannot be read, or not further.
type ReadError struct {
	File string
	Line int // from 1; 0 where no line is to blame
	What string
}

func (e *ReadError) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.What
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.What)
}

// Reader reads a trace, entry by entry: NDJSON, plain or in gzip. A trace that starts with a header is sealed, and the
// reader checks that nothing in it was changed since it was written: see Breaches.
type Reader struct {
	file    string
	in      *bufio.Reader
	long    []byte // holds a line that is longer than the buffer of in
	line    int
	torn    bool // the last line has no end of line
	dec     decoder
	entry   Entry
	entries uint64
	header  *Header
	seal    seal
	err     error
}

// NewReader makes a reader of what in holds; file names it in errors. Other shapes than NDJSON are told apart and named in
// the error: an SQLite database, zstd data, a rollout document. The error is a *ReadError.
func NewReader(file string, in io.Reader) (*Reader, error) {
	r := &Reader{file: file, in: bufio.NewReaderSize(in, readBuffer)}
	if magic, _ := r.in.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(r.in)
		if err != nil {
			return nil, r.broken(err)
		}
		r.in = bufio.NewReaderSize(z, readBuffer)
	}
	start, err := r.in.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, r.broken(err)
	}
	if len(start) == 0 {
		return nil, r.fail("expected a trace, found nothing")
	}
	if what := otherShape(start); what != "" {
		return nil, r.fail("expected NDJSON, one entry on each line; this looks like %s", what)
	}
	return r, nil
}

// otherShape names what the start of a file that is no NDJSON looks like; empty for what may be NDJSON.
func otherShape(start []byte) string {
	switch {
	case bytes.HasPrefix(start, []byte("SQLite format 3\x00")):
		return "an SQLite database"
	case bytes.HasPrefix(start, []byte("\x28\xb5\x2f\xfd")):
		return "zstd data"
	}
	text := strings.Join(strings.Fields(string(start)), "")
	if strings.HasPrefix(text, `{"rollout_id":`) || strings.HasPrefix(text, `{"events":`) {
		return "a rollout document, as GET /v1/rollouts/{id}/events answers it"
	}
	return ""
}

// Header is that of a simulated trace, once its first line was read; nil for a log of a control plane.
func (r *Reader) Header() *Header { return r.header }

// File names the input in errors.
func (r *Reader) File() string { return r.file }

// Line is the number of the line that the last entry stands on.
func (r *Reader) Line() int { return r.line }

// Breaches gives what was found so far to break the seal of a simulated trace, in the order of the lines.
func (r *Reader) Breaches() []Breach { return r.seal.breaches }

// Passed counts what was passed over so far because this version does not know it.
func (r *Reader) Passed() Passed { return r.dec.passed }

// Read gives the next entry, header and end line included; it is good until the next call. At the end the error is io.EOF,
// else a *ReadError; it stays.
func (r *Reader) Read() (*Entry, error) {
	if r.err == nil {
		r.err = r.read()
	}
	if r.err != nil {
		return nil, r.err
	}
	return &r.entry, nil
}

func (r *Reader) read() error {
	line, err := r.nextLine()
	if err != nil {
		return err
	}
	if r.seal.ended {
		r.seal.breach(Breach{Kind: Trailing, Seq: r.seal.next, Line: r.line})
		return io.EOF
	}
	if err := r.dec.entry(line, &r.entry); err != nil {
		if r.torn && errors.As(err, new(syntaxError)) {
			return r.fail("the last line is torn: it has no end of line, and is not whole (%v)", err)
		}
		return r.fail("%v", err)
	}
	if err := r.admit(&r.entry); err != nil {
		return err
	}
	r.entries++
	if r.header != nil {
		r.seal.check(&r.entry, line, r.line, r.dec.sum)
	}
	return nil
}

// admit judges whether the entry may stand where it does in its kind of trace.
func (r *Reader) admit(e *Entry) error {
	switch {
	case e.Kind == KindHeader && r.entries > 0:
		return r.fail("expected the header on the first line alone, found a second one")
	case e.Kind == KindHeader:
		if f := e.Header.Format; f < 1 || f > FormatVersion {
			return r.fail("payload.format: expected a version of the trace format from 1 to %d, found %d", FormatVersion, f)
		}
		r.header = e.Header
	case r.header == nil && r.dec.sum != nil:
		return r.fail("expected the header of a simulated trace before its entries, found an entry with a sum")
	case r.header == nil && e.Kind == KindEnd:
		return r.fail("expected an end line only in a trace that has a header")
	}
	return nil
}

// nextLine gives the next line that is not blank, without its end. At the end of the input it is io.EOF, or a *ReadError
// when the trace cannot end there.
func (r *Reader) nextLine() ([]byte, error) {
	for {
		line, err := r.rawLine()
		end := errors.Is(err, io.EOF)
		if end && len(line) == 0 {
			return nil, r.endOfInput()
		}
		if err != nil && !end {
			return nil, err
		}
		r.line++
		r.torn = end
		if line = bytes.TrimSpace(line); len(line) > 0 {
			return line, nil
		}
	}
}

// rawLine reads up to and including the next end of line; io.EOF with what there is when the input ends before one.
func (r *Reader) rawLine() ([]byte, error) {
	line, err := r.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		r.long = r.long[:0]
		for errors.Is(err, bufio.ErrBufferFull) {
			r.long = append(r.long, line...)
			if len(r.long) > maxLine {
				r.line++
				return nil, r.fail("the line is longer than %d MiB", maxLine>>20)
			}
			line, err = r.in.ReadSlice('\n')
		}
		r.long = append(r.long, line...)
		line = r.long
	}
	if err != nil && !errors.Is(err, io.EOF) {
		r.line++
		return nil, r.broken(err)
	}
	return line, err
}

func (r *Reader) endOfInput() error {
	if r.entries == 0 {
		return r.fail("expected a trace, found nothing but blank lines")
	}
	if r.header != nil && !r.seal.ended {
		return r.fail("the trace was cut off: expected an end line after entry %d, found the end of the file", r.seal.next-1)
	}
	return io.EOF
}

func (r *Reader) fail(format string, args ...any) error {
	return &ReadError{File: r.file, Line: r.line, What: fmt.Sprintf(format, args...)}
}

// broken says why the input cannot be read.
func (r *Reader) broken(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return r.fail("the gzip data ends early")
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader):
		return r.fail("the gzip data is damaged: %v", err)
	}
	return r.fail("%v", err)
}
