// Package input opens whatever a log is kept in: files or standard input, NDJSON, a rollout
// document or a state.db, plain, in gzip or in zstd. Content tells which, names do not.
package input

import (
	"errors"
	"io"
	"os"
	"slices"

	"rollsim/trace"
	"rollsim/trace/statedb"
)

// Stdin is the name under which standard input is given.
const Stdin = "-"

// Open makes one reader of the named inputs, which together are one log, in the order given;
// documents of several rollouts are read side by side, by seq. The reader must be closed. The error
// is a *trace.ReadError, or that of opening a file.
func Open(stdin io.Reader, names ...string) (*trace.Reader, error) {
	if len(names) == 0 {
		return nil, errors.New("expected an input")
	}
	if len(names) == 1 {
		return open(stdin, names[0])
	}
	documents := true
	for i, name := range names {
		if name == Stdin && slices.Contains(names[:i], Stdin) {
			return nil, &trace.ReadError{File: name, What: "standard input can be read once"}
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
	opens := make([]func() (*trace.Reader, error), len(names))
	for i, name := range names {
		opens[i] = func() (*trace.Reader, error) { return open(stdin, name) }
	}
	return trace.Concatenate(opens...), nil
}

// IsStream tells whether an input can be read once only: standard input, and what a name stands for
// that is no file, such as a pipe that a shell makes of <(COMMAND).
func IsStream(name string) bool {
	info, err := os.Stat(name)
	return name == Stdin || err == nil && !info.Mode().IsRegular() && !info.IsDir()
}

// isDocument looks into a file. The error is that of opening it.
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

// Database opens the state.db that a file is, or holds compressed; nil where it is none. name names
// it in messages.
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
		return nil, trace.Unreadable(name, err)
	}
	if head, _ := content.Peek(len(trace.SQLiteMagic)); string(head) != trace.SQLiteMagic {
		return nil, nil
	}
	return statedb.OpenStream(name, content)
}
