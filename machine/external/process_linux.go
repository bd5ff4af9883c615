package external

import (
	"bytes"
	"crypto/rand"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// attributes puts the process into a group of its own, and makes the kernel kill it when this
// process ends for any reason.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// tokenEnv is the variable with the token of a group.
const tokenEnv = "ROLLSIM_MACHINE_TOKEN"

// mark sets the token of the group in the environment of its first process.
func (g *group) mark(cmd *exec.Cmd) {
	g.token = rand.Text()
	cmd.Env = append(os.Environ(), tokenEnv+"="+g.token)
}

// killStrays kills the processes that have left the group for a session of their own. It finds them
// by the token, which they inherit.
func (g *group) killStrays() {
	const tries = 10 // a process may start another one while it is looked for
	for range tries {
		if !g.killFound() {
			return
		}
	}
}

// killFound kills the processes with the token that exist now. It reports whether there are any.
func (g *group) killFound() (found bool) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return false
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		// The environment of a zombie is empty, and that of another user's process is unreadable.
		environ, err := os.ReadFile("/proc/" + e.Name() + "/environ")
		if err == nil && bytes.Contains(environ, []byte(tokenEnv+"="+g.token)) {
			found = syscall.Kill(pid, syscall.SIGKILL) == nil || found
		}
	}
	return found
}
