package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/urfave/cli/v2"

	"rollsim/trace"
	"rollsim/trace/input"
)

// logs returns the logs of arguments, each as a list of files. All files among the arguments are
// one log, in order. Every file below a folder is a log of its own.
func (env *environment) logs(args []string) ([][]string, error) {
	var all [][]string
	var together []string
	for _, arg := range args {
		if !isDir(arg) {
			together = append(together, arg)
			continue
		}
		files, err := env.logsBelow(arg)
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

// logsBelow returns the logs below a folder. It skips hidden files and the additional files of
// SQLite, and, with a message, files that do not start like a log.
func (env *environment) logsBelow(dir string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != dir && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir(), strings.HasSuffix(name, "-wal"), strings.HasSuffix(name, "-shm"),
			strings.HasSuffix(name, "-journal"):
			return nil
		}
		// On an error the file is read as a log, and reading it reports the error.
		if is, err := looksLikeLog(name); is || err != nil {
			files = append(files, name)
		} else {
			env.err.printf("%s is not a log: skipped\n", name)
		}
		return nil
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s: expected a folder with logs, found no log", dir)
	}
	sort.Strings(files)
	return files, err
}

// metered is a log whose progress a meter shows.
type metered struct {
	*trace.Reader
	meter *meter
}

// openLog opens inputs as one log.
func (env *environment) openLog(names []string, m *meter) (*metered, error) {
	r, err := input.Open(env.stdin, names...)
	if err != nil {
		return nil, err
	}
	r.Ahead()
	return &metered{r, m}, nil
}

// Read returns the next entry.
func (l *metered) Read() (*trace.Entry, error) {
	const every = 1024
	if l.meter.read++; l.meter.read%every == 0 {
		l.meter.entries(l.meter.read)
	}
	e, err := l.Reader.Read()
	if err != nil {
		l.meter.clear()
	}
	return e, err
}

// notes returns a note if a checksum of the log is wrong. It must be called at the end of the log.
func (l *metered) notes() []string {
	breaches := l.Breaches()
	if len(breaches) == 0 {
		return nil
	}
	note := fmt.Sprintf("the seal of the trace is broken: %v", breaches[0])
	if more := len(breaches) - 1; more > 0 {
		note += fmt.Sprintf("; and %d more", more)
	}
	return []string{note}
}

// located adds the names of a log to an error that does not name a file.
func located(names []string, err error) error {
	if errors.As(err, new(*trace.ReadError)) {
		return err
	}
	named := slices.Clone(names)
	for i, name := range named {
		if name == input.Stdin {
			named[i] = "standard input"
		}
	}
	return fmt.Errorf("%s: %w", strings.Join(named, " "), err)
}

// looksLikeLog reports whether a file starts with a JSON object or like a database.
func looksLikeLog(name string) (bool, error) {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return false, nil // opening a pipe would block
	}
	f, err := os.Open(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	content, err := trace.Decompress(f)
	if err != nil {
		return false, trace.Unreadable(name, 0, err)
	}
	start, _ := content.Peek(512)
	text := bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\xef\xbb\xbf")), " \t\r\n")
	return bytes.HasPrefix(text, []byte("{")) || bytes.HasPrefix(start, []byte(trace.SQLiteMagic)), nil
}

// oneLog returns the files of the arguments, which are one log together. A folder must have one
// log.
func (env *environment) oneLog(c *cli.Context) ([]string, error) {
	if c.NArg() == 0 {
		return nil, usage(c, "expected a log")
	}
	return env.filesOf(c, c.Args().Slice())
}

// filesOf returns the files of the log that arguments name.
func (env *environment) filesOf(c *cli.Context, args []string) ([]string, error) {
	var names []string
	for _, arg := range args {
		if !isDir(arg) {
			names = append(names, arg)
			continue
		}
		files, err := env.logsBelow(arg)
		if err != nil {
			return nil, err
		}
		if len(files) > 1 {
			return nil, usage(c, "%s has %d logs: name one, such as %s, or the files of one log", arg,
				len(files), files[0])
		}
		names = append(names, files...)
	}
	return names, nil
}
