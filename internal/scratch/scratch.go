// Package scratch creates temporary files and folders and keeps a list of them, so that a process
// that is asked to terminate can remove them. A process that is killed leaves its files behind; the
// next process that creates one in the same folder removes them. Each file is locked as long as its
// owner is alive, so that no process removes the files of another one.
package scratch

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

var (
	mu    sync.Mutex
	kept  = make(map[string]*os.File) // the names to remove, and their locks; nil for none
	swept = make(map[string]bool)     // the folders without files of killed processes
)

// The names of temporary folders and files.
var (
	dirName  = regexp.MustCompile(`^rollsim-[0-9a-f]{16}\.tmp$`)
	fileName = regexp.MustCompile(`^\..+\.[0-9a-f]{16}\.tmp$`)
)

// Dir creates a folder for private files. The returned function removes the folder with all its
// content; when it fails, it may be called again.
func Dir() (dir string, remove func() error, err error) {
	mu.Lock()
	defer mu.Unlock()
	parent := os.TempDir()
	sweep(parent)
	dir, err = create(func(unique string) (string, error) {
		dir := filepath.Join(parent, "rollsim-"+unique)
		return dir, os.Mkdir(dir, 0o700)
	})
	if err != nil {
		return "", nil, err
	}
	return dir, func() error { return forget(dir) }, nil
}

// File creates a file in a folder. Its name is .NAME.*.tmp; its mode is perm before the umask. The
// returned function removes the file, unless it has been renamed. It must be called in either case,
// after a rename.
func File(dir, name string, perm fs.FileMode) (f *os.File, remove func() error, err error) {
	mu.Lock()
	defer mu.Unlock()
	sweep(dir)
	path, err := create(func(unique string) (path string, err error) {
		if f != nil {
			_ = f.Close()
		}
		path = filepath.Join(dir, "."+name+"."+unique)
		f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
		return path, err
	})
	if err != nil {
		return nil, nil, err
	}
	return f, func() error { return forget(path) }, nil
}

// Left reports whether a process that was killed has left a temporary file of a file: it was about
// to replace that file.
func Left(name string) bool {
	dir, base := filepath.Split(name)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return false
	}
	for _, e := range entries {
		unique, of := strings.CutPrefix(e.Name(), "."+base+".")
		if !of || strings.Contains(strings.TrimSuffix(unique, ".tmp"), ".") ||
			!e.Type().IsRegular() || !fileName.MatchString(e.Name()) {
			continue
		}
		if held, err := lock(filepath.Join(dir, e.Name())); err == nil {
			_ = held.Close()
			return true
		}
	}
	return false
}

// create creates and locks a file or folder with a unique name, and adds it to the list.
func create(try func(unique string) (name string, err error)) (string, error) {
	const tries = 10
	for range tries {
		name, err := try(fmt.Sprintf("%016x.tmp", rand.Uint64()))
		if err != nil {
			return "", err
		}
		held, err := lock(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue // another process has removed it before it was locked
		case err == nil && !same(held, name):
			_ = held.Close()
			continue
		case err != nil && locked(err):
			continue // another process is about to remove it
		}
		kept[name] = held // without a lock nobody removes it
		return name, nil
	}
	return "", errors.New("cannot create a temporary file: other processes remove each one")
}

// same reports whether an open file still has a name.
func same(f *os.File, name string) bool {
	open, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(name)
	return err == nil && os.SameFile(open, named)
}

// sweep removes what killed processes have left in a folder, once in a process.
func sweep(dir string) {
	if !swept[dir] {
		swept[dir] = true
		sweepNow(dir)
	}
}

func sweepNow(dir string) {
	entries, _ := os.ReadDir(dir) // creating the file reports the error
	for _, e := range entries {
		isDir := e.IsDir() && dirName.MatchString(e.Name())
		isFile := e.Type().IsRegular() && fileName.MatchString(e.Name())
		if !isDir && !isFile {
			continue
		}
		name := filepath.Join(dir, e.Name())
		if held, err := lock(name); err == nil {
			if !isFile || !finish(name) {
				_ = os.RemoveAll(name) // a file that cannot be removed does no harm
			}
			_ = held.Close()
		}
	}
	removeNotes(dir, entries)
}

func forget(name string) error {
	mu.Lock()
	defer mu.Unlock()
	if err := errors.Join(os.RemoveAll(name), removeNote(name)); err != nil {
		return err
	}
	if held := kept[name]; held != nil {
		_ = held.Close()
	}
	delete(kept, name)
	return nil
}

// RemoveAll removes all temporary files and folders of a process that is about to exit. It waits
// for the end of Renames. It keeps the locks: every later call of this package blocks, so that no
// other goroutine creates a file that would stay.
func RemoveAll() {
	renames.Lock()
	mu.Lock()
	for name := range kept {
		_ = os.RemoveAll(name) // the process exits: nothing can be done about a file that stays
		_ = removeNote(name)
	}
}
