package story

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const tutorial = "../docs/tutorial.md"

var toFeature = regexp.MustCompile(`\[([^]]+)\]\(\.\./(features/[^)]+)\)`)

// TestTutorial checks that the tutorial links to every feature that ships once, by its title, and
// that it has one heading for each folder with the features in it.
func TestTutorial(t *testing.T) {
	text, err := os.ReadFile(tutorial)
	if err != nil {
		t.Fatal(err)
	}
	links, headings := make(map[string]int), make(map[string]int)
	for _, section := range bytes.Split(text, []byte("\n## "))[1:] {
		var folder string
		for _, link := range toFeature.FindAllSubmatch(section, -1) {
			title, file := string(link[1]), string(link[2])
			links[file]++
			feature, err := fs.ReadFile(shipped, file)
			if err != nil {
				t.Errorf("%s links to a file that does not exist: %v", tutorial, err)
			} else if !regexp.MustCompile(`(?m)^Feature: ` + regexp.QuoteMeta(title) + `$`).Match(feature) {
				t.Errorf("%s calls %s %q, which is not its title", tutorial, file, title)
			}
			if folder == "" {
				folder = path.Dir(file)
				headings[folder]++
			} else if folder != path.Dir(file) {
				t.Errorf("%s has %s among the files of %s", tutorial, file, folder)
			}
		}
		if folder == "" {
			heading, _, _ := bytes.Cut(section, []byte("\n"))
			t.Errorf("%s links to nothing under %s", tutorial, heading)
		}
	}
	files, err := filepath.Glob("../features/*/*.feature")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		file = strings.TrimPrefix(filepath.ToSlash(file), "../")
		if links[file] != 1 {
			t.Errorf("%s links to %s %d times", tutorial, file, links[file])
		}
		if folder := path.Dir(file); headings[folder] != 1 {
			t.Errorf("%s has %d headings for %s", tutorial, headings[folder], folder)
		}
	}
}
