package osfs

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Parent returns the folder above a folder, and reports whether one exists. A relative path leads
// above the current folder.
func (FS) Parent(dir string) (parent string, ok bool) {
	dir = path.Clean(dir)
	parent = path.Dir(dir)
	if dir == "." || dir == ".." || strings.HasSuffix(dir, "/..") {
		parent = path.Join(dir, "..")
	}
	at, err := os.Stat(filepath.FromSlash(dir))
	if err != nil {
		return parent, parent != dir
	}
	above, err := os.Stat(filepath.FromSlash(parent))
	return parent, err == nil && !os.SameFile(at, above)
}

// Parent returns the folder above a folder of any file system, and reports whether one exists. If
// the file system has a method Parent, as FS has, that decides.
func Parent(fsys fs.FS, dir string) (parent string, ok bool) {
	if above, ok := fsys.(interface{ Parent(string) (string, bool) }); ok {
		return above.Parent(dir)
	}
	dir = path.Clean(dir)
	return path.Dir(dir), dir != "." && dir != "/"
}
