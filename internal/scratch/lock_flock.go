//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package scratch

import (
	"errors"
	"os"
	"syscall"
)

// lock opens a file or folder and locks it until the returned file is closed or the process ends.
// It fails if another process, or another part of this one, has the lock.
func lock(name string) (*os.File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// locked reports whether an error of lock means that another one has the lock.
func locked(err error) bool { return errors.Is(err, syscall.EWOULDBLOCK) }
