package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// madePicture matches the comment in a document that has the command of the picture below it.
var madePicture = regexp.MustCompile(
	`(?m)^<!-- rollsim (view .* -o (docs/pictures/.*\.svg)) -->\n!\[[^\]]+\]\(([^)]+)\)$`)

// TestPictures draws the pictures of the documents again, with the commands in the comments before
// them, and checks that every chapter of the tutorial has one. UPDATE=1 go test ./cmd/rollsim -run
// TestPictures rewrites them; look at each that changes.
func TestPictures(t *testing.T) {
	t.Chdir("../..")
	documents, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := make(map[string]string) // by picture
	for _, document := range append(documents, "README.md") {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		all := madePicture.FindAllStringSubmatch(string(text), -1)
		if n := strings.Count(string(text), ".svg)"); n != len(all) {
			t.Errorf("%s: %d of %d pictures have a comment with their command", document, len(all), n)
		}
		for _, m := range all {
			if shown := filepath.Join(filepath.Dir(document), m[3]); shown != filepath.FromSlash(m[2]) {
				t.Errorf("%s: the command makes %s, and %s is shown", document, m[2], shown)
			}
			if other := commands[m[2]]; other != "" && other != m[1] {
				t.Errorf("%s: two commands make it: %s and %s", m[2], other, m[1])
			}
			commands[m[2]] = m[1]
		}
		if document == filepath.Join("docs", "tutorial.md") {
			checkChapters(t, string(text))
		}
	}
	for name, command := range commands {
		checkPicture(t, name, command)
	}
	files, err := filepath.Glob("docs/pictures/*")
	if err != nil || len(files) != len(commands) {
		t.Errorf("%d files in docs/pictures, and %d commands that make them: %v", len(files),
			len(commands), err)
	}
}

// checkChapters checks that each chapter of the tutorial has a picture.
func checkChapters(t *testing.T, tutorial string) {
	t.Helper()
	chapters := strings.Split(tutorial, "\n## ")[1:]
	for _, chapter := range chapters {
		if title := firstLine(chapter); !madePicture.MatchString(chapter) {
			t.Errorf("chapter %q of the tutorial has no picture", title)
		}
	}
	if len(chapters) < 10 {
		t.Errorf("the tutorial has %d chapters", len(chapters))
	}
}

// checkPicture compares a picture with what its command writes.
func checkPicture(t *testing.T, name, command string) {
	t.Helper()
	args := commandWord.FindAllString(command, -1)
	for i := range args {
		args[i] = strings.Trim(args[i], "'")
	}
	fresh := filepath.Join(t.TempDir(), "picture.svg")
	args[slices.Index(args, "-o")+1] = fresh
	if code, _, errs := inProcess(t, args...); code != exitHolds {
		t.Errorf("%s: %s", command, errs)
		return
	}
	want, err := os.ReadFile(fresh)
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(name, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(name); err != nil || string(got) != string(want) {
		t.Errorf("%s is not current (%v): UPDATE=1 go test ./cmd/rollsim -run TestPictures rewrites it; "+
			"look at it", name, err)
	}
}
