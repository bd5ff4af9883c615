package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ownFolder returns a folder in a folder that every user may write to. It is the same one each time
// unless another user could have prepared that, such as by a link that leads elsewhere.
func ownFolder(parent string) (string, error) {
	name := fmt.Sprintf("rollsim-%d", os.Getuid())
	dir := filepath.Join(parent, name)
	err := os.Mkdir(dir, 0o700)
	if err == nil || !errors.Is(err, fs.ErrExist) {
		return dir, err
	}
	// Lstat does not follow a link. A folder of this user stays where it is: in a folder that every
	// user may write to, the sticky bit keeps others from renaming it.
	info, err := os.Lstat(dir)
	if err == nil && info.IsDir() && info.Mode().Perm()&0o077 == 0 && owns(info) {
		return dir, nil
	}
	return os.MkdirTemp(parent, name+"-")
}
