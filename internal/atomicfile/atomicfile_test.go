package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

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
	err := Write(filepath.Join(t.TempDir(), "missing", "out"), func(io.Writer) error { return nil })
	if !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("got %v, want os.ErrNotExist", err)
	}
}

func TestWriteToFolder(t *testing.T) {
	dir := t.TempDir()
	err := Write(dir, func(io.Writer) error { t.Error("fill was called"); return nil })
	if err == nil || !strings.Contains(err.Error(), dir) {
		t.Fatalf("got %v, want an error that names the folder", err)
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
