// Package atomicfile writes files completely or not at all.
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

// Write creates or replaces a file with the content that fill writes. It writes to a temporary file
// in the same folder, which must exist, and renames that file at the end. On an error the previous
// file is untouched and the temporary file is removed. A replaced file keeps its mode, and a
// symbolic link stays one. Write does not replace a pipe or a device such as /dev/null; it writes
// to it directly.
func Write(name string, fill func(io.Writer) error) error {
	before, err := os.Stat(name)
	switch {
	case err != nil: // a new file
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
			of.Path = name // the user does not know the temporary file
		}
		return err
	}
	defer func() {
		_ = f.Close() // a no-op after the Close below
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

// WriteBytes creates or replaces a file with data, as Write does.
func WriteBytes(name string, data []byte) error {
	return Write(name, func(w io.Writer) error { _, err := w.Write(data); return err })
}

func buffered(f io.Writer, fill func(io.Writer) error) error {
	w := bufio.NewWriterSize(f, 1<<16)
	if err := fill(w); err != nil {
		return err
	}
	return w.Flush()
}
