// Package osfs is the machine's own files as an fs.FS that takes any path, absolute or with "..": what users name on a
// command line.
package osfs

import (
	"io/fs"
	"os"
	"path/filepath"
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
func (FS) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(filepath.FromSlash(name)) }
