//go:build unix && !linux

package external

import "syscall"

// attributes puts the process into a group of its own. When this one is killed, the other sees its
// standard input end.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
