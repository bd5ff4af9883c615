package external

import "syscall"

// attributes puts the process into a group of its own, and has the kernel end it when this one
// ends, however that comes.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
