package atomicfile

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// killedIn is the variable that makes the test binary write three files in a folder, and kill
// itself when all of them are complete and none is renamed.
const killedIn = "ROLLSIM_TEST_KILLED_IN"

func TestMain(m *testing.M) {
	dir := os.Getenv(killedIn)
	if dir == "" {
		os.Exit(m.Run())
	}
	var all []File
	for _, name := range threeFiles {
		all = append(all, File{filepath.Join(dir, name), bytesOf([]byte("new"))})
	}
	// WriteAll writes to a device after it has prepared the other files.
	err := WriteAll(append(all, File{os.DevNull, func(io.Writer) error {
		p, _ := os.FindProcess(os.Getpid())
		_ = p.Kill()
		select {}
	}})...)
	panic(err)
}

var threeFiles = []string{"one/a", "two/b", "three/c"}

// TestKilledBetweenRenames kills a process before its renames, and makes some of them. The next
// process that writes into the folders of the other files replaces these, but only if the first one
// was replaced and is still as it was written.
func TestKilledBetweenRenames(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no lock that ends with its process")
	}
	for renames, want := range []string{"old old old", "new new new", "new new new", "new new new"} {
		for name, change := range map[string]func(dir string){
			"unchanged":         nil,
			"the first changed": func(dir string) { plain(t, dir, "one/a", "edited") },
			"a note copied": func(dir string) { // as by a checkout
				for _, of := range []string{"two/.b.*.tmp", "three/.c.*.tmp"} {
					names, _ := filepath.Glob(filepath.Join(dir, of))
					for _, name := range names {
						now := time.Now()
						if err := os.Chtimes(name, now, now); err != nil {
							t.Error(err)
						}
					}
				}
			},
		} {
			dir := t.TempDir()
			for _, name := range threeFiles {
				plain(t, dir, name, "old")
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), killedIn+"="+dir)
			if out, err := cmd.CombinedOutput(); err == nil || len(out) > 0 {
				t.Fatalf("the process was not killed: %v: %s", err, out)
			}
			for _, name := range threeFiles[:renames] {
				rename(t, filepath.Join(dir, name))
			}
			want := strings.Fields(want)
			if change != nil {
				change(dir)
				for i := range want { // what was renamed stays
					if i >= renames {
						want[i] = "old"
					}
				}
				if name == "the first changed" {
					want[0] = "edited"
				}
			}
			got := finished(t, dir)
			if !slices.Equal(got, want) {
				t.Errorf("killed after %d renames, %s: %q, want %q", renames, name, got, want)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "*", ".*")); len(left) > 0 {
				t.Errorf("killed after %d renames, %s: left behind: %q", renames, name, left)
			}
		}
	}
}

// finished writes another file into each folder, and returns what the three files then have.
func finished(t *testing.T, dir string) []string {
	t.Helper()
	for _, name := range []string{"one/other", "two/other", "three/other"} {
		if err := WriteBytes(filepath.Join(dir, name), nil); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, of := range threeFiles {
		text, err := os.ReadFile(filepath.Join(dir, of))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(text))
	}
	return got
}

// rename renames the only temporary file of a file, as the killed process would have.
func rename(t *testing.T, name string) {
	t.Helper()
	of, _ := filepath.Glob(filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+".*.tmp"))
	if len(of) != 1 {
		t.Fatalf("the temporary files of %s are %q", name, of)
	}
	if err := os.Rename(of[0], name); err != nil {
		t.Fatal(err)
	}
}

func plain(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWriteKeepsPreviousFileOnError(t *testing.T) {
	name := filepath.Join(t.TempDir(), "out")
	put := func(text string, err error) error {
		return Write(name, func(w io.Writer) error {
			if _, e := io.WriteString(w, text); e != nil {
				return e
			}
			return err
		})
	}
	if err := put("first", nil); err != nil {
		t.Fatal(err)
	}
	boom := errors.New("boom")
	if err := put("half of the sec", boom); !errors.Is(err, boom) {
		t.Fatalf("got %v, want boom", err)
	}
	got, err := os.ReadFile(name)
	if err != nil || string(got) != "first" {
		t.Fatalf("got %q, %v; want the first text", got, err)
	}
	left, err := os.ReadDir(filepath.Dir(name))
	if err != nil || len(left) != 1 {
		t.Fatalf("left behind: %v, %v", left, err)
	}
}

func TestWriteKeepsMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no permission bits but read-only")
	}
	name := filepath.Join(t.TempDir(), "out")
	if err := os.WriteFile(name+"-plain", nil, 0o666); err != nil {
		t.Fatal(err)
	}
	plain, err := os.Stat(name + "-plain")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []os.FileMode{plain.Mode(), 0o600} {
		if err := Write(name, func(io.Writer) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(name); err != nil || info.Mode() != want {
			t.Fatalf("mode %v, %v; want %v", info.Mode(), err, want)
		}
		if err := os.Chmod(name, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWriteToMissingFolder(t *testing.T) {
	name := filepath.Join(t.TempDir(), "missing", "out")
	err := Write(name, func(io.Writer) error { return nil })
	if !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("got %v, want os.ErrNotExist", err)
	}
	if of := (*os.PathError)(nil); !errors.As(err, &of) || of.Path != name {
		t.Errorf("got %v, want an error about %s", err, name)
	}
}

func TestWriteToFolder(t *testing.T) {
	dir := t.TempDir()
	err := Write(dir, func(io.Writer) error { t.Error("fill was called"); return nil })
	if want := dir + ": expected a file to write to, found a folder"; err == nil ||
		err.Error() != want {
		t.Fatalf("got %v, want %s", err, want)
	}
}

// TestWriteThroughDanglingLink writes through links whose target does not exist.
func TestWriteThroughDanglingLink(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.MkdirAll(filepath.Join("a", "b"), 0o700); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{
		"relative":                    filepath.Join("a", "one"),
		"absolute":                    filepath.Join(dir, "two"),
		"chain":                       "second",
		"second":                      filepath.Join("a", "three"),
		"folder":                      filepath.Join("a", "b"),
		filepath.Join("a", "b", "up"): filepath.Join("..", "four"),
		"loop":                        "loop",
		"nowhere":                     filepath.Join("missing", "five"),
	} {
		if err := os.Symlink(to, link); err != nil {
			t.Skip(err)
		}
	}
	for link, to := range map[string]string{
		"relative": "a/one", "absolute": "two", "chain": "a/three", "folder/up": "a/four",
	} {
		if err := WriteBytes(filepath.FromSlash(link), []byte(link)); err != nil {
			t.Errorf("%s: %v", link, err)
			continue
		}
		info, err := os.Lstat(filepath.FromSlash(link))
		if err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("%s: the link is gone: %v, %v", link, info, err)
		}
		if got, err := os.ReadFile(filepath.FromSlash(to)); err != nil || string(got) != link {
			t.Errorf("%s holds %q, %v; want %s", to, got, err, link)
		}
	}
	for _, link := range []string{"loop", "nowhere"} {
		if err := WriteBytes(link, nil); err == nil {
			t.Errorf("%s: got no error", link)
		}
		if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("%s: the link is gone: %v, %v", link, info, err)
		}
	}
}

// TestWriteAll checks that several files are written all or none.
func TestWriteAll(t *testing.T) {
	boom := errors.New("boom")
	put := func(text string) func(io.Writer) error {
		return func(w io.Writer) error { _, err := io.WriteString(w, text); return err }
	}
	for _, c := range []struct {
		name   string
		second func(io.Writer) error // nil for a good one
		fails  bool
	}{
		{"b", nil, false},
		{"missing/b", nil, true},
		{"folder", nil, true},
		{"b", func(io.Writer) error { return boom }, true},
		{"c", func(io.Writer) error { return os.Mkdir("c", 0o700) }, true}, // the rename fails
	} {
		for _, exists := range []bool{true, false} {
			t.Chdir(t.TempDir())
			if err := os.Mkdir("folder", 0o700); err != nil {
				t.Fatal(err)
			}
			if exists {
				for _, name := range []string{"a", "b"} {
					if err := os.WriteFile(name, []byte("old "+name), 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			second := c.second
			if second == nil {
				second = put("new b")
			}
			err := WriteAll(File{"a", put("new a")}, File{c.name, second})
			if (err != nil) != c.fails {
				t.Errorf("%s: got %v", c.name, err)
			}
			want := "new a"
			switch {
			case c.fails && exists:
				want = "old a"
			case c.fails:
				want = ""
			}
			if got, _ := os.ReadFile("a"); string(got) != want {
				t.Errorf("%s, %t: the first file has %q, want %q", c.name, exists, got, want)
			}
			if left, _ := filepath.Glob(".*.tmp"); len(left) > 0 {
				t.Errorf("%s, %t: left behind: %q", c.name, exists, left)
			}
		}
	}
}

func TestCreate(t *testing.T) {
	name := filepath.Join(t.TempDir(), "key")
	if err := Create(name, []byte("first")); err != nil {
		t.Fatal(err)
	}
	if err := Create(name, []byte("second")); !errors.Is(err, os.ErrExist) {
		t.Errorf("got %v, want os.ErrExist", err)
	}
	if got, err := os.ReadFile(name); err != nil || string(got) != "first" {
		t.Errorf("got %q, %v; want the first text", got, err)
	}
	info, err := os.Stat(name)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; others must not read it", info.Mode(), err)
	}
	if left, _ := os.ReadDir(filepath.Dir(name)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestWriteThroughLink(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	if err := os.WriteFile(target, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Skip(err)
	}
	if err := WriteBytes(link, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(target); err != nil || string(got) != "new" {
		t.Errorf("the target holds %q, %v; want the new text", got, err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced by a file: %v, %v", info.Mode(), err)
	}
}
