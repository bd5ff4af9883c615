// Package scratch creates temporary files and folders and keeps a list of them, so that a process
// that is asked to terminate can remove them.
package scratch

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
)

var (
	mu   sync.Mutex
	kept = make(map[string]bool) // the names to remove
)

// Dir creates a folder for private files. The returned function removes the folder with all its
// content; when it fails, it may be called again.
func Dir() (dir string, remove func() error, err error) {
	mu.Lock()
	defer mu.Unlock()
	if dir, err = os.MkdirTemp("", "rollsim-"); err != nil {
		return "", nil, err
	}
	kept[dir] = true
	return dir, func() error { return forget(dir) }, nil
}

// File creates a file in a folder. Its name starts with prefix; its mode is perm before the umask.
// The returned function removes the file, unless it has been renamed.
func File(dir, prefix string, perm fs.FileMode) (f *os.File, remove func() error, err error) {
	mu.Lock()
	defer mu.Unlock()
	name := filepath.Join(dir, fmt.Sprintf("%s%016x.tmp", prefix, rand.Uint64()))
	if f, err = os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm); err != nil {
		return nil, nil, err
	}
	kept[name] = true
	return f, func() error { return forget(name) }, nil
}

func forget(name string) error {
	mu.Lock()
	defer mu.Unlock()
	if err := os.RemoveAll(name); err != nil {
		return err
	}
	delete(kept, name)
	return nil
}

// RemoveAll removes all temporary files and folders of a process that is about to exit. It keeps
// the lock: every later call of this package blocks, so that no other goroutine creates a file that
// would stay.
func RemoveAll() {
	mu.Lock()
	for name := range kept {
		_ = os.RemoveAll(name) // the process exits: nothing can be done about a file that stays
	}
}
