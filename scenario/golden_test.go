package scenario

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sebdah/goldie/v2"

	"rollsim/trace"
)

const libraryDir = "../scenarios"

// TestGolden runs every scenario that ships and compares its trace with its golden.
// GOLDIE_UPDATE=1 go test ./scenario rewrites the goldens that differ.
func TestGolden(t *testing.T) {
	golden := goldie.New(t,
		goldie.WithFixtureDir("../golden"),
		goldie.WithNameSuffix(".golden"),
		goldie.WithDiffFn(func(got, want string) string { return "\n" + trace.Diff(want, got) }),
	)
	for _, f := range library(t) {
		t.Run(f.Scenario.Name, func(t *testing.T) {
			once, err := f.Record()
			if err != nil {
				t.Fatal(err)
			}
			again, err := f.Record()
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(once.Text, again.Text) {
				t.Errorf("two runs differ\n%s", trace.Diff(string(once.Text), string(again.Text)))
			}
			if once.Verdict != "" {
				t.Error(once.Verdict)
			}
			name := golden.GoldenFileName(t, f.Scenario.Name)
			if _, err := os.Stat(name); err != nil && flag.Lookup("update").Value.String() != "true" {
				t.Fatalf("%v; GOLDIE_UPDATE=1 go test ./scenario writes it", err)
			}
			golden.Assert(t, f.Scenario.Name, once.Text)
		})
	}
}

// TestGoldenFiles finds goldens without a scenario. TestGolden finds scenarios without a golden.
func TestGoldenFiles(t *testing.T) {
	known := make(map[string]bool)
	for _, f := range library(t) {
		known[f.Scenario.Name+".golden"] = true
	}
	paths, err := filepath.Glob("../golden/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		if !known[filepath.Base(p)] {
			t.Errorf("%s belongs to no scenario", p)
		}
	}
}

// TestLibrary checks that every scenario says what it shows, and names its schema for editors.
func TestLibrary(t *testing.T) {
	for _, f := range library(t) {
		if !strings.HasSuffix(f.Comment, ".") {
			t.Errorf("%s does not open with a comment that says what it shows, in sentences", f.Path)
		}
		data, err := os.ReadFile(filepath.Join(libraryDir, f.Path))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(data, []byte("# ")) {
			t.Errorf("%s does not begin with its comment", f.Path)
		}
		if !bytes.Contains(data, []byte("\n# yaml-language-server: $schema=schema.json\n")) {
			t.Errorf("%s does not name its schema for editors", f.Path)
		}
	}
}

// library loads the scenarios that ship.
func library(t *testing.T) []*File {
	t.Helper()
	fsys := os.DirFS(libraryDir)
	paths, err := List(fsys, ".")
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatal("no scenarios")
	}
	var all []*File
	for _, p := range paths {
		f, err := LoadFS(fsys, p)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}
