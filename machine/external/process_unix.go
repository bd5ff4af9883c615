//go:build unix

package external

import (
	"os"
	"syscall"
)

// group is the process group of a machine: the command and whatever it starts.
type group struct{ leader int }

// adopt makes the group that of a process that was started with attributes: it leads one of its
// own.
func (g *group) adopt(p *os.Process) error {
	g.leader = p.Pid
	return nil
}

// kill ends every process of the group, at once.
// it fails when there is none left
func (g *group) kill() { _ = syscall.Kill(-g.leader, syscall.SIGKILL) }

func (g *group) release() {}
