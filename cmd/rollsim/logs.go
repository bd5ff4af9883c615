package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"rollsim/trace"
)

// logs tells which logs some arguments name: each folder the logs in it and below, every file one of its own; the other
// arguments together are one log, in order.
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

// logsBelow lists the logs of a folder. Hidden files, what SQLite keeps beside a database, and what by its first bytes is
// none are passed over; the last is said.
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
		case d.IsDir(), strings.HasSuffix(name, "-wal"), strings.HasSuffix(name, "-shm"), strings.HasSuffix(name, "-journal"):
			return nil
		}
		if is, err := looksLikeLog(name); is || err != nil { // whoever reads it says what is wrong with it
			files = append(files, name)
		} else {
			env.err.printf("%s is no log: it is passed over\n", name)
		}
		return nil
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s: expected a folder of logs, found none in it", dir)
	}
	sort.Strings(files)
	return files, err
}

// looksLikeLog looks at how a file begins: with an object of JSON, or as a database.
func looksLikeLog(name string) (bool, error) {
	f, err := os.Open(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	content, err := trace.Decompress(f)
	if err != nil {
		return false, trace.Unreadable(name, err)
	}
	start, _ := content.Peek(512)
	text := bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\xef\xbb\xbf")), " \t\r\n")
	return bytes.HasPrefix(text, []byte("{")) || bytes.HasPrefix(start, []byte(trace.SQLiteMagic)), nil
}
