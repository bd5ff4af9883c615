package timeline

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"github.com/klauspost/compress/s2"

	"rollsim/reducer"
	"rollsim/trace"
)

// blockRows is the number of entries in a block. Reading one entry decodes its whole block.
const blockRows = 1024

// block holds some successive entries.
type block struct {
	rows []row
	text []byte // NDJSON, compressed
}

// row is what conditions need to know of an entry.
type row struct {
	seq     uint64
	at      reducer.Time
	host    uint32 // its number, or None
	rollout uint32 // its number, or None
	kind    trace.Kind
	flags   flag
}

// flag says what an entry is.
type flag uint8

const (
	changesState flag = 1 << iota // of a rollout or of a host
	refused                       // the machine refuses the event
	marked                        // it has a violation or a finding
	failure                       // a host or a rollout fails or is reverted
)

// compress compresses the text of a block.
func compress(lines []byte) []byte { return slices.Clone(s2.Encode(nil, lines)) }

// read decodes the entries of the block.
func (b *block) read() ([]trace.Entry, error) {
	lines, err := s2.Decode(nil, b.text)
	if err != nil {
		return nil, err
	}
	r, err := trace.NewReader("the index", bytes.NewReader(lines))
	if err != nil {
		return nil, err
	}
	entries := make([]trace.Entry, 0, len(b.rows))
	for {
		e, err := r.Read()
		if errors.Is(err, io.EOF) {
			return entries, nil
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, e.Clone())
	}
}
