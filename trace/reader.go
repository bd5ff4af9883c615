package trace

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	readBuffer = 64 << 10
	maxLine    = 64 << 20 // the longest line that a Reader takes
)

// ReadError says why a trace cannot be read, or not further.
type ReadError struct {
	File  string
	Line  int    // from 1; 0 where no line is to blame
	Place string // what is to blame where it is no line: a member of a document, a row of a table
	Seq   uint64 // of the entry that is to blame, where that is known and the place does not say it
	What  string
}

func (e *ReadError) Error() string {
	where := e.File
	switch {
	case e.Place != "":
		where += ": " + e.Place
	case e.Line != 0:
		where = fmt.Sprintf("%s:%d", where, e.Line)
	}
	if e.Seq != 0 {
		where = fmt.Sprintf("%s: seq %d", where, e.Seq)
	}
	return where + ": " + e.What
}

// Reader reads a trace, entry by entry, from whichever shape it is in. A trace that starts with a
// header is sealed, and the reader checks that nothing in it was changed since it was written: see
// Breaches.
type Reader struct {
	file    string
	src     source
	dec     *decoder
	ahead   *ahead // nil while the reader reads only what it is asked for
	batch   *batch
	item    *item // the last one
	own     item  // where the items are when nothing reads ahead
	number  int
	entries uint64
	header  *Header
	seal    seal
	passed  Passed
	tables  Tables
	closers []func() error
	series  *series // instead of src: several readers that are one log
	err     error
}

// source is where the entries of one input come from: pieces of it are filled in by one goroutine,
// and decoded by any.
type source interface {
	// fill gives an empty batch the next units. Its err tells what comes after them: nil for more,
	// io.EOF, or a *ReadError.
	fill(*batch)

	// decode makes an entry of a unit. The error is a *ReadError without the file.
	decode(*decoder, *unit, *Entry) error
}

// unit is an entry as it was found.
type unit struct {
	// the line, the member of the document, or the columns of the row, one after the other
	text   []byte
	number int  // of the line, from 1; of the event in the document, from 1; the seq of the row
	torn   bool // the line is the last one and has no end of line

	// Of a row, which is kept in as little as can be: what one core writes and another one reads takes
	// its time.
	columns [5]int32 // the lengths of its columns but for seq
	seq     int64
}

// item is a unit that was decoded.
type item struct {
	entry Entry
	unit  *unit
	sum   []byte
	err   error
}

// batch is a run of units and what was made of them.
type batch struct {
	text  []byte // holds what the units point to
	units []unit
	next  int // the unit that is to be decoded or given next
	err   error

	// Where batches are decoded ahead of their use.
	items  []item
	store  store
	passed Passed
	taken  atomic.Bool   // somebody decodes it, or has done so; so is one that is not read yet
	done   chan struct{} // gets a value when the batch is decoded
}

// NewReader makes a reader of what in holds, plain, in gzip or in zstd: NDJSON, or a rollout
// document as the control plane answers GET /v1/rollouts/{id}/events; which of them, its content
// tells. file names it in errors. An SQLite database needs more than a stream, and is named in the
// error, which is a *ReadError.
func NewReader(file string, in io.Reader) (*Reader, error) {
	r := &Reader{file: file, dec: newDecoder(), batch: new(batch)}
	buffered, err := Decompress(in)
	if err != nil {
		return nil, r.located(broken(err))
	}
	start, err := buffered.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, r.located(broken(err))
	}
	// some editors begin what they write with this mark
	if bytes.HasPrefix(start, []byte("\xef\xbb\xbf")) {
		_, _ = buffered.Discard(3)
		start = start[3:]
	}
	switch {
	case len(start) == 0:
		return nil, r.fail("expected a trace, found nothing")
	case bytes.HasPrefix(start, []byte(SQLiteMagic)):
		return nil, r.fail("this is an SQLite database, which is read from a file of its own, not " +
			"from a stream")
	case looksLikeDocument(start):
		r.src = newDocument(buffered)
	default:
		r.src = &lineSource{in: buffered}
	}
	return r, nil
}

// SQLiteMagic is how an SQLite database begins.
const SQLiteMagic = "SQLite format 3\x00"

// Decompress gives what in holds: if it is in gzip or zstd, what that holds.
func Decompress(in io.Reader) (*bufio.Reader, error) {
	buffered := bufio.NewReaderSize(in, readBuffer)
	magic, _ := buffered.Peek(4)
	switch {
	case bytes.HasPrefix(magic, []byte("\x1f\x8b")):
		z, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, err
		}
		return bufio.NewReaderSize(z, readBuffer), nil
	case string(magic) == "\x28\xb5\x2f\xfd":
		z, err := zstd.NewReader(
			buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<30),
		)
		if err != nil {
			return nil, err
		}
		return bufio.NewReaderSize(z, readBuffer), nil
	}
	return buffered, nil
}

// Header is that of a simulated trace, once its first line was read; nil for a log of a control
// plane.
func (r *Reader) Header() *Header {
	if r.series != nil {
		return r.series.current().Header()
	}
	return r.header
}

// File names the input that the last entry is from.
func (r *Reader) File() string {
	if r.series != nil {
		return r.series.current().File()
	}
	return r.file
}

// Line is the number of the line that the last entry stands on; of a rollout document the number of
// the event in it, from 1; of state.db the row's seq.
func (r *Reader) Line() int {
	if r.series != nil {
		return r.series.current().Line()
	}
	return r.number
}

// Unit names what Line counts in the input that the last entry is from: line, event or row.
func (r *Reader) Unit() string {
	if r.series != nil {
		return r.series.current().Unit()
	}
	switch r.src.(type) {
	case *documentSource:
		return "event"
	case *rowSource:
		return "row"
	}
	return "line"
}

// IsDocument tells whether the input is a rollout document, or several of them.
func (r *Reader) IsDocument() bool {
	if r.series != nil {
		return r.series.documents()
	}
	_, is := r.src.(*documentSource)
	return is
}

// Breaches gives what was found so far to break the seal of a simulated trace, in the order of the
// lines.
func (r *Reader) Breaches() []Breach {
	if r.series != nil {
		return r.series.current().Breaches()
	}
	return r.seal.breaches
}

// Passed counts what was passed over because this version does not know it; exact once the end is
// reached.
func (r *Reader) Passed() Passed {
	if r.series != nil {
		return r.series.passed()
	}
	p := r.passed
	p.add(r.dec.passed)
	return p
}

// Tables gives the derived tables that were stored beside the log; nil where there are none. They
// are read within the transaction in which the log was, so after its end.
func (r *Reader) Tables() Tables {
	if r.series != nil {
		return r.series.tables()
	}
	return r.tables
}

// OnClose has something done when the reader is closed.
func (r *Reader) OnClose(do func() error) { r.closers = append(r.closers, do) }

// Close gives back what the reader holds. It is needed where something reads ahead, or where the
// input says so.
func (r *Reader) Close() error {
	if r.ahead != nil {
		r.ahead.close()
		r.ahead = nil
		r.err = errors.Join(r.err, errClosed)
	}
	var errs []error
	if r.series != nil {
		errs = append(errs, r.series.close())
	}
	for _, do := range r.closers {
		errs = append(errs, do())
	}
	r.closers = nil
	return errors.Join(errs...)
}

var errClosed = errors.New("the reader is closed")

// Read gives the next entry, header and end line included; it is good until the next call. At the
// end the error is io.EOF, else a *ReadError; it stays.
func (r *Reader) Read() (*Entry, error) {
	if r.series != nil {
		return r.series.read()
	}
	if r.err == nil {
		r.err = r.read()
	}
	if r.err != nil {
		return nil, r.err
	}
	return &r.item.entry, nil
}

func (r *Reader) read() error {
	if err := r.advance(); err != nil {
		return err
	}
	it := r.item
	r.number = it.unit.number
	if r.seal.ended {
		r.seal.breach(Breach{Kind: Trailing, Seq: r.seal.next, Line: r.number})
		return io.EOF
	}
	if it.err != nil {
		return r.located(it.err)
	}
	if err := r.admit(&it.entry, it.sum); err != nil {
		return err
	}
	r.entries++
	if r.header != nil {
		r.seal.check(&it.entry, it.unit.text, r.number, it.sum)
	}
	return nil
}

// advance makes the next unit's the current item.
func (r *Reader) advance() error {
	for {
		b := r.batch
		if b.next < len(b.units) {
			if r.ahead != nil && b.next == len(b.items) {
				return errClosed // decoding stopped at an error, which was given already
			}
			if r.ahead != nil {
				r.item = &b.items[b.next]
			} else {
				r.item = &r.own
				r.dec.store.reset()
				r.item.read(r.src, r.dec, &b.units[b.next])
			}
			b.next++
			return nil
		}
		if errors.Is(b.err, io.EOF) {
			return r.endOfInput(b)
		}
		if b.err != nil {
			return r.located(b.err)
		}
		if r.ahead != nil {
			r.batch = r.ahead.take(b, r.src)
			r.passed.add(r.batch.passed)
		} else {
			b.reset()
			r.src.fill(b)
			r.passed.add(b.passed)
		}
	}
}

func (it *item) read(src source, d *decoder, u *unit) {
	it.unit = u
	it.err = src.decode(d, u, &it.entry)
	it.sum = d.sum
}

func (b *batch) reset() {
	b.text, b.units, b.items = b.text[:0], b.units[:0], b.items[:0]
	b.next, b.err, b.passed = 0, nil, Passed{}
	b.store.reset()
}

// admit judges whether the entry may stand where it does in its kind of trace.
func (r *Reader) admit(e *Entry, sum []byte) error {
	switch {
	case e.Kind == KindHeader && r.entries > 0:
		return r.fail("expected the header on the first line alone, found a second one")
	case e.Kind == KindHeader:
		if f := e.Header.Format; f < 1 || f > FormatVersion {
			return r.fail(
				"payload.format: expected a version of the trace format from 1 to %d, found %d", FormatVersion,
				f,
			)
		}
		r.header = e.Header
	case r.header == nil && sum != nil:
		return r.fail("expected the header of a simulated trace before its entries, found an entry " +
			"with a sum")
	case r.header == nil && e.Kind == KindEnd:
		return r.fail("expected an end line only in a trace that has a header")
	}
	return nil
}

// endOfInput is io.EOF, or a *ReadError when the trace cannot end there.
func (r *Reader) endOfInput(b *batch) error {
	if l, ok := r.src.(*lineSource); ok && r.entries == 0 {
		r.number = l.line
		return r.fail("expected a trace, found nothing but blank lines")
	}
	if r.header != nil && !r.seal.ended {
		return r.fail("the trace was cut off: expected an end line after entry %d, found the end of "+
			"the file", r.seal.next-1)
	}
	return b.err
}

func (r *Reader) fail(format string, args ...any) error {
	return &ReadError{File: r.file, Line: r.number, What: fmt.Sprintf(format, args...)}
}

// located gives an error of the input with the file's name.
func (r *Reader) located(err error) error {
	var e *ReadError
	if !errors.As(err, &e) {
		return err
	}
	named := *e
	named.File = r.file
	return &named
}

// Unreadable says why a compressed input cannot be read; the error is a *ReadError.
func Unreadable(file string, err error) error { return (&Reader{file: file}).located(broken(err)) }

// broken says why the input cannot be read.
func broken(err error) error {
	what := err.Error()
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		what = "the compressed data ends early"
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader):
		what = fmt.Sprintf("the gzip data is damaged: %v", err)
	case errors.Is(err, zstd.ErrMagicMismatch),
		errors.Is(err, zstd.ErrCRCMismatch),
		errors.Is(err, zstd.ErrReservedBlockType),
		errors.Is(err, zstd.ErrUnexpectedBlockSize),
		errors.Is(err, zstd.ErrWindowSizeExceeded):
		what = fmt.Sprintf("the zstd data is damaged: %v", err)
	}
	return &ReadError{What: what}
}
