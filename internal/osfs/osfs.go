// Package osfs implements fs.FS over the files of the operating system. Unlike os.DirFS it accepts
// any path, absolute or with "..", because users name such paths on a command line.
package osfs

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// FS opens paths as the operating system does. Paths have forward slashes.
type FS struct{}

// Open implements fs.FS.
func (FS) Open(name string) (fs.File, error) { return os.Open(filepath.FromSlash(name)) }

// Stat implements fs.StatFS.
func (FS) Stat(name string) (fs.FileInfo, error) { return os.Stat(filepath.FromSlash(name)) }

// ReadFile implements fs.ReadFileFS.
func (FS) ReadFile(name string) ([]byte, error) { return os.ReadFile(filepath.FromSlash(name)) }

// ReadDir implements fs.ReadDirFS.
func (FS) ReadDir(name string) ([]fs.DirEntry, error) {
	return os.ReadDir(filepath.FromSlash(name))
}

// skipped are the names of the folders that Walk skips, in addition to hidden ones: files that
// scenarios include, test data, which is broken on purpose, and the dependencies of other tools.
var skipped = []string{"testdata", "included", "node_modules", "vendor"}

// Walk calls file for every file below root, in lexical order. It skips folders that users do not
// mean when they name the folder above them, unless root itself is such a folder.
func Walk(fsys fs.FS, root string, file func(name string)) error {
	return fs.WalkDir(fsys, root, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != root &&
			(strings.HasPrefix(d.Name(), ".") || slices.Contains(skipped, d.Name())):
			return fs.SkipDir
		case !d.IsDir():
			file(p)
		}
		return nil
	})
}
