package osfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
)

// FS implements the optional interfaces, so that fs.Stat, fs.ReadFile and fs.ReadDir use one system
// call each.
var (
	_ fs.StatFS     = FS{}
	_ fs.ReadFileFS = FS{}
	_ fs.ReadDirFS  = FS{}
)

func TestFSAcceptsAnyPath(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.txt"), []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		filepath.ToSlash(dir) + "/a.txt",
		filepath.ToSlash(dir) + "/sub/../a.txt",
	} {
		if fs.ValidPath(name) {
			t.Fatalf("%s is a valid path of any fs.FS: it tests nothing", name)
		}
		if got, err := fs.ReadFile(FS{}, name); err != nil || string(got) != "text" {
			t.Errorf("ReadFile(%s) = %q, %v; want the text", name, got, err)
		}
		if info, err := fs.Stat(FS{}, name); err != nil || info.Size() != 4 {
			t.Errorf("Stat(%s) = %v, %v; want 4 bytes", name, info, err)
		}
		f, err := FS{}.Open(name)
		if err != nil {
			t.Errorf("Open(%s): %v", name, err)
			continue
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	entries, err := fs.ReadDir(FS{}, filepath.ToSlash(dir))
	if err != nil || len(entries) != 2 || entries[0].Name() != "a.txt" {
		t.Errorf("ReadDir = %v, %v; want a.txt and sub", entries, err)
	}
}

func TestFSMissingFile(t *testing.T) {
	name := filepath.ToSlash(t.TempDir()) + "/missing"
	if _, err := fs.Stat(FS{}, name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat of a missing file: %v, want fs.ErrNotExist", err)
	}
	if _, err := fs.ReadDir(FS{}, name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("ReadDir of a missing folder: %v, want fs.ErrNotExist", err)
	}
}

func TestWalk(t *testing.T) {
	fsys := fstest.MapFS{}
	for _, name := range []string{
		"in/b.yaml", "in/a.yaml", "in/sub/c.yaml", "in/.hidden.yaml", // hidden files are not skipped
		"in/.git/x", "in/testdata/x", "in/sub/included/x", "in/node_modules/x", "in/vendor/x",
		"out/x",
	} {
		fsys[name] = &fstest.MapFile{}
	}
	walk := func(root string) []string {
		var names []string
		if err := Walk(fsys, root, func(name string) { names = append(names, name) }); err != nil {
			t.Fatal(err)
		}
		return names
	}
	want := []string{"in/.hidden.yaml", "in/a.yaml", "in/b.yaml", "in/sub/c.yaml"}
	if got := walk("in"); !slices.Equal(got, want) {
		t.Errorf("Walk(in) = %q, want %q", got, want)
	}
	if got := walk("in/testdata"); !slices.Equal(got, []string{"in/testdata/x"}) {
		t.Errorf("Walk(in/testdata) = %q: a folder that is named is not skipped", got)
	}
	if err := Walk(fsys, "missing", func(string) {}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Walk of a missing folder: %v, want fs.ErrNotExist", err)
	}
}

// TestOpenIn checks that a file inside a folder is opened, and nothing outside.
func TestOpenIn(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"in/sub/a", "out/a"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{
		"in/inside": "sub/a", "in/file": "../out/a", "in/folder": "../out", "in/dangling": "../new",
	} {
		if err := os.Symlink(to, link); err != nil {
			t.Skip(err)
		}
	}
	inMemory := fstest.MapFS{"in/sub/a": {}, "out/a": {}}
	for _, c := range []struct {
		name           string
		opens, missing bool
	}{
		{"sub/a", true, false}, {"inside", true, false}, {"./sub/../sub/a", true, false},
		{"none", false, true}, {"file", false, false}, {"folder/a", false, false},
		{"../out/a", false, false}, {"dangling", false, false}, {"sub", false, false},
	} {
		f, err := OpenIn(FS{}, "in", c.name)
		if (err == nil) != c.opens || errors.Is(err, fs.ErrNotExist) != c.missing {
			t.Errorf("%s: %v", c.name, err)
		}
		if err == nil {
			_ = f.Close()
		}
		if c.name == "sub/a" || c.name == "../out/a" {
			if _, err := OpenIn(inMemory, "in", c.name); (err == nil) != c.opens {
				t.Errorf("%s in memory: %v", c.name, err)
			}
		}
	}
}
