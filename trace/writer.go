package trace

import (
	"fmt"
	"io"

	"rollsim/reducer"
)

// Writer is a Sink that writes a trace as NDJSON. A trace whose first entry is a header is sealed:
// every line carries the sum of its content, and Close writes the end line. Without a header it is
// what a control plane exports: lines alone.
type Writer struct {
	w      io.Writer
	buf    []byte
	digest Digest
	sealed bool
	lines  uint64
	seq    uint64 // of the last line
	at     reducer.Time
	err    error
}

// flushAt is how many bytes a Writer gathers before it writes them.
const flushAt = 64 << 10

// NewWriter makes a writer. It is buffered: without Close the last lines are lost. It does not
// close w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w, buf: make([]byte, 0, flushAt+4096)} }

// Write writes an entry. An end entry is passed over: Close writes its own. In a sealed trace seq
// must count from the header's 0 without a gap, else it is an error; so is what the underlying
// writer reports, and both stay.
func (w *Writer) Write(e *Entry) error {
	if w.err != nil || e.Kind == KindEnd {
		return w.err
	}
	if w.lines == 0 {
		w.sealed = e.Kind == KindHeader
	}
	if w.sealed && e.Seq != w.lines {
		w.err = fmt.Errorf("the trace's entry %d has seq %d", w.lines, e.Seq)
		return w.err
	}
	w.line(e)
	return w.err
}

func (w *Writer) line(e *Entry) {
	w.buf = appendEntry(w.buf, e)
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

// appendSum ends the line of a sealed trace with the low half of its content's hash.
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

// Close writes the end line of a sealed trace, and what is buffered. The error is the first one
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

// Digest is the digest of what was written, 16 hexadecimal digits; only for a sealed trace.
func (w *Writer) Digest() string { return w.digest.Sum() }
