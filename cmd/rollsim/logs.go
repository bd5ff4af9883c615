package main

import (
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"sort"
	"strings"

	"rollsim/trace"
)

// logs tells which logs some arguments name: each folder the files in it and below, every file a log of its own; the other
// arguments together are one log, in order.
func logs(args []string) ([][]string, error) {
	var all [][]string
	var together []string
	for _, arg := range args {
		if !isDir(arg) {
			together = append(together, arg)
			continue
		}
		files, err := filesBelow(arg)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			all = append(all, []string{f})
		}
	}
	if len(together) > 0 {
		all = append([][]string{together}, all...)
	}
	return all, nil
}

// filesBelow lists the files of a folder, but hidden ones and what SQLite keeps beside a database.
func filesBelow(dir string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != dir && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
		case d.IsDir(), strings.HasSuffix(name, "-wal"), strings.HasSuffix(name, "-shm"), strings.HasSuffix(name, "-journal"):
		default:
			files = append(files, name)
		}
		return nil
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s: expected a folder of logs, found no file in it", dir)
	}
	sort.Strings(files)
	return files, err
}

// openLog opens a log of one or more files.
func (env *environment) openLog(files []string) (*logReader, error) {
	if len(files) != 1 {
		return nil, fmt.Errorf("%s: several files cannot be read as one log yet", strings.Join(files, " "))
	}
	in, err := env.open(files[0])
	if err != nil {
		return nil, err
	}
	r, err := trace.NewReader(files[0], in)
	if err != nil {
		_ = in.Close()
		return nil, err
	}
	return &logReader{Reader: r, closer: in}, nil
}

// logReader reads a log and closes what it is read from.
type logReader struct {
	*trace.Reader
	closer io.Closer
}

func (l *logReader) Close() error { return l.closer.Close() }
