// Package input opens logs in every form: NDJSON, rollout documents and state.db, in files or on
// standard input, plain or compressed with gzip or zstd. It recognizes the form by the content, not
// by the name.
package input

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"rollsim/trace"
	"rollsim/trace/statedb"
)

// Stdin is the name of standard input.
const Stdin = "-"

// Open returns a Reader of the named inputs, which together are one log, in the order of their
// first entries, or in the order given if one is a stream. It merges the documents of several
// rollouts by seq. The caller must close the Reader. The error is a *trace.ReadError, or that of
// opening a file.
func Open(stdin io.Reader, names ...string) (*trace.Reader, error) {
	if len(names) == 0 {
		return nil, errors.New("expected the name of a log, found none")
	}
	if len(names) == 1 {
		return open(stdin, names[0])
	}
	documents := true
	for i, name := range names {
		if name == Stdin && slices.Contains(names[:i], Stdin) {
			return nil, &trace.ReadError{File: name, What: "standard input can be read only once"}
		}
		if IsStream(name) {
			documents = false
			continue
		}
		is, err := isDocument(name)
		if err != nil {
			return nil, err
		}
		documents = documents && is
	}
	if documents {
		return merge(names)
	}
	names, err := ordered(names)
	if err != nil {
		return nil, err
	}
	opens := make([]func() (*trace.Reader, error), len(names))
	for i, name := range names {
		opens[i] = func() (*trace.Reader, error) { return open(stdin, name) }
	}
	return trace.Concatenate(opens...), nil
}

// ordered returns the names of inputs in the order of the seq of their first entries, or as they
// are if one is a stream. The error is that of an input that cannot be read, or of two that begin
// with different entries of the same seq: those are not one log.
func ordered(names []string) ([]string, error) {
	type start struct {
		name string
		seq  uint64
		text string
	}
	starts := make([]start, len(names))
	for i, name := range names {
		if IsStream(name) {
			return names, nil
		}
		r, err := open(nil, name)
		if err != nil {
			return nil, err
		}
		e, err := r.Read()
		if err != nil && !errors.Is(err, io.EOF) {
			_ = r.Close()
			return names, nil // reading it reports the error
		}
		starts[i].name = name
		if err == nil {
			starts[i].seq = e.Seq
			starts[i].text = string((&trace.Lines{Absolute: true}).Append(nil, e))
		}
		if err := r.Close(); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(starts, func(a, b start) int { return cmp.Compare(a.seq, b.seq) })
	sorted := make([]string, len(starts))
	for i, s := range starts {
		sorted[i] = s.name
		if i == 0 {
			continue
		}
		if before := starts[i-1]; before.seq == s.seq && before.text != s.text {
			return nil, &trace.ReadError{
				File: s.name, Seq: s.seq,
				What: fmt.Sprintf("%s begins with another entry of this seq: the two are not one log, so "+
					"name each alone", before.name),
			}
		}
	}
	return sorted, nil
}

// IsStream reports whether an input can be read only once: standard input, or anything else that is
// neither a regular file nor a directory, such as the pipe that a shell makes for <(COMMAND).
func IsStream(name string) bool {
	info, err := os.Stat(name)
	return name == Stdin || err == nil && !info.Mode().IsRegular() && !info.IsDir()
}

// isDocument reports whether a file is a rollout document. The error is that of opening it.
func isDocument(name string) (bool, error) {
	r, err := open(nil, name)
	if err != nil {
		return false, err
	}
	return r.IsDocument(), r.Close()
}

func merge(names []string) (*trace.Reader, error) {
	var readers []*trace.Reader
	for _, name := range names {
		r, err := open(nil, name)
		if err != nil {
			for _, r := range readers {
				_ = r.Close()
			}
			return nil, err
		}
		readers = append(readers, r)
	}
	return trace.Merge(readers...), nil
}

func open(stdin io.Reader, name string) (*trace.Reader, error) {
	if name == Stdin {
		return trace.NewReader("standard input", stdin)
	}
	if !IsStream(name) {
		db, err := Database(name, name)
		if err != nil {
			return nil, err
		}
		if db != nil {
			r := trace.NewRowReader(name, db, db)
			r.OnClose(db.Close)
			for _, note := range db.Notes() {
				r.Note(note)
			}
			return r, nil
		}
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	r, err := trace.NewReader(name, f)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	r.OnClose(f.Close)
	return r, nil
}

// Database opens a file that is a state.db, plain or compressed. It returns nil when the file is
// something else. name is the file's name in messages.
func Database(name, path string) (*statedb.DB, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, &trace.ReadError{File: name, What: "expected a log, found a folder"}
	}
	is, err := statedb.IsDatabase(path)
	if err != nil {
		return nil, err
	}
	if is {
		return statedb.Open(name, path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := trace.Decompress(f)
	if err != nil {
		return nil, trace.Unreadable(name, 0, err)
	}
	if head, _ := content.Peek(len(trace.SQLiteMagic)); string(head) != trace.SQLiteMagic {
		return nil, nil
	}
	return statedb.OpenStream(name, content)
}
