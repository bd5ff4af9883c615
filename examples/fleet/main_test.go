package main

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"
)

const page = "../../docs/library.md"

// TestFleet runs the example. Its output is that of the page.
func TestFleet(t *testing.T) {
	var got bytes.Buffer
	if err := check(&got, recorded); err != nil {
		t.Fatal(err)
	}
	if want := block(t, "text"); got.String() != want {
		t.Errorf("printed:\n%s\nwant, from %s:\n%s", &got, page, want)
	}
}

// TestFleetFindsADifference compares the run with a golden in which the host converges.
func TestFleetFindsADifference(t *testing.T) {
	changed := strings.Replace(recorded, "Soaking → Failed", "Soaking → Converged", 1)
	var got bytes.Buffer
	if err := check(&got, changed); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got.String(), "Soaking → Converged\n") {
		t.Errorf("no difference is reported:\n%s", &got)
	}
}

// TestPage checks that the page shows the example.
func TestPage(t *testing.T) {
	source, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(string(source), "\n"+block(t, "go")) {
		t.Errorf("%s does not show the end of main.go", page)
	}
}

// block returns the one code block of a language in the page.
func block(t *testing.T, language string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllSubmatch(text, -1)
	if len(blocks) != 1 {
		t.Fatalf("%s has %d blocks of %s", page, len(blocks), language)
	}
	return string(blocks[0][1])
}
