package trace

import (
	"fmt"
	"io"

	"rollsim/reducer"
)

// Writer is a Sink that writes a trace as NDJSON. If the first entry is a header, the trace is
// sealed: every line has the sum of its content, and Close writes the end line. Otherwise the trace
// has the form of a control plane's log: entries only.
type Writer struct {
	w      io.Writer
	buf    []byte
	digest Digest
	sealed bool
	// production reports whether the header names the shipped control plane, whose rows are spelled as
	// in production.
	production bool
	lines      uint64
	seq        uint64 // the seq of the last line
	at         reducer.Time
	err        error
}

// flushAt is the number of buffered bytes at which a Writer writes them.
const flushAt = 64 << 10

// NewWriter returns a Writer that writes to w. It is buffered: the caller must call Close, which
// does not close w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w, buf: make([]byte, 0, flushAt+4096)} }

// Write writes an entry. It ignores an end entry, since Close writes its own. In a sealed trace the
// seq of the header must be 0, and that of every other entry one more than that of the entry
// before. The error names the first entry with another seq, or is that of the underlying writer;
// every later call returns it.
func (w *Writer) Write(e *Entry) error {
	if w.err != nil || e.Kind == KindEnd {
		return w.err
	}
	if w.lines == 0 {
		w.sealed = e.Kind == KindHeader
		w.production = w.sealed && e.Header != nil && e.Header.ControlPlane == ShippedControlPlane
	}
	if w.sealed && e.Seq != w.lines {
		w.err = fmt.Errorf("entry %d of the trace: expected seq %[1]d, found %d", w.lines, e.Seq)
		return w.err
	}
	w.line(e)
	return w.err
}

func (w *Writer) line(e *Entry) {
	if w.production {
		w.buf = appendProduction(w.buf, e)
	} else {
		w.buf = appendEntry(w.buf, e)
	}
	if w.sealed {
		w.buf = appendSum(w.buf, w.digest.add(e))
	} else {
		w.buf = append(w.buf, '}')
	}
	w.buf = append(w.buf, '\n')
	w.lines++
	w.seq, w.at = e.Seq, e.At
	if len(w.buf) >= flushAt {
		w.flush()
	}
}

// appendSum appends the end of a sealed line: the low half of its content's hash, and the brace.
func appendSum(b []byte, hash uint64) []byte {
	b = append(b, `,"sum":"`...)
	b = appendHex(b, hash, 8)
	return append(b, '"', '}')
}

func (w *Writer) flush() {
	if w.err == nil {
		_, w.err = w.w.Write(w.buf)
	}
	w.buf = w.buf[:0]
}

// Close writes the end line of a sealed trace and flushes the buffer. It returns the first error
// that occurred.
func (w *Writer) Close() error {
	if w.err == nil && w.sealed {
		w.line(&Entry{
			Seq:  w.seq + 1,
			At:   w.at,
			Kind: KindEnd,
			End:  &End{Entries: w.digest.Entries(), Digest: w.digest.Sum()},
		})
		w.sealed = false
	}
	w.flush()
	return w.err
}

// Digest returns the digest of the entries that were written to a sealed trace: 16 hexadecimal
// digits.
func (w *Writer) Digest() string { return w.digest.Sum() }
