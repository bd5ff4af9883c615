package excerpt

import (
	"bytes"
	"errors"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"rollsim/trace"
)

// seal returns the text of a part. That of the trace of a simulation gets checksums of its own:
// replay judges it by its header, and a reader checks them.
func (l *Log) seal(text []byte) ([]byte, error) {
	if l.header == "" {
		return text, nil
	}
	var out bytes.Buffer
	w := trace.NewWriter(&out)
	header, rows, _ := bytes.Cut(text, []byte("\n"))
	// In one input, the reader would expect the checksums after the header.
	err := copyEntries(w, header, 1)
	if err == nil {
		err = copyEntries(w, rows, bytes.Count(rows, []byte("\n")))
	}
	err = errors.Join(err, w.Close())
	return out.Bytes(), err
}

// copyEntries writes the n entries of a text.
func copyEntries(w *trace.Writer, text []byte, n int) error {
	r, err := trace.NewReader("the excerpt", bytes.NewReader(text))
	if err != nil {
		return err
	}
	for range n {
		e, err := r.Read()
		if err != nil {
			return err
		}
		if err := w.Write(e); err != nil {
			return err
		}
	}
	return nil
}

// withoutSum returns an entry without its checksum.
func withoutSum(line string) string {
	d := jsontext.NewDecoder(strings.NewReader(line))
	before := 0 // the end of the token before the name
	for {
		end := int(d.InputOffset())
		if _, err := d.ReadToken(); err != nil {
			return line
		}
		switch {
		case d.StackDepth() != 1:
		case isName(d):
			before = end
		case d.StackPointer() == "/sum" && before > 1:
			return line[:before] + line[d.InputOffset():]
		}
	}
}
