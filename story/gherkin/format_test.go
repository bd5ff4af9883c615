package gherkin

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFormat lays out a feature in which everything is askew. UPDATE_GOLDENS=1 rewrites the result.
func TestFormat(t *testing.T) {
	askew, err := os.ReadFile("testdata/askew.txt")
	if err != nil {
		t.Fatal(err)
	}
	got, err := Format("askew.feature", askew)
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/straight.txt"
	if os.Getenv("UPDATE_GOLDENS") != "" {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || string(got) != string(want) {
		t.Errorf("%v\ngot\n%s\nwant\n%s", err, got, want)
	}
}

// TestFormatComments lays out comments that belong to the line before or after them, with both
// kinds of line ends.
func TestFormatComments(t *testing.T) {
	const text = "Feature: x\nScenario: y\n# of y\n\nGiven z\n# of z\n\n" +
		"Given these\n# of the row\n\n|a|\n# of the table\n\n@b\nScenario: w\nGiven z\n\n# the end"
	const want = `Feature: x

  Scenario: y
    # of y

    Given z
    # of z

    Given these
      # of the row
      | a |
      # of the table

  @b
  Scenario: w
    Given z

  # the end
`
	for _, newline := range []string{"\n", "\r\n"} {
		got, err := Format("x.feature", []byte(strings.ReplaceAll(text, "\n", newline)))
		if err != nil || string(got) != want {
			t.Errorf("%v\ngot\n%s\nwant\n%s", err, got, want)
		}
	}
}

func TestFormatErrors(t *testing.T) {
	const scenario = "Feature: x\n  Scenario: y\n    Given z\n"
	for _, text := range []string{"", scenario + "  Givenn\n", "\x00", scenario + "      \"\"\"\n"} {
		var refused *Error
		if _, err := Format("x.feature", []byte(text)); !errors.As(err, &refused) ||
			refused.File != "x.feature" {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// FuzzFormat lays out every text that Gherkin can read. Doing so a second time changes nothing.
// Format itself checks that it changes no words.
func FuzzFormat(f *testing.F) {
	files, err := filepath.Glob("../../features/*/*.feature")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, name := range append(files, "testdata/askew.txt") {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("Feature: x\n  About it.\r\r\n  Scenario: y\n    Given z\n")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := Parse("x.feature", []byte(text)); err != nil {
			t.Skip()
		}
		once, err := Format("x.feature", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if twice, err := Format("x.feature", once); err != nil || string(twice) != string(once) {
			t.Fatalf("%v\nonce\n%s\ntwice\n%s", err, once, twice)
		}
	})
}

// TestChanged compares files with texts that say something else.
func TestChanged(t *testing.T) {
	const text = "Feature: a\n  Scenario: b\n    Given c\n  Scenario: d\n    Given e f\n"
	for formatted, want := range map[string]string{
		strings.Replace(text, "Given c", "Given x", 1):    `3 the text "Given c"`,
		strings.Replace(text, "  Scenario: d", "", 1):     `4 the text "Scenario: d"`,
		strings.Replace(text, "Given e f", "Given ef", 1): `4 scenario "d"`,
	} {
		before, err := Parse("x.feature", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		after, err := Parse("x.feature", []byte(formatted))
		if err != nil {
			t.Fatal(err)
		}
		if line, cause := changed(before, after); fmt.Sprint(line, " ", cause) != want {
			t.Errorf("%q: got %d %s, want %s", formatted, line, cause, want)
		}
	}
}
