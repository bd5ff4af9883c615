package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOutputsAreDifferentFiles names one file twice among the outputs of a command, under the same
// spelling and under others. The command fails, and the file does not have the content of the
// second output. An output that is also read, such as the list of --rerun, is refused as an input.
func TestOutputsAreDifferentFiles(t *testing.T) {
	for _, test := range []struct{ args, second string }{
		{"features dd --format junit:OUT --format cucumber:TWIN", "["},
		{"features dd --format junit:OUT --rerun TWIN", "dd/"},
		{"check s.yaml --update --junit TWIN", "<?xml"},
		{"features dd --format cucumber:OUT --format github", "["},
	} {
		for _, spelling := range []string{"same", "dot", "absolute", "link", "folder link"} {
			t.Run(strings.ReplaceAll(test.args, "/", "|")+", "+spelling, func(t *testing.T) {
				dir := t.TempDir()
				t.Chdir(dir)
				for name, text := range inputs(t) {
					if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				out := "both"
				if strings.Contains(test.args, "--update") {
					out = "s.golden"
				}
				twin := twinOf(t, dir, out, spelling)
				args := strings.Fields(strings.NewReplacer("OUT", out, "TWIN", twin).Replace(test.args))
				t.Setenv("GITHUB_STEP_SUMMARY", twin)
				code, _, errs := inProcess(t, args...)
				if code != exitUsage || !strings.Contains(errs, "has written this file already") &&
					!strings.Contains(errs, "is one of the inputs") &&
					!strings.Contains(errs, "a file that no other format has") {
					t.Errorf("exit %d: %s", code, errs)
				}
				if data, _ := os.ReadFile(out); strings.HasPrefix(string(data), test.second) {
					t.Errorf("the file has %.40q", data)
				}
			})
		}
	}
}

// twinOf returns another name of a file, which may not exist yet.
func twinOf(t *testing.T, dir, name, spelling string) string {
	t.Helper()
	var err error
	twin := "twin"
	switch spelling {
	case "same":
		return name
	case "dot":
		return "./dd/../" + name
	case "absolute":
		return filepath.Join(dir, name)
	case "link":
		err = os.Symlink(name, twin)
	case "folder link":
		err = os.Symlink(dir, "folder")
		twin = filepath.Join("folder", name)
	}
	if err != nil {
		t.Skip(err)
	}
	return twin
}

// TestKindsOfOneSeed checks that a sweep in which one seed fails in several ways writes the files
// of that seed, and that its parts can be merged.
func TestKindsOfOneSeed(t *testing.T) {
	t.Chdir(t.TempDir())
	code, out, errs := inProcess(t, "explore", "--machine", "v0.2", "--seeds", "1:3", "-o", "part")
	if code != exitDiffers || strings.Count(out, "first in seed 2\n") < 2 {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	if code, _, errs := inProcess(t, "merge", "part", "-o", "whole"); code != exitDiffers {
		t.Errorf("exit %d: %s", code, errs)
	}
	for _, name := range []string{"part/seed-2.ndjson", "part/seed-2.yaml", "whole/seed-2.ndjson"} {
		if _, err := os.Stat(name); err != nil {
			t.Error(err)
		}
	}
}
