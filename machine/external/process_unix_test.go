//go:build unix

package external

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rollsim/reducer"
)

// TestNothingIsLeft checks that no machine and no child of one survives Close.
func TestNothingIsLeft(t *testing.T) {
	for _, kind := range []string{"good", "deaf", "late"} {
		m := startAs(t, kind, 200*time.Millisecond)
		pid := m.idle[0].cmd.Process.Pid
		_, _, _ = step(m)
		_ = m.Close()
		if !gone(pid) {
			t.Errorf("%s: process %d is still running", kind, pid)
		}
	}
	for _, kind := range []string{"children", "session"} {
		if kind == "session" && runtime.GOOS != "linux" {
			continue // elsewhere a child in another session stays
		}
		m := startAs(t, kind, time.Minute)
		p := m.idle[0]
		rec := reducer.Record{
			RolloutID: "stable@a1",
			Channel:   "stable",
			TargetRef: "a1",
			State:     reducer.Opening,
		}
		p.buf = appendRequest(
			nil, 1, &rec, &reducer.Event{Kind: reducer.HostJoined, Rollout: "stable@a1"}, 0,
			reducer.DefaultPolicy(),
		)
		line, ok := p.exchange()
		if !ok || line.err != nil {
			t.Fatal(line.err)
		}
		_, after, _ := strings.Cut(string(line.text), `"child":`)
		number, _, _ := strings.Cut(after, ",")
		child, err := strconv.Atoi(number)
		if err != nil {
			t.Fatal(err)
		}
		_ = m.Close()
		if !gone(child) {
			t.Errorf("%s: the child %d is still running", kind, child)
		}
	}
}

// ownSession makes a process leave the group of its parent.
func ownSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// TestKilled checks that a machine is killed when the process that started it is killed.
func TestKilled(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere a machine only reads the end of its standard input")
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asMachine+"=orphan")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscan(out, &pid); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if !gone(pid) {
		t.Errorf("process %d is still running", pid)
	}
}

// gone waits for a process to end, and reports whether it did.
func gone(pid int) bool {
	for range 100 {
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || zombie(pid) {
			return true
		}
		time.Sleep(20 * time.Millisecond)
	}
	return false
}

// zombie reports whether a process has ended without its parent, which has ended too, waiting for
// it.
func zombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(stat), ") Z ")
}
