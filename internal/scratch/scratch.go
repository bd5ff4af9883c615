// Package scratch makes temporary files and folders, and knows which there are: a process that is
// told to end removes them.
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
	kept = make(map[string]bool) // by name
)

// Dir makes a folder for private files. It is removed, with all that is in it, by what Dir gives,
// which may be called again where it failed.
func Dir() (dir string, remove func() error, err error) {
	mu.Lock()
	defer mu.Unlock()
	if dir, err = os.MkdirTemp("", "rollsim-"); err != nil {
		return "", nil, err
	}
	kept[dir] = true
	return dir, func() error { return forget(dir) }, nil
}

// File makes a file in a folder. Its name begins with prefix, and its mode is perm less what the
// umask takes away. It is removed by what File gives, unless it has another name by then.
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

// RemoveAll removes what there is, for a process that ends: whoever makes or removes something
// afterwards waits for good.
func RemoveAll() {
	mu.Lock()
	for name := range kept {
		_ = os.RemoveAll(name) // nobody is left to tell
	}
}
