// Package redact replaces the names in a log, so that the log can be shown to others: hosts,
// channels, refs, closures, operators, reasons, error texts, and everything that this version does
// not know. The meaning of the log stays: a replay of it has the same findings as the original.
//
// The pseudonym of a name is its keyed hash (HMAC with SHA-256). Equal names have equal pseudonyms,
// within compound names too, and in all logs that were redacted with the same key. Without the key,
// nobody can find the name of a pseudonym, nor test whether it stands for a name that they know.
//
// One log from end to end: New makes a Redactor of a key; its method Stream copies NDJSON or a
// rollout document, and its method Database copies a state.db. The table fields says of each JSON
// field what it holds, and so what is replaced. A simulated trace has a checksum for each entry (it
// is sealed), which Stream verifies first and then computes again.
package redact

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"rollsim/internal/limited"
	"rollsim/trace"
)

// MinKey is the minimum length of a key, in bytes.
const MinKey = 16

// Redactor replaces the names in logs. It must not be used by several goroutines at once.
type Redactor struct {
	// Progress, if it is not nil, is called from time to time with the number of redacted entries.
	Progress func(entries uint64)

	entries uint64

	names *names
	shift time.Duration

	// Names that are not one token of a message, longest first, and as a set.
	specials []string
	special  map[string]bool
	// Names that are also words of the format, or short numbers.
	ordinary map[string]bool
}

// New returns a Redactor for a key of at least MinKey bytes. It moves every time by shift.
func New(key []byte, shift time.Duration) (*Redactor, error) {
	if len(key) < MinKey {
		return nil, fmt.Errorf("the key has %d bytes: expected at least %d, because a shorter key can "+
			"be guessed", len(key), MinKey)
	}
	return &Redactor{
		names:    newNames(key),
		shift:    shift,
		special:  make(map[string]bool),
		ordinary: make(map[string]bool),
	}, nil
}

// Stream redacts NDJSON or a rollout document, plain or compressed, and writes the same format
// uncompressed. Errors call the input file. Stream reads a simulated trace twice, and calls open
// for the second time. An error of the input is a *trace.ReadError.
func (r *Redactor) Stream(
	file string, in io.Reader, open func() (io.ReadCloser, error), out io.Writer,
) error {
	content, err := trace.Decompress(in)
	if err != nil {
		return trace.Unreadable(file, 0, err)
	}
	if mark, _ := content.Peek(len(byteOrderMark)); string(mark) == byteOrderMark {
		_, _ = content.Discard(len(byteOrderMark))
	}
	switch shapeOf(content) {
	case document:
		err = r.document(content, out)
	case sealed:
		err = r.sealed(file, content, open, out)
	case lines:
		err = r.lines(content, out)
	}
	var of *inputError
	switch {
	case errors.As(err, &of) && of.unread:
		return trace.Unreadable(file, of.line, of.error)
	case of != nil:
		return &trace.ReadError{File: file, Line: of.line, What: of.Error()}
	}
	return err
}

const byteOrderMark = "\xef\xbb\xbf"

// shape is the format of a stream. The zero value is invalid.
type shape uint8

const (
	lines    shape = 1 + iota // NDJSON, an entry per line
	document                  // one JSON object with all entries of a rollout
	sealed                    // NDJSON of a simulated trace, with a checksum for each entry
)

// shapeOf returns the shape of a stream by the beginning of its first object.
func shapeOf(content *bufio.Reader) shape {
	start, _ := content.Peek(4096)
	d := jsontext.NewDecoder(bytes.NewReader(start))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return lines
	}
	for {
		name, err := d.ReadToken()
		if err != nil || name.Kind() != '"' {
			return lines
		}
		key := name.String()
		if key == "rollout_id" || key == "events" {
			return document
		}
		v, err := d.ReadValue()
		if err != nil {
			return lines
		}
		if key == "kind" && string(v) == `"`+trace.KindHeader.String()+`"` {
			return sealed
		}
	}
}

// inputError is an error of the input.
type inputError struct {
	line int // 0 in a document
	error
	unread bool // the reader failed
}

// lines redacts NDJSON.
func (r *Redactor) lines(in *bufio.Reader, out io.Writer) error {
	w := bufio.NewWriterSize(out, 1<<16)
	var b []byte
	entries := 0
	err := eachLine(in, func(line []byte) error {
		if b = b[:0]; len(bytes.TrimSpace(line)) > 0 {
			entries++
			v, err := parseLine(line)
			if err == nil {
				err = r.entry(v)
			}
			if err != nil {
				return err
			}
			b = v.append(b)
		}
		_, _ = w.Write(append(b, '\n')) // Flush returns the error
		return nil
	})
	if err == nil && entries == 0 {
		err = &inputError{error: errors.New("expected a log, found nothing")}
	}
	return errors.Join(err, w.Flush())
}

// eachLine calls do with each line, without its newline. It treats an error of do as an error of
// the input.
func eachLine(in *bufio.Reader, do func([]byte) error) error {
	all := limited.NewLines(in, trace.MaxLine)
	for number := 1; ; number++ {
		line, err := all.Read()
		if errors.As(err, new(*limited.LongLine)) {
			return &inputError{line: number, error: err}
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return &inputError{error: err, line: number, unread: true}
		}
		if len(line) > 0 {
			whole, ended := bytes.CutSuffix(line, []byte("\n"))
			err := do(whole)
			if errors.As(err, new(syntaxError)) && !ended {
				err = fmt.Errorf("the last line is truncated: it has no newline, and is not complete (%w)",
					err)
			}
			if err != nil {
				return &inputError{line: number, error: err}
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
	}
}

// document redacts a rollout document.
func (r *Redactor) document(in io.Reader, out io.Writer) error {
	w := bufio.NewWriterSize(out, 1<<16)
	if err := r.documentMembers(in, w); err != nil {
		return &inputError{error: err}
	}
	return w.Flush()
}

func (r *Redactor) documentMembers(in io.Reader, w *bufio.Writer) error {
	values := trace.NewValueReader(in)
	d := jsontext.NewDecoder(values)
	if _, err := d.ReadToken(); err != nil {
		return problem(err)
	}
	_ = w.WriteByte('{')
	for first := true; d.PeekKind() != '}'; first = false {
		name, err := d.ReadToken()
		if err != nil {
			return problem(err)
		}
		if !first {
			_ = w.WriteByte(',')
		}
		if err := r.documentMember(d, values, name.String(), w); err != nil {
			return err
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return problem(err)
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.New("expected one rollout document, found more after it")
	}
	_, _ = w.WriteString("}\n")
	return nil
}

func (r *Redactor) documentMember(
	d *jsontext.Decoder, values *trace.ValueReader, name string, w *bufio.Writer,
) error {
	values.Next()
	if name != "events" || d.PeekKind() != '[' {
		v, err := parse(d)
		if err != nil {
			return problem(err)
		}
		member := &value{kind: '{', names: []string{name}, members: []*value{v}}
		if err := r.object(member); err != nil {
			return err
		}
		b := member.append(nil)
		_, _ = w.Write(b[1 : len(b)-1])
		return nil
	}
	_, _ = d.ReadToken()
	_, _ = w.WriteString(`"events":[`)
	for n := 0; d.PeekKind() != ']'; n++ {
		values.Next()
		v, err := parse(d)
		if err != nil {
			return problem(err)
		}
		if err := r.entry(v); err != nil {
			return fmt.Errorf("events[%d]: %w", n, err)
		}
		if n > 0 {
			_ = w.WriteByte(',')
		}
		_, _ = w.Write(v.append(nil))
	}
	_, _ = d.ReadToken()
	return w.WriteByte(']')
}

// batchLines is the number of lines of a sealed trace that are written at once.
const batchLines = 512

// sealed redacts a simulated trace and computes its checksums again. It returns an error if a
// checksum of the input is wrong, because the new one would hide that.
func (r *Redactor) sealed(
	file string, in *bufio.Reader, open func() (io.ReadCloser, error), out io.Writer,
) error {
	hosts, err := survey(file, open)
	if err != nil {
		return err
	}
	w := trace.NewWriter(out)
	var batch bytes.Buffer
	pending := 0
	err = eachLine(in, func(line []byte) error {
		if len(bytes.TrimSpace(line)) == 0 {
			return nil
		}
		v, err := parseLine(line)
		if err != nil {
			return err
		}
		kind := v.member("kind").text // survey has read the entry, so it has a kind
		if kind == trace.KindEnd.String() {
			return nil // w.Close writes it
		}
		v.without("sum")
		if kind == trace.KindHeader.String() {
			expandPatterns(v.member("payload"), hosts)
		}
		if err := r.entry(v); err != nil {
			return err
		}
		batch.Write(append(v.append(nil), '\n'))
		// A reader checks the checksums of entries that follow a header in the same input.
		if pending++; pending == batchLines || kind == trace.KindHeader.String() {
			err = writeBatch(w, &batch, pending)
			pending = 0
		}
		return err
	})
	if err == nil {
		err = writeBatch(w, &batch, pending)
	}
	return errors.Join(err, w.Close())
}

// writeBatch writes the n entries of a batch of lines into a trace, and empties the batch.
func writeBatch(w *trace.Writer, batch *bytes.Buffer, n int) error {
	if n == 0 {
		return nil
	}
	defer batch.Reset()
	read, err := trace.NewReader("the redacted trace", bytes.NewReader(batch.Bytes()))
	if err != nil {
		return err
	}
	for range n {
		e, err := read.Read()
		if err != nil {
			return err
		}
		if err := w.Write(e); err != nil {
			return err
		}
	}
	return nil
}

// survey reads a sealed trace and returns its hosts. It returns an error if a checksum is wrong.
func survey(file string, open func() (io.ReadCloser, error)) (map[string]bool, error) {
	in, err := open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	read, err := trace.NewReader(file, in)
	if err != nil {
		return nil, err
	}
	hosts := make(map[string]bool)
	for {
		e, err := read.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if e.Event != nil && e.Event.Host != "" {
			hosts[string(e.Event.Host)] = true
		}
	}
	if all := read.Breaches(); len(all) > 0 {
		return nil, &trace.ReadError{File: file, What: fmt.Sprintf("%v; a redacted copy would hide "+
			"that", all[0])}
	}
	return hosts, nil
}

// expandPatterns replaces the patterns in the budgets of a header by the hosts that they match,
// because patterns do not match pseudonyms.
func expandPatterns(header *value, hosts map[string]bool) {
	budgets := header.member("budgets")
	if budgets == nil {
		return
	}
	for _, budget := range budgets.members {
		list := budget.member("hosts")
		if list == nil {
			continue
		}
		var expanded []*value
		for _, pattern := range list.members {
			if !strings.ContainsAny(pattern.text, `*?[\`) {
				expanded = append(expanded, pattern)
				continue
			}
			for _, h := range slices.Sorted(maps.Keys(hosts)) {
				if hit, _ := path.Match(pattern.text, h); hit {
					expanded = append(expanded, &value{kind: '"', text: h})
				}
			}
		}
		list.members = expanded
	}
}
