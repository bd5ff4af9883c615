// Package scratch makes folders for private files that do not outlive the process.
package scratch

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// live are the folders that are still to be removed.
var live struct {
	sync.Mutex
	dirs map[string]bool
	told chan os.Signal // to end; nil while there are no folders
}

// Dir makes a folder. It is removed, with all that is in it, by what Dir gives, which may be called again where it failed; and
// when the process is told to end before that: by an interrupt, or by a reader of standard output that has seen enough.
func Dir() (dir string, remove func() error, err error) {
	live.Lock()
	defer live.Unlock()
	if dir, err = os.MkdirTemp("", "rollsim-"); err != nil {
		return "", nil, err
	}
	if live.told == nil {
		live.dirs, live.told = make(map[string]bool), make(chan os.Signal, 1)
		signal.Notify(live.told, os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)
		go end(live.told)
	}
	live.dirs[dir] = true
	return dir, func() error { return forget(dir) }, nil
}

func forget(dir string) error {
	live.Lock()
	defer live.Unlock()
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	delete(live.dirs, dir)
	if len(live.dirs) == 0 && live.told != nil {
		signal.Stop(live.told)
		close(live.told)
		live.told = nil
	}
	return nil
}

// end removes what is left and ends the process, once it is told to.
func end(told chan os.Signal) {
	if _, early := <-told; early {
		live.Lock() // for good
		for dir := range live.dirs {
			_ = os.RemoveAll(dir)
		}
		os.Exit(2)
	}
}
