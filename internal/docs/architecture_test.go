package docs

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const architecturePage = "docs/architecture.md"

// TestRooms compares the table of rooms with the folders that contain Go code.
func TestRooms(t *testing.T) {
	rooms := roomTable(t)
	found := make(map[string]bool)
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")) {
			return fs.SkipDir
		}
		if dir := path.Dir(name); path.Ext(name) == ".go" && dir != "." {
			found[dir] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir := range found {
		if !covers(rooms, dir) {
			t.Errorf("%s has no row for %s", architecturePage, dir)
		}
	}
	for _, room := range rooms {
		info, err := os.Stat(filepath.Join(root, strings.TrimSuffix(room, "…")))
		if err != nil || !info.IsDir() {
			t.Errorf("%s has a row for %s, which is no folder", architecturePage, room)
		}
	}
	if covers(rooms, "reducer/attic") || covers(rooms, "attic") {
		t.Error("the table covers a folder that does not exist")
	}
}

// roomTable returns the folders that have a row. One that ends in … stands for all folders below.
func roomTable(t *testing.T) []string {
	t.Helper()
	var rooms []string
	for _, line := range strings.Split(pages(t)[architecturePage], "\n") {
		cells := strings.Split(line, " | ")
		if len(cells) != 4 || !strings.Contains(cells[1], "/`") && !strings.Contains(cells[1], "/…`") {
			continue
		}
		var base string
		for i, m := range spelling.FindAllStringSubmatch(cells[1], -1) {
			switch {
			case strings.HasSuffix(m[1], "/"):
				base = m[1]
				rooms = append(rooms, strings.TrimSuffix(base, "/"))
			case i == 0:
				rooms = append(rooms, m[1])
			default:
				for _, word := range strings.Fields(m[1]) {
					rooms = append(rooms, base+word)
				}
			}
		}
	}
	return rooms
}

// covers reports whether a folder has a row.
func covers(rooms []string, dir string) bool {
	return slices.ContainsFunc(rooms, func(room string) bool {
		all, below := strings.CutSuffix(room, "…")
		return room == dir || below && strings.HasPrefix(dir, all)
	})
}

// TestArchitecturePaths checks that each path in the text exists.
func TestArchitecturePaths(t *testing.T) {
	for _, m := range spelling.FindAllStringSubmatch(pages(t)[architecturePage], -1) {
		if !regexp.MustCompile(`^[\w.-]+(/[\w.-]+)+$`).MatchString(m[1]) {
			continue
		}
		if _, err := os.Stat(filepath.Join(root, m[1])); err != nil {
			t.Errorf("%s: %v", architecturePage, err)
		}
	}
}
