//go:build unix

package osfs

import (
	"io/fs"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestOnlyRegularFiles checks that pipes, sockets and devices are refused at once, and skipped in
// folders.
func TestOnlyRegularFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("in", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo("in/pipe.yaml", 0o600); err != nil {
		t.Skip(err)
	}
	socket, err := net.Listen("unix", "in/socket.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for link, to := range map[string]string{
		"in/device.yaml": os.DevNull, "in/link.yaml": "pipe.yaml", "in/folder.yaml": ".",
		"in/dangling.yaml": "nothing", "in/good.yaml": "file.yaml",
	} {
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile("in/file.yaml", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, found := range map[string]string{
		"pipe": "a pipe", "link": "a pipe", "socket": "a socket", "device": "a device",
	} {
		file := "in/" + name + ".yaml"
		want := "open " + file + ": expected a regular file, found " + found
		if _, err := (FS{}).Open(file); err == nil || err.Error() != want {
			t.Errorf("Open: got %v, want %s", err, want)
		}
		if _, err := (FS{}).ReadFile(file); err == nil || err.Error() != want {
			t.Errorf("ReadFile: got %v, want %s", err, want)
		}
		if _, err := OpenIn(FS{}, "in", name+".yaml"); err == nil ||
			name != "device" && err.Error() != want { // the device is outside
			t.Errorf("OpenIn: got %v, want %s", err, want)
		}
	}
	var names []string
	if err := Walk(FS{}, "in", func(name string) { names = append(names, name) }); err != nil {
		t.Fatal(err)
	}
	want := []string{"in/dangling.yaml", "in/file.yaml", "in/good.yaml"}
	if !slices.Equal(names, want) {
		t.Errorf("Walk: %q, want %q", names, want)
	}
	entries, err := fs.ReadDir(FS{}, "in")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		want := strings.Contains("dangling.yaml file.yaml good.yaml", e.Name())
		if got := IsFile(FS{}, "in/"+e.Name(), e); got != want {
			t.Errorf("IsFile(%s) = %t", e.Name(), got)
		}
	}
}
