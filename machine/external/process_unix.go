//go:build unix

package external

import (
	"os"
	"syscall"
)

// group is the process group of a machine: the command and its children.
type group struct {
	leader int
	token  string // in the environment of its processes, where killStrays can look for it
}

// adopt sets the group to that of a process started with attributes, which leads its own group.
func (g *group) adopt(p *os.Process) error {
	g.leader = p.Pid
	return nil
}

// kill kills every process of the group. It ignores the error of an empty group.
func (g *group) kill() { _ = syscall.Kill(-g.leader, syscall.SIGKILL) }

func (g *group) release() {}
