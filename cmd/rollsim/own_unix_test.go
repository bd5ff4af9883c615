//go:build unix

package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestOwnFolder prepares the folder in every way in which another user could have, and checks that
// the result is a private folder elsewhere.
func TestOwnFolder(t *testing.T) {
	name := fmt.Sprintf("rollsim-%d", os.Getuid())
	for what, prepare := range map[string]func(dir string) error{
		"nothing":     func(string) error { return nil },
		"its own":     func(dir string) error { return os.Mkdir(dir, 0o700) },
		"a link":      func(dir string) error { return os.Symlink(t.TempDir(), dir) },
		"no target":   func(dir string) error { return os.Symlink("missing", dir) },
		"a file":      func(dir string) error { return os.WriteFile(dir, nil, 0o600) },
		"group":       func(dir string) error { return os.Mkdir(dir, 0o750) },
		"read by all": func(dir string) error { return os.Mkdir(dir, 0o704) },
		"execute":     func(dir string) error { return os.Mkdir(dir, 0o701) },
	} {
		parent := t.TempDir()
		dir := filepath.Join(parent, name)
		if err := prepare(dir); err != nil {
			t.Fatal(err)
		}
		got, err := ownFolder(parent)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		info, err := os.Lstat(got)
		if err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %s is %v, %v", what, got, info.Mode(), err)
		}
		if safe := what == "nothing" || what == "its own"; (got == dir) != safe ||
			!strings.HasPrefix(got, dir) {
			t.Errorf("%s: got %s", what, got)
		}
	}
	if dir, err := ownFolder(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Errorf("in a missing folder: %s", dir)
	}
}

// TestOneFolder checks that all traces of a run are in one folder, also if the usual folder is one
// that another user could have prepared.
func TestOneFolder(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	usual := fmt.Sprintf("rollsim-%d", os.Getuid())
	if err := os.Mkdir(filepath.Join(temp, usual), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	const text = "Feature: x\n  Scenario Outline: <state>\n    Given channel \"s\" with 1 host\n" +
		"    When \"s\" moves to ref \"a\"\n    Then \"s@a\" is <state>\n\n" +
		"    Examples:\n      | state   |\n      | Failed  |\n      | Opening |\n"
	if err := os.WriteFile("x.feature", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := inProcess(t, "features", "x.feature"); code != exitDiffers {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	traces, err := filepath.Glob(filepath.Join(temp, usual+"-*", "*.ndjson"))
	if err != nil || len(traces) != 2 || filepath.Dir(traces[0]) != filepath.Dir(traces[1]) {
		t.Errorf("%q (%v), want two traces in one new folder", traces, err)
	}
}

// ownedBy is a file of some user.
type ownedBy struct {
	fs.FileInfo
	uid uint32
}

func (f ownedBy) Sys() any { return &syscall.Stat_t{Uid: f.uid} }

func TestOwns(t *testing.T) {
	own := uint32(os.Getuid())
	for uid, want := range map[uint32]bool{own: true, own + 1: false} {
		if got := owns(ownedBy{uid: uid}); got != want {
			t.Errorf("a file of user %d: %v", uid, got)
		}
	}
}
