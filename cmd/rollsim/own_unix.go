//go:build unix

package main

import (
	"io/fs"
	"os"
	"syscall"
)

// owns reports whether the user of the process owns a file.
func owns(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && int64(s.Uid) == int64(os.Getuid())
}
