//go:build unix && !linux

package external

import "syscall"

// attributes puts the process into a group of its own. When this process is killed, the other one
// reads the end of its standard input.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
