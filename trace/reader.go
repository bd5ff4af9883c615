package trace

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"rollsim/internal/limited"
	"rollsim/internal/visible"
)

const readBuffer = 64 << 10

// MaxLine is the limit in bytes for a line of NDJSON and for an event of a rollout document.
const MaxLine = 64 << 20

// maxWindow is the limit in bytes for the window of zstd data, which is kept in memory.
const maxWindow = 512 << 20

// ReadError reports why a trace cannot be read, or cannot be read further.
type ReadError struct {
	File  string
	Line  int    // from 1; 0 when the problem is not in a line
	Place string // a place that is not a line: an event of a document, a row of a table
	Seq   uint64 // the seq of the entry; 0 when it is not known or Place has it
	What  string // what was expected and what was found
}

func (e *ReadError) Error() string {
	where := visible.Name(e.File)
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

// Reader reads a trace, entry by entry, in any of its forms. A trace that starts with a header is
// sealed, and the Reader checks whether it was changed: see Breaches.
type Reader struct {
	file    string
	src     source
	dec     *decoder
	ahead   *ahead // nil unless Ahead was called
	batch   *batch
	item    *item // the last item
	own     item  // the storage of item when nothing reads ahead
	number  int
	entries uint64
	header  *Header
	seal    seal
	passed  Passed
	tables  Tables
	notes   []string
	lenient bool
	objects bool       // a later line than the first seems to be an entry
	bad     *ReadError // why the last entry could not be read
	closers []func() error
	series  *series // instead of src: several readers of one log
	err     error
}

// source is one input. One goroutine calls fill; any may call decode.
type source interface {
	// fill reads the next units into an empty batch. It sets the batch's err to nil if there are
	// more, and otherwise to io.EOF or a *ReadError.
	fill(*batch)

	// decode decodes a unit into an entry. The error is a *ReadError without the file.
	decode(*decoder, *unit, *Entry) error
}

// unit is the undecoded form of an entry.
type unit struct {
	// the line, the event of the document, or the columns of the row, one after the other
	text   []byte
	number int  // the number of the line or of the document's event, from 1, or the seq of the row
	torn   bool // the line is the last one and has no newline

	// For a row. It is compact, because one core writes it and another one reads it.
	columns [5]int32 // the lengths of its columns without seq
	seq     int64
	bad     string // why it cannot be read
}

// item is a decoded unit.
type item struct {
	entry Entry
	unit  *unit
	sum   []byte
	err   error

	syntax bool // the unit is not JSON
}

// batch is a sequence of units with their items.
type batch struct {
	text  []byte // the text of the units
	units []unit
	next  int // the index of the next unit to decode or to return
	err   error

	// For batches that are decoded ahead.
	items  []item
	store  store
	passed Passed
	taken  atomic.Bool   // a goroutine decodes it or has decoded it, or it has not been read yet
	done   chan struct{} // receives a value when the batch is decoded
}

// NewReader returns a Reader of a trace, plain or compressed with gzip or zstd: NDJSON, or a
// rollout document as the control plane returns it for GET /v1/rollouts/{id}/events. It recognizes
// the form by the content. file is the trace's name in errors. An SQLite database cannot be read
// from a stream. The error is a *ReadError.
func NewReader(file string, in io.Reader) (*Reader, error) {
	r := &Reader{file: file, dec: newDecoder(), batch: new(batch)}
	buffered, err := Decompress(in)
	if err != nil {
		return nil, r.located(broken(err))
	}
	start, err := buffered.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) {
		if windowExceeded(err) {
			return nil, r.located((&lineSource{}).at(broken(err)))
		}
		return nil, r.located(broken(err))
	}
	// a byte order mark, which some editors write
	if bytes.HasPrefix(start, []byte("\xef\xbb\xbf")) {
		_, _ = buffered.Discard(3)
		start = start[3:]
	}
	switch {
	case len(start) == 0:
		return nil, r.fail("expected a trace, found nothing")
	case bytes.HasPrefix(start, []byte(SQLiteMagic)):
		return nil, r.fail("expected a trace, found an SQLite database: name its file instead of " +
			"passing it as a stream")
	case looksLikeDocument(start):
		r.src = newDocument(buffered)
	default:
		r.src = &lineSource{in: buffered}
		_, rest, _ := bytes.Cut(start, []byte("\n"))
		r.objects = beginsEntry(rest)
	}
	return r, nil
}

// beginsEntry reports whether a text begins with a line that is an entry as logs spell it, or with
// the beginning of one.
func beginsEntry(text []byte) bool {
	line, _, whole := bytes.Cut(bytes.TrimLeft(text, " \t\r\n"), []byte("\n"))
	return bytes.HasPrefix(line, []byte(`{"seq":`)) && (!whole || jsontext.Value(line).IsValid())
}

// SQLiteMagic is the beginning of every SQLite database.
const SQLiteMagic = "SQLite format 3\x00"

// Decompress returns a reader of in that decompresses data in gzip or zstd format.
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
			buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxWindow),
		)
		if err != nil {
			return nil, err
		}
		return bufio.NewReaderSize(z, readBuffer), nil
	}
	return buffered, nil
}

// Header returns the header of a simulated trace, once Read has returned it. It returns nil for the
// log of a control plane.
func (r *Reader) Header() *Header {
	if r.series != nil {
		return r.series.current().Header()
	}
	return r.header
}

// File returns the name of the input that holds the last entry.
func (r *Reader) File() string {
	if r.series != nil {
		return r.series.current().File()
	}
	return r.file
}

// Line returns the number of the last entry's line. For a rollout document it returns the number of
// the event, from 1, and for a state.db the seq of the row.
func (r *Reader) Line() int {
	if r.series != nil {
		return r.series.current().Line()
	}
	return r.number
}

// Unit returns the name of the things that Line counts in the last entry's input: line, event or
// row.
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

// IsDocument reports whether the input is a rollout document, or several of them.
func (r *Reader) IsDocument() bool {
	if r.series != nil {
		return r.series.documents()
	}
	_, is := r.src.(*documentSource)
	return is
}

// Breaches returns the breaches of a simulated trace's seal that were found so far, in the order of
// the lines.
func (r *Reader) Breaches() []Breach {
	if r.series != nil {
		return r.series.current().Breaches()
	}
	return r.seal.breaches
}

// Passed counts the parts of the input that this version does not know. The counts are exact once
// Read has returned io.EOF.
func (r *Reader) Passed() Passed {
	if r.series != nil {
		return r.series.passed()
	}
	p := r.passed
	p.add(r.dec.passed)
	return p
}

// ReadAll returns the entries that are left.
func ReadAll(r *Reader) ([]Entry, error) {
	var all Collector
	for {
		e, err := r.Read()
		if errors.Is(err, io.EOF) {
			return all.Entries, nil
		}
		if err == nil {
			err = all.Write(e)
		}
		if err != nil {
			return nil, err
		}
	}
}

// Tables returns the derived tables that were stored with the log, or nil if it has none. They
// must be read after the log has ended, in the same transaction.
func (r *Reader) Tables() Tables {
	if r.series != nil {
		return r.series.tables()
	}
	return r.tables
}

// StartAfter makes a Reader of NDJSON count lines from the one after line: the input is the rest of
// a file. It must be called before the first Read.
func (r *Reader) StartAfter(line int) {
	if s, is := r.src.(*lineSource); is {
		s.line = line
	}
}

// Note adds a note about the input: what may be missing in it.
func (r *Reader) Note(text string) { r.notes = append(r.notes, text) }

// Notes returns the notes about the inputs that were opened so far.
func (r *Reader) Notes() []string {
	if r.series == nil {
		return r.notes
	}
	all := r.notes
	for _, open := range r.series.now {
		all = append(all, open.Notes()...)
	}
	return all
}

// OnClose makes Close call a function.
func (r *Reader) OnClose(do func() error) { r.closers = append(r.closers, do) }

// Close frees the reader's resources. It must be called after Ahead and after OnClose; a Reader
// that NewReader returned needs no Close otherwise.
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

// Read returns the next entry, which may be the header or the end line. The entry is valid until
// the next call. The error is io.EOF at the end or else a *ReadError, and every later call returns
// it.
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
	r.number, r.bad = it.unit.number, nil
	if r.seal.ended {
		r.seal.breach(Breach{Kind: Trailing, Seq: r.seal.next, Line: r.number})
		return io.EOF
	}
	if it.err != nil {
		if r.lenient && r.header == nil && it.syntax && it.unit.torn && r.entries > 0 {
			r.Note(fmt.Sprintf("%s: line %d, the last one, is incomplete and not judged: the file is "+
				"being written, or was cut", visible.Name(r.file), r.number))
			return io.EOF
		}
		if bad := r.tolerated(it); bad == nil {
			return r.located(it.err)
		}
		r.entries++
		return nil
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

// tolerated returns the error of an entry that is skipped, or nil for one that ends the reading. It
// leaves of the entry what could be read.
func (r *Reader) tolerated(it *item) *ReadError {
	syntax := it.syntax
	if !r.lenient || r.header != nil || syntax && (r.entries == 0 && !r.objects || it.unit.torn) {
		return nil
	}
	if !errors.As(r.located(it.err), &r.bad) {
		return nil
	}
	e := &it.entry
	*e = Entry{Seq: e.Seq, At: e.At, Kind: KindOther, Host: e.Host, Rollout: e.Rollout}
	if e.Host == "" && e.Rollout == "" && syntax {
		e.Seq = 0
	}
	return r.bad
}

// Lenient makes the Reader of a control plane's log return entries that it cannot read, with what
// could be read of them; see Bad. An incomplete last line ends the log, with a note. A first line
// that is not JSON is an error, unless an entry follows it. Lenient must be called before Read and
// Ahead.
func (r *Reader) Lenient() {
	if r.series != nil {
		r.series.lenient = true
		for _, open := range r.series.now {
			open.Lenient()
		}
		return
	}
	r.lenient = true
}

// Bad returns why the last entry could not be read, or nil if it could.
func (r *Reader) Bad() *ReadError {
	if r.series != nil {
		return r.series.current().Bad()
	}
	return r.bad
}

// advance sets r.item to the item of the next unit.
func (r *Reader) advance() error {
	for {
		b := r.batch
		if b.next < len(b.units) {
			if r.ahead != nil && b.next == len(b.items) {
				return errClosed // decoding stopped at an error, which was returned before
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
			r.batch = r.ahead.next(b, r.src)
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
	it.syntax = d.broken
	it.sum = d.sum
}

func (b *batch) reset() {
	b.text, b.units, b.items = b.text[:0], b.units[:0], b.items[:0]
	b.next, b.err, b.passed = 0, nil, Passed{}
	b.store.reset()
}

// admit checks that the entry may occur at this place in this kind of trace.
func (r *Reader) admit(e *Entry, sum []byte) error {
	switch {
	case e.Kind == KindHeader && r.entries > 0:
		return r.fail("expected the header on the first line alone, found a second one")
	case e.Kind == KindHeader:
		if f := e.Header.Format; f < 1 || f > FormatVersion {
			return r.fail("payload.format: expected a version of the trace format from 1 to %d, found %d",
				FormatVersion, f)
		}
		r.header = e.Header
	case r.header == nil && sum != nil:
		return r.fail(
			"expected the header of a simulated trace before its entries, found an entry with a sum")
	case r.header == nil && e.Kind == KindEnd:
		return r.fail("expected an end line only in a trace that has a header")
	}
	return nil
}

// endOfInput returns io.EOF, or a *ReadError if the trace is not complete.
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

// located returns an error with the name of the file.
func (r *Reader) located(err error) error {
	var e *ReadError
	if !errors.As(err, &e) {
		return err
	}
	named := *e
	named.File = r.file
	return &named
}

// Unreadable returns an error of a compressed input as a *ReadError. line is 0 if it is not known.
func Unreadable(file string, line int, err error) error {
	e := &ReadError{File: file, Line: line, What: err.Error()}
	if known := (*ReadError)(nil); errors.As(broken(err), &known) {
		e.What = known.What
	}
	return e
}

func windowExceeded(err error) bool {
	return errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded)
}

// broken returns an error of the input as a *ReadError without the file.
func broken(err error) error {
	what := err.Error()
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		what = "the compressed data ends early"
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader):
		what = fmt.Sprintf("the gzip data is damaged: %v", err)
	case windowExceeded(err):
		what = fmt.Sprintf("the zstd data needs a window larger than %s, or is damaged",
			limited.Size(maxWindow))
	case errors.Is(err, zstd.ErrMagicMismatch), errors.Is(err, zstd.ErrCRCMismatch),
		errors.Is(err, zstd.ErrReservedBlockType), errors.Is(err, zstd.ErrUnexpectedBlockSize):
		what = fmt.Sprintf("the zstd data is damaged: %v", err)
	}
	return &ReadError{What: what}
}
