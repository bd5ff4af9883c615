// Package atomicfile writes files whole or not at all.
package atomicfile

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Write lets fill write a file's content to a temporary name beside it, and renames it when that went well. On an error
// what was there before is untouched, and the temporary file is gone. The folder must exist.
func Write(name string, fill func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*.tmp")
	if err != nil {
		if of := (*fs.PathError)(nil); errors.As(err, &of) {
			of.Path = name // the user has never heard of the temporary file
		}
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close() // its error would hide the first one
			_ = os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriterSize(f, 1<<16)
	if err = fill(w); err != nil {
		return err
	}
	if err = w.Flush(); err != nil {
		return err
	}
	// CreateTemp makes the file private; a result is for whom a shell redirection would make it: everyone, or who could read
	// what is there already.
	mode := fs.FileMode(0o644)
	if before, err := os.Stat(name); err == nil {
		mode = before.Mode().Perm()
	}
	if err = f.Chmod(mode); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
