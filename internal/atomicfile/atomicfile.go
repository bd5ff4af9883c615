// Package atomicfile writes files whole or not at all.
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"rollsim/internal/scratch"
)

// Write lets fill write a file's content to a temporary name beside it, and renames it when that
// went well. On an error what was there before is untouched, and the temporary file is gone. The
// folder must exist. A file that is replaced keeps its mode, and a link leads to what was written.
// What is no file, such as a pipe or /dev/null, is written to as it stands.
func Write(name string, fill func(io.Writer) error) error {
	before, err := os.Stat(name)
	switch {
	case err != nil: // there is none
	case before.IsDir():
		return fmt.Errorf("%s: expected a file to write to, found a folder", name)
	case !before.Mode().IsRegular():
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(buffered(f, fill), f.Close())
	default:
		if name, err = filepath.EvalSymlinks(name); err != nil {
			return err
		}
	}
	f, remove, err := scratch.File(filepath.Dir(name), "."+filepath.Base(name)+".", 0o666)
	if err != nil {
		if of := (*fs.PathError)(nil); errors.As(err, &of) {
			of.Path = name // the user has never heard of the temporary file
		}
		return err
	}
	defer func() {
		_ = f.Close() // a second time where all went well
		_ = remove()
	}()
	if err := buffered(f, fill); err != nil {
		return err
	}
	if before != nil {
		if err := f.Chmod(before.Mode().Perm()); err != nil {
			return err
		}
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

func buffered(f io.Writer, fill func(io.Writer) error) error {
	w := bufio.NewWriterSize(f, 1<<16)
	if err := fill(w); err != nil {
		return err
	}
	return w.Flush()
}
