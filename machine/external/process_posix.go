//go:build unix && !linux

package external

import (
	"os/exec"
	"syscall"
)

// attributes puts the process into a group of its own. When this process is killed, the other one
// reads the end of its standard input.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// mark does nothing: see killStrays.
func (*group) mark(*exec.Cmd) {}

// killStrays does nothing: this system does not show the environment of a process.
func (*group) killStrays() {}
