package external

import "syscall"

// attributes puts the process into a group of its own, and makes the kernel kill it when this
// process ends for any reason.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
