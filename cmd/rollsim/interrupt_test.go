//go:build unix

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestEndsAtOnce sends a signal to commands that run, read or write for a long time. Each must end
// within a second, remove its temporary files, and end the machine that it has started.
func TestEndsAtOnce(t *testing.T) {
	const slow = " --answer-within 1h --machine exec:./slow"
	for _, kind := range []struct {
		what     string
		at       int // how many run at once
		commands []string
	}{
		{"busy", 2, []string{
			"run large.yaml -o out/trace.ndjson",
			"run large.yaml --format summary",
			"check large.yaml --junit out/junit.xml",
			"check large.yaml --update",
			"explore large.yaml -o out",
			"explore --seeds 1:10000000 -o out --verify 100%",
			"features seeds.feature -o out/features.txt",
			"features large.feature",
			"coverage large.yaml -o out/coverage.txt",
			"mutate",
			"shrink large.yaml --keep stuck",
		}},
		{"a machine that does not answer", 16, []string{
			"run one-wave-converges -o out/trace.ndjson" + slow,
			"check large.yaml" + slow,
			"explore -o out" + slow,
			"shrink large.yaml --keep stuck" + slow,
			"shrink log.ndjson" + slow,
			"replay log.ndjson" + slow,
			"why log.ndjson --host edge-01" + slow,
			"diff log.ndjson --machine v0.2" + slow,
			"conform vectors.ndjson" + slow,
		}},
		{"input that does not come", 16, []string{
			"run pipe", "replay pipe", "replay log.ndjson --accept pipe", "why pipe --host a", "show pipe",
			"diff pipe --machine v0.2 --machine rfc0008", "import pipe --rollout a -o out/a.yaml",
			"fit pipe -o out/a.yaml", "conform pipe", "coverage pipe -o out/c",
			"redact pipe -o out/r", "redact log.ndjson -o out/r --key pipe",
			"explore --faults pipe", "features --rerun pipe", "replay log.ndjson pipe", "fmt -",
			"replay -", "redact - -o out/r", "conform -", "fit -", "shrink -",
			"features short.feature --watch", // it waits for a change
		}},
		{"output that nobody reads", 16, []string{
			"run one-wave-converges -o pipe", "check short.yaml --junit pipe",
			"features short.feature --format junit:pipe", "fit log.ndjson -o pipe",
			"coverage short.feature -o pipe", "redact log.ndjson -o pipe",
			"run large.yaml --format ndjson", "check large.yaml many.feature",
		}},
	} {
		t.Run(kind.what, func(t *testing.T) {
			slots := make(chan bool, kind.at)
			var all sync.WaitGroup
			for i, args := range kind.commands {
				signal := []syscall.Signal{syscall.SIGTERM, syscall.SIGINT}[i%2]
				slots <- true
				all.Go(func() {
					const delay = 400 * time.Millisecond
					err := endsAtOnce(t.TempDir(), strings.Fields(args), signal, delay)
					if errors.Is(err, errTooEarly) {
						err = endsAtOnce(t.TempDir(), strings.Fields(args), signal, 10*delay)
					}
					if err != nil {
						t.Errorf("%s, %v: %v", args, signal, err)
					}
					<-slots
				})
			}
			all.Wait()
		})
	}
}

// errTooEarly reports that a process had not begun to handle signals, or its machine to run.
var errTooEarly = errors.New("the signal came before the process handled it")

// endsAtOnce runs a command in a folder and sends a signal to it after a delay.
func endsAtOnce(dir string, args []string, signal syscall.Signal, delay time.Duration) error {
	if err := writeSlowInputs(dir); err != nil {
		return err
	}
	cmd := exec.Command("rollsim", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TMPDIR="+filepath.Join(dir, "tmp"))
	stdin, silent, err := os.Pipe()
	if err != nil {
		return err
	}
	defer stdin.Close()
	defer silent.Close()
	unread, stdout, err := os.Pipe()
	if err != nil {
		return err
	}
	defer unread.Close()
	defer stdout.Close()
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, &stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-ended:
		return fmt.Errorf("it ended by itself: %s", stderr.String())
	case <-time.After(delay):
	}
	before := time.Now()
	if err := cmd.Process.Signal(signal); err != nil {
		return err
	}
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		_ = cmd.Process.Kill()
		return errors.New("it did not end within 10 s")
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return errTooEarly
	}
	var errs []error
	// It takes less than a second, and longer while other tests use all processors.
	if took := time.Since(before); took > 5*time.Second {
		errs = append(errs, fmt.Errorf("it took %v", took))
	}
	mayHold := args[len(args)-1] == "--watch" // which ends as it should
	code := cmd.ProcessState.ExitCode()
	if code != exitUsage && !(mayHold && code == exitHolds) {
		errs = append(errs, fmt.Errorf("%v, want exit %d: %s", cmd.ProcessState, exitUsage,
			stderr.String()))
	}
	for _, pattern := range []string{"tmp/*", "out/.*", ".*"} {
		if left, _ := filepath.Glob(filepath.Join(dir, pattern)); len(left) > 0 {
			errs = append(errs, fmt.Errorf("left behind: %q", left))
		}
	}
	if pid, err := os.ReadFile(filepath.Join(dir, "pid")); err == nil {
		if len(pid) == 0 { // the machine ended before it had written its number
			return errTooEarly
		}
		errs = append(errs, processGone(strings.TrimSpace(string(pid))))
	}
	return errors.Join(errs...)
}

// TestInterruptedSearch interrupts a sweep that makes its failures small. What the seeds drew is
// printed then, marked as unfinished.
func TestInterruptedSearch(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("rollsim", "explore", "--machine", "v0.2", "--seeds", "1:40")
	var stdout bytes.Buffer
	cmd.Stdout = &stdout
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	took := false // the seeds are done
	for lines := bufio.NewScanner(stderr); !took && lines.Scan(); {
		took = strings.HasPrefix(lines.Text(), "took ")
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, stderr)
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); !took || code != exitDiffers {
		t.Errorf("all seeds done: %t, exit %d, want exit %d", took, code, exitDiffers)
	}
	for _, want := range []string{
		"\n  unfinished: the sweep ended before its search; rollsim shrink makes it smaller\n",
		"\n    seed ", "\n    channel ",
	} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("the report has no %q:\n%s", want, &stdout)
		}
	}
}

// processGone waits until there is no process of that number, or only a zombie.
func processGone(pid string) error {
	n, err := strconv.Atoi(pid)
	if err != nil {
		return err
	}
	for range 50 {
		stat, _ := os.ReadFile("/proc/" + pid + "/stat")
		if errors.Is(syscall.Kill(n, 0), syscall.ESRCH) || strings.Contains(string(stat), ") Z ") {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return errors.New("the machine is still running")
}

// writeSlowInputs writes the files of TestEndsAtOnce into a folder.
func writeSlowInputs(dir string) error {
	const timeline = "timeline: [{at: 0s, channel: stable, ref: a}]\n"
	feature := func(scenario, seeds string) string {
		return "Feature: a\n\n  Scenario: a\n    Given the scenario \"" + scenario + "\"\n" + seeds +
			"    Then \"stable@a\" is Pruned in the end\n"
	}
	many := "Feature: a\n"
	for n := range 2000 {
		many += fmt.Sprintf("\n  Scenario: a%d\n    Given a step that does not exist\n", n)
	}
	files := map[string]string{
		"large.yaml":    "channels: [{name: stable, waves: [{hosts: 300000}]}]\n" + timeline,
		"short.yaml":    "channels: [{name: stable, waves: [{hosts: 1}]}]\n" + timeline,
		"large.feature": feature("large", ""),
		"short.feature": feature("short", ""),
		"seeds.feature": feature("short", "    And each of the seeds 1 to 10000\n"),
		"many.feature":  many,
		"slow":          "#!/bin/sh\necho $$ >pid\nexec sleep 60\n",
	}
	for name, from := range map[string]string{
		"log.ndjson":     "../../trace/testdata/sample-6.ndjson.gz",
		"vectors.ndjson": "../../suite/conform/testdata/cells.ndjson.gz",
	} {
		data, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		files[name] = string(data)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			return err
		}
	}
	for _, name := range []string{"out", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			return err
		}
	}
	return syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600)
}
