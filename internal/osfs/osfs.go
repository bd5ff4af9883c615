// Package osfs is the machine's own files as an fs.FS that takes any path, absolute or with "..":
// what users name on a command line.
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
func (FS) ReadDir(
	name string,
) ([]fs.DirEntry, error) {
	return os.ReadDir(filepath.FromSlash(name))
}

// Walk calls file with every file below a folder, by name. It passes over folders that nobody means
// when they name the one above: those of tools, what scenarios include, and test data, which holds
// broken files on purpose.
func Walk(fsys fs.FS, root string, file func(name string)) error {
	hidden := func(name string) bool {
		return strings.HasPrefix(name, ".") ||
			slices.Contains([]string{"testdata", "included", "node_modules", "vendor"}, name)
	}
	return fs.WalkDir(fsys, root, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != root && hidden(d.Name()):
			return fs.SkipDir
		case !d.IsDir():
			file(p)
		}
		return nil
	})
}
