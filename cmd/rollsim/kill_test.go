//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// killsVariable is the variable that sets how often TestKilled kills each command.
const killsVariable = "ROLLSIM_KILLS"

// killable are the commands that write, each once for each way to write.
var killable = []struct {
	args     string
	together []string // the files that are replaced all or none, in the order of their renames
}{
	{args: "run fleet.yaml -o out/trace.ndjson.zst"},
	{args: "check s.yaml fleet.yaml --junit out/junit.xml --keep out/keep"},
	{args: "check s.yaml fleet.yaml --update"},
	{args: "features dd -o out/features.xml --format junit --rerun failed.txt --keep out"},
	{args: "coverage dd -o out/coverage.txt"},
	{args: "fit log.ndjson -o out/fit.yaml"},
	{args: "import log.ndjson --rollout stable@6cf7460 --force -o in.yaml",
		together: []string{"in.golden", "in.yaml"}},
	{args: "redact state.db --key names.key -o out/redacted.db"},
	{args: "redact log.ndjson --key new.key -o out/redacted.ndjson"},
	{args: "redact - --key names.key -o out/redacted.ndjson"},
	{args: "explore --machine canary --seeds 1:12 --resume -o sweep"},
	{args: "merge shard-1 shard-2 -o out/merged"},
	{args: "fmt askew.yaml askew.feature"},
	{args: "new scenario fresh --force -o out/fresh.yaml",
		together: []string{"out/fresh.golden", "out/fresh.yaml"}},
}

// varying matches what differs between runs: durations, and what depends on a random key.
var varying = regexp.MustCompile(`(time|timestamp)="[^"]*"`)

// TestKilled kills every command that writes at random moments. Each file then has its old or its
// new content. After the next run all files are as after a run that was not killed, and there is no
// other file.
func TestKilled(t *testing.T) {
	kills := 1
	if text := os.Getenv(killsVariable); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatalf("%s: %v", killsVariable, err)
		}
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, %d kills each", seed, kills)
	random := rand.New(rand.NewPCG(seed, 0))
	all := killInputs(t)
	for _, c := range killable {
		t.Run(strings.ReplaceAll(c.args, "/", "|"), func(t *testing.T) {
			before := needed(all, c.args)
			dir := t.TempDir()
			t.Chdir(dir)
			t.Setenv("TMPDIR", filepath.Join(dir, "tmp"))
			fresh(t, before)
			began := time.Now()
			runKilled(t, c.args, 0)
			took := time.Since(began)
			after := outcome(t)
			if maps.Equal(before, after) {
				t.Fatal("the command writes nothing")
			}
			splits := 0
			for range kills {
				fresh(t, before)
				delay := time.Duration(random.Int64N(int64(took + took/4)))
				runKilled(t, c.args, max(delay, 1))
				now := outcome(t)
				compareKilled(t, c.args, delay, before, now, after)
				if split := splitFiles(c.together, before, now, after); split != "" {
					splits++
					t.Logf("killed after %v between two renames: %s", delay, split)
					runKilled(t, "new scenario next -o "+filepath.Dir(c.together[1])+"/next.yaml", 0)
					now = outcome(t)
					if split := splitFiles(c.together, before, now, after); split != "" {
						t.Errorf("after another command wrote into the folder, %s", split)
					}
					for _, ext := range []string{".yaml", ".golden"} {
						if err := os.Remove(filepath.Join(filepath.Dir(c.together[1]), "next"+ext)); err != nil {
							t.Error(err)
						}
					}
				}
				runKilled(t, c.args, 0)
				compareOutcomes(t, after, outcome(t), strings.Contains(c.args, "new.key"))
				if t.Failed() {
					return
				}
			}
			// Only the time of one rename is between two renames. Without complete temporary files it
			// is that of making the content of a file.
			if splits > 1+kills/30 {
				t.Errorf("%d of %d kills left some of %q old", splits, kills, c.together)
			}
		})
	}
}

// compareKilled checks that each file has its old or its new content, and that none is lost.
func compareKilled(
	t *testing.T, args string, delay time.Duration, before, now, after map[string]string,
) {
	t.Helper()
	for name, text := range now {
		old, had := before[name]
		switch {
		case temporaryName.MatchString(name), text == after[name], had && text == old:
		case name == "sweep/result.json" && json.Valid([]byte(text)):
			// a checkpoint, which a slow sweep writes every few seconds
		case strings.Contains(args, "new.key"): // it and the output are random
		default:
			t.Errorf("killed after %v: %s has %d bytes that are neither the old nor the new content",
				delay, name, len(text))
		}
	}
	for name := range before {
		if _, has := now[name]; !has && after[name] != "" {
			t.Errorf("killed after %v: %s is lost", delay, name)
		}
	}
}

// splitFiles describes which of the files are new while others are old. It is empty if they are
// all old or all new.
func splitFiles(names []string, before, now, after map[string]string) string {
	var old, changed []string
	for _, name := range names {
		if now[name] == before[name] {
			old = append(old, name)
		}
		if now[name] == after[name] {
			changed = append(changed, name)
		}
	}
	if len(old) == 0 || len(changed) == 0 {
		return ""
	}
	return fmt.Sprintf("%q are old, %q new", old, changed)
}

// temporaryName matches the files that a killed process leaves.
var temporaryName = regexp.MustCompile(
	`(^|/)\.[^/]+\.[0-9a-f]{16}\.(tmp|after)$|^tmp/rollsim-[0-9a-f]{16}\.tmp/`,
)

// compareOutcomes compares the files after a run with those that it should leave. If random is set,
// only their names must be the same.
func compareOutcomes(t *testing.T, want, got map[string]string, random bool) {
	t.Helper()
	names := func(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
	if !slices.Equal(names(want), names(got)) {
		t.Errorf("after the next run there are %q, want %q", names(got), names(want))
		return
	}
	for name := range want {
		if got[name] != want[name] && !random {
			t.Errorf("after the next run %s differs", name)
		}
	}
}

// fresh empties the current folder and writes files.
func fresh(t *testing.T, files map[string]string) {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := os.RemoveAll(e.Name()); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"out", "tmp"} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// outcome returns the files below the current folder, without what varies.
func outcome(t *testing.T) map[string]string {
	t.Helper()
	all := contents(t)
	for name, text := range all {
		if strings.HasSuffix(name, ".xml") {
			all[name] = varying.ReplaceAllString(text, "")
		}
	}
	return all
}

// runKilled runs a command and kills it after a delay, unless the delay is 0.
func runKilled(t *testing.T, args string, delay time.Duration) {
	t.Helper()
	cmd := exec.Command("rollsim", strings.Fields(args)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if strings.Contains(args, " - ") {
		in, err := os.Open("log.ndjson")
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		cmd.Stdin = in
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if delay > 0 {
		time.AfterFunc(delay, func() { _ = cmd.Process.Kill() })
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code == exitUsage || delay == 0 && code < 0 {
		t.Fatalf("%s: %v: %s", args, cmd.ProcessState, stderr.String())
	}
}

// needed returns the files that a command line needs.
func needed(all map[string]string, args string) map[string]string {
	files := make(map[string]string)
	for name, text := range all {
		top, _, _ := strings.Cut(strings.TrimSuffix(name, filepath.Ext(name)), "/")
		if strings.Contains(args, top) || top == "included" ||
			top == "log" && strings.HasPrefix(args, "redact -") {
			files[name] = text
		}
	}
	return files
}

// killInputs returns the inputs of the commands.
func killInputs(t *testing.T) map[string]string {
	t.Helper()
	all := maps.Clone(inputs(t))
	for _, name := range []string{"log.yaml", "log.golden", "state.db-wal", "state.db-shm"} {
		delete(all, name)
	}
	all["fleet.yaml"] = "channels: [{name: stable, waves: [{hosts: 500}]}]\n" +
		"timeline: [{at: 0s, channel: stable, ref: a1b2c3}]\n"
	all["fleet.golden"] = "not this\n"
	all["in.yaml"], all["in.golden"] = "# old\n", "old\n"
	all["out/fresh.yaml"], all["out/fresh.golden"] = "# old\n", "old\n"
	all["failed.txt"] = "dd/z.feature:3\n"
	var askew strings.Builder
	askew.WriteString("Feature: askew\n")
	for n := range 100 {
		fmt.Fprintf(&askew, "\n   Scenario: %d\n Given the scenario \"inner\"\n", n)
	}
	all["askew.feature"] = askew.String()
	all["askew.yaml"] = "channels:\n      - name: stable\n        waves: [{hosts: 1}]\n"
	return all
}
