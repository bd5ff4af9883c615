package scratch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// removeAllIn is the variable that makes the test binary run removeAllHelper in a folder: RemoveAll
// ends the use of the package in a process.
const removeAllIn = "ROLLSIM_TEST_REMOVE_ALL"

// ownerIn is the variable that makes the test binary create files in a folder, and keep them until
// it is killed.
const ownerIn = "ROLLSIM_TEST_OWNER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(ownerIn); dir != "" {
		_, _, err := File(dir, "out", 0o600)
		if err == nil {
			_, _, err = Dir()
		}
		fmt.Println(err)
		select {}
	}
	if dir := os.Getenv(removeAllIn); dir != "" {
		if err := removeAllHelper(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// removeAllHelper creates files, one of which it renames, calls RemoveAll while others are renamed,
// and then checks that Dir blocks.
func removeAllHelper(dir string) error {
	made, _, err := Dir()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(made, "inside"), nil, 0o600); err != nil {
		return err
	}
	for _, name := range []string{"left", "renamed"} {
		f, _, err := File(dir, name, 0o600)
		if err == nil {
			err = f.Close()
		}
		if err == nil && name == "renamed" {
			err = os.Rename(f.Name(), filepath.Join(dir, "result"))
		}
		if err != nil {
			return err
		}
	}
	began := make(chan bool)
	var renamed atomic.Bool
	go func() {
		_ = Renames(func() error {
			close(began)
			time.Sleep(50 * time.Millisecond)
			renamed.Store(true)
			return nil
		})
	}()
	<-began
	RemoveAll()
	if !renamed.Load() {
		return errors.New("RemoveAll returned during Renames")
	}
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
	if _, listed := kept[dir]; listed {
		t.Error("the folder is removed, but still on the list")
	}
}

func TestFile(t *testing.T) {
	dir := t.TempDir()
	f, remove, err := File(dir, "x", 0o600)
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

// TestSweep checks that the files of a process stay while it is alive, and that the next one
// removes them when it was killed. Other files stay.
func TestSweep(t *testing.T) {
	if _, err := lock(t.TempDir()); errors.Is(err, errors.ErrUnsupported) {
		t.Skip("this system has no lock: the files stay")
	}
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	others := []string{"rollsim-1000", ".x.0123456789abcdef.txt", ".x.0123.tmp", "x.tmp"}
	for _, name := range others {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	// A link has the name of a temporary file; what it leads to must stay.
	others = append(others, ".x.0123456789abcdef.tmp")
	if err := os.Symlink(os.Args[0], filepath.Join(dir, others[len(others)-1])); err != nil {
		t.Fatal(err)
	}
	slices.Sort(others)
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), ownerIn+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var answer string
	if _, err := fmt.Fscan(out, &answer); err != nil || answer != "<nil>" {
		t.Fatal(answer, err)
	}
	use := func() []string {
		t.Helper()
		clear(swept)
		_, removeFile, err := File(dir, "other", 0o600)
		if err != nil {
			t.Fatal(err)
		}
		_, removeDir, err := Dir()
		if err != nil {
			t.Fatal(err)
		}
		clear(swept)
		sweep(dir) // leaves the files of this process, too
		if n := len(kept); n != 2 {
			t.Fatalf("%d files on the list, want 2", n)
		}
		if err := errors.Join(removeFile(), removeDir()); err != nil {
			t.Fatal(err)
		}
		return list(t, dir)
	}
	if names := use(); len(names) != len(others)+2 {
		t.Errorf("the folder has %q, want also two of the process that is alive", names)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if names := use(); !slices.Equal(names, others) {
		t.Errorf("the folder has %q, want %q", names, others)
	}
}

// TestSweepRace creates files in one process while another one sweeps all the time.
func TestSweepRace(t *testing.T) {
	dir := t.TempDir()
	stop, stopped := make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				sweepNow(dir) // without mu, as another process
			}
		}
	}()
	for range 300 {
		f, remove, err := File(dir, "x", 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(f.Name(), filepath.Join(dir, "result")); err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		if err := remove(); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	<-stopped
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

// TestMissingFolder checks that nothing is returned where nothing can be created.
func TestMissingFolder(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	t.Setenv("TMPDIR", missing)
	if dir, remove, err := Dir(); dir != "" || remove != nil || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Dir returns %q, %v", dir, err)
	}
	if f, remove, err := File(missing, "a", 0o600); f != nil || remove != nil ||
		!errors.Is(err, fs.ErrNotExist) {
		t.Errorf("File returns %v, %v", f, err)
	}
}

// TestLeft checks that only a temporary file of the same file, and of a process that has ended, is
// what a killed process has left.
func TestLeft(t *testing.T) {
	for name, want := range map[string]bool{
		".a.yaml.0123456789abcdef.tmp":    true,
		".b.yaml.0123456789abcdef.tmp":    false,
		".a.yaml.x.0123456789abcdef.tmp":  false,
		".a.yaml.0123456789abcde.tmp":     false,
		"a.yaml.0123456789abcdef.tmp":     false,
		".a.yaml.0123456789abcdef.tmp.tm": false,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := Left(filepath.Join(dir, "a.yaml")); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, ".a.yaml.0123456789abcdef.tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	if Left(filepath.Join(dir, "a.yaml")) || Left(filepath.Join(dir, "missing", "a.yaml")) {
		t.Error("a folder counts, or a missing one")
	}
	f, remove, err := File(dir, "b.yaml", 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if Left(filepath.Join(dir, "b.yaml")) {
		t.Error("the file of a process that is alive counts")
	}
	if err := errors.Join(f.Close(), remove()); err != nil {
		t.Fatal(err)
	}
}
