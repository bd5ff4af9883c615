package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// shared is a buffer that is read while it is written.
type shared struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *shared) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

func (s *shared) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// TestWatch changes files while the command watches them. It runs only those files, and continues
// if they are broken or removed, until it is interrupted.
func TestWatch(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot interrupt itself")
	}
	dir := t.TempDir()
	put := func(name, state string) {
		t.Helper()
		text := "Feature: " + name + "\n  Scenario: " + name + " is " + state + "\n" +
			"    Given channel \"stable\" with 1 host\n" +
			"    When \"stable\" moves to ref \"a1\"\n" +
			"    Then \"stable@a1\" is " + state + "\n"
		if state == "broken" {
			text = "Once upon a time\n"
		}
		if err := os.WriteFile(filepath.Join(dir, name+".feature"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("one", "Terminal")
	put("two", "Terminal")

	var out shared
	cmd := exec.Command("rollsim", "features", "--watch", dir) // the interrupt ends its process
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	seen := 0
	await := func(wants ...string) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
			text := out.String()[seen:]
			if at := strings.Index(text, "watching "); at >= 0 {
				seen += at + len("watching ")
				for _, want := range wants {
					if !strings.Contains(text[:at], want) {
						t.Errorf("does not say %q:\n%s", want, text[:at])
					}
				}
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("the command does not finish a run:\n%s", text)
			}
		}
	}
	await("one is Terminal", "two is Terminal", "2 scenarios (2 passed)")
	put("two", "Superseded")
	await("two.feature changed", "✗ two is Superseded", "1 scenario (1 failed)")
	put("two", "broken")
	await(`two.feature:1: expected a tag, Feature:, found "Once upon a time"`)
	put("three", "Terminal")
	await("three.feature changed", "1 scenario (1 passed)")
	if err := os.Remove(filepath.Join(dir, "one.feature")); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); !strings.Contains(
		out.String(), "one.feature has disappeared",
	); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("a file that disappeared is not reported:\n%s", out.String())
		}
	}
	put("two", "Terminal")
	await("two.feature changed", "✓ two is Terminal")

	fleet := filepath.Join(dir, "fleet.yaml")
	if err := os.WriteFile(fleet, []byte("channels: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	await("fleet.yaml changed", "three is Terminal", "two is Terminal")

	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	<-ended
	// A process that other tests keep from ending for long ends as one that does not listen.
	if got := cmd.ProcessState.ExitCode(); got != exitHolds && got != exitUsage {
		t.Errorf("%v:\n%s", cmd.ProcessState, out.String())
	}
}
