package scratch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// removeAllIn is the variable that makes the test binary run removeAllHelper in a folder: RemoveAll
// ends the use of the package in a process.
const removeAllIn = "ROLLSIM_TEST_REMOVE_ALL"

func TestMain(m *testing.M) {
	if dir := os.Getenv(removeAllIn); dir != "" {
		if err := removeAllHelper(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// removeAllHelper creates files, one of which it renames, calls RemoveAll, and then checks that Dir
// blocks.
func removeAllHelper(dir string) error {
	made, _, err := Dir()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(made, "inside"), nil, 0o600); err != nil {
		return err
	}
	for _, prefix := range []string{"left-", "renamed-"} {
		f, _, err := File(dir, prefix, 0o600)
		if err == nil {
			err = f.Close()
		}
		if err == nil && prefix == "renamed-" {
			err = os.Rename(f.Name(), filepath.Join(dir, "result"))
		}
		if err != nil {
			return err
		}
	}
	RemoveAll()
	done := make(chan bool)
	go func() {
		_, _, _ = Dir()
		close(done)
	}()
	select {
	case <-done:
		return errors.New("Dir returned after RemoveAll: it must block")
	case <-time.After(50 * time.Millisecond):
		return nil
	}
}

func TestRemoveAll(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), removeAllIn+"="+dir, "TMPDIR="+dir, "TMP="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if names := list(t, dir); len(names) != 1 || names[0] != "result" {
		t.Errorf("after RemoveAll the folder has %q, want only result", names)
	}
}

func TestDirRemoves(t *testing.T) {
	dir, remove, err := Dir()
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("mode %v, %v: others must not read the folder", info.Mode(), err)
	}
	if err := os.WriteFile(filepath.Join(dir, "inside"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a second call is harmless
		if err := remove(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
	if kept[dir] {
		t.Error("the folder is removed, but still on the list")
	}
}

func TestFile(t *testing.T) {
	dir := t.TempDir()
	f, remove, err := File(dir, ".x.", 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if name := filepath.Base(f.Name()); !strings.HasPrefix(name, ".x.") ||
		!strings.HasSuffix(name, ".tmp") {
		t.Errorf("the file is called %s, want .x.*.tmp", name)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(f.Name(), filepath.Join(dir, "result")); err != nil {
		t.Fatal(err)
	}
	if err := remove(); err != nil {
		t.Fatal(err)
	}
	if names := list(t, dir); len(names) != 1 || names[0] != "result" {
		t.Errorf("the folder has %q, want result: a renamed file stays", names)
	}
	if _, _, err := File(filepath.Join(dir, "missing"), "x", 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("File in a missing folder: %v, want fs.ErrNotExist", err)
	}
}

func list(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
