//go:build unix

package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestPipesInFolders checks that no command opens a pipe that it finds in a folder, or by the name
// of another file: nobody writes to it or reads from it.
func TestPipesInFolders(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	const fleet = "channels: [{name: stable, waves: [{hosts: 1}]}]\n" +
		"timeline: [{at: 0s, channel: stable, ref: a}]\n"
	feature := func(scenario string) string {
		return "Feature: a\n\n  Scenario: a\n    Given the scenario \"" + scenario + "\"\n" +
			"    Then \"stable@a\" is Pruned in the end\n"
	}
	log := unzipped(t, "sample-6.ndjson.gz")
	for name, text := range map[string]string{
		"dd/good.yaml": "# A good scenario.\n" + fleet, "dd/good.feature": feature("good"),
		"logs/good.ndjson": log, "keep/s.yaml": fleet, "keep/s.golden": "not this\n",
		"golden.yaml": fleet, "includes.yaml": "include: pipe\n" + fleet,
		"fails.feature":   strings.Replace(feature("golden"), "Pruned", "Failed", 1),
		"feature.feature": feature("scenario"), "state.db": unzipped(t, "sample-6.state.db.gz"),
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if code, _, errs := inProcess(t, "check", "--update", "dd/good.yaml"); code != exitHolds {
		t.Fatal(errs)
	}
	for _, name := range []string{
		"dd/pipe.yaml", "dd/pipe.feature", "logs/pipe.ndjson", "golden.golden", "pipe",
		"state.db-wal", "scenario.yaml", "sweep/result.json", "k/s.ndjson", "k/fails-3.ndjson",
		"k/result.json",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(name, 0o600); err != nil {
			t.Skip(err)
		}
	}
	const refused = "expected a regular file, found a pipe"
	for _, c := range []struct {
		args string
		code int
		text string
	}{
		{"check dd", 0, "2 passed"},
		{"features dd", 0, "1 passed"},
		{"coverage dd", 0, ""},
		{"lint dd", 0, ""},
		{"fmt --check dd", 0, ""},
		{"mutate dd --cell Opening×HostJoined", 1, ""},
		{"diff logs --machine v0.2 --machine v0.2", 0, "pipe.ndjson is not a log: skipped"},
		{"check scenario.yaml", 2, refused},
		{"lint scenario.yaml", 2, refused},
		{"fmt scenario.yaml", 2, refused},
		{"features dd/pipe.feature", 2, refused},
		{"check golden.yaml", 2, refused},
		{"check golden.yaml --update", 2, refused},
		{"run includes.yaml", 2, refused},
		{"check includes.yaml", 2, refused},
		{"features feature.feature", 1, refused},
		{"merge sweep", 2, refused},
		{"explore --resume -o sweep --seeds 1", 2, refused},
		{"explore -o sweep --seeds 1", 2, refused},
		{"merge shard -o k", 2, refused},
		{"check keep/s.yaml --keep k", 2, refused},
		{"features fails.feature --keep k", 1, refused},
		{"replay state.db", 2, "state.db-wal is not a regular file"},
		{"redact state.db -o out.db", 2, "state.db-wal is not a regular file"},
	} {
		if strings.HasPrefix(c.args, "merge shard") {
			if code, _, errs := inProcess(t, "explore", "--seeds", "1", "-o", "shard"); code != exitHolds {
				t.Fatal(errs)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		cmd := exec.CommandContext(ctx, "rollsim", strings.Fields(c.args)...)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		_ = cmd.Run()
		cancel()
		code := cmd.ProcessState.ExitCode()
		if code != c.code || !strings.Contains(out.String(), c.text) {
			t.Errorf("%s: exit %d, want %d with %q:\n%s", c.args, code, c.code, c.text, out.String())
		}
	}
}
