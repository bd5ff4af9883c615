// Package osfs implements fs.FS over the files of the operating system. Unlike os.DirFS it accepts
// any path, absolute or with "..", because users name such paths on a command line. It opens only
// regular files and folders: opening a pipe blocks, and a device may have no end.
package osfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// FS opens paths as the operating system does. Paths have forward slashes.
type FS struct{}

// Open implements fs.FS.
func (FS) Open(name string) (fs.File, error) {
	file := filepath.FromSlash(name)
	info, err := os.Stat(file)
	if err == nil {
		err = CheckMode(name, info.Mode())
	}
	if err != nil {
		return nil, err
	}
	return os.Open(file)
}

// Stat implements fs.StatFS.
func (FS) Stat(name string) (fs.FileInfo, error) { return os.Stat(filepath.FromSlash(name)) }

// ReadFile implements fs.ReadFileFS.
func (fsys FS) ReadFile(name string) ([]byte, error) {
	info, err := fsys.Stat(name)
	if err == nil {
		err = CheckMode(name, info.Mode())
	}
	if err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.FromSlash(name))
}

// ReadDir implements fs.ReadDirFS.
func (FS) ReadDir(name string) ([]fs.DirEntry, error) {
	return os.ReadDir(filepath.FromSlash(name))
}

// OpenIn opens a regular file inside a folder. It follows no symbolic link out of the folder.
func (FS) OpenIn(dir, name string) (fs.File, error) {
	full := path.Join(dir, name)
	root, err := os.OpenRoot(filepath.FromSlash(dir))
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	info, err := root.Stat(filepath.FromSlash(name))
	switch {
	case err != nil:
		return nil, located(full, err)
	case info.IsDir():
		return nil, refusal(full, "a folder")
	}
	if err := CheckMode(full, info.Mode()); err != nil {
		return nil, err
	}
	f, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, located(full, err)
	}
	return f, nil
}

// OpenIn opens the file with a name inside a folder of any file system. If the file system has a
// method OpenIn, as FS has, no symbolic link leads out of the folder.
func OpenIn(fsys fs.FS, dir, name string) (fs.File, error) {
	if inside, ok := fsys.(interface {
		OpenIn(dir, name string) (fs.File, error)
	}); ok {
		return inside.OpenIn(dir, name)
	}
	full := path.Join(dir, name)
	if !filepath.IsLocal(name) {
		return nil, &fs.PathError{Op: "open", Path: full, Err: errors.New("path escapes from parent")}
	}
	return fsys.Open(full)
}

// located returns an error of an os.Root with the whole path.
func located(name string, err error) error {
	if of := (*fs.PathError)(nil); errors.As(err, &of) {
		err = of.Err
	}
	return &fs.PathError{Op: "open", Path: name, Err: err}
}

// CheckMode returns an error for what is neither a regular file nor a folder.
func CheckMode(name string, mode fs.FileMode) error {
	switch {
	case mode.IsRegular() || mode.IsDir():
		return nil
	case mode&fs.ModeNamedPipe != 0:
		return refusal(name, "a pipe")
	case mode&fs.ModeSocket != 0:
		return refusal(name, "a socket")
	case mode&fs.ModeDevice != 0:
		return refusal(name, "a device")
	}
	return refusal(name, "something else")
}

func refusal(name, found string) error {
	return &fs.PathError{
		Op: "open", Path: name, Err: fmt.Errorf("expected a regular file, found %s", found),
	}
}

// skipped are the names of the folders that Walk skips, in addition to hidden ones: files that
// scenarios include, test data, which is broken on purpose, and the dependencies of other tools.
var skipped = []string{"testdata", "included", "node_modules", "vendor"}

// Walk calls file for every regular file below root, in lexical order. It skips folders that users
// do not mean when they name the folder above them, unless root itself is such a folder.
func Walk(fsys fs.FS, root string, file func(name string)) error {
	return fs.WalkDir(fsys, root, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != root &&
			(strings.HasPrefix(d.Name(), ".") || slices.Contains(skipped, d.Name())):
			return fs.SkipDir
		case IsFile(fsys, p, d):
			file(p)
		}
		return nil
	})
}

// IsFile reports whether an entry of a folder is a regular file, or a symbolic link to one. A link
// to nothing counts as a file, so that reading it reports the error.
func IsFile(fsys fs.FS, name string, d fs.DirEntry) bool {
	if d.Type()&fs.ModeSymlink == 0 {
		return d.Type().IsRegular()
	}
	info, err := fs.Stat(fsys, name)
	return err != nil || info.Mode().IsRegular()
}
