package scenario

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/goccy/go-yaml/lexer"
)

// TestFormat formats a scenario that breaks each rule of the layout. UPDATE=1 rewrites the wanted
// result.
func TestFormat(t *testing.T) {
	text, err := os.ReadFile("testdata/layout/unformatted.txt")
	if err != nil {
		t.Fatal(err)
	}
	got, err := Format("x.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	compareFile(t, "testdata/layout/formatted.txt", got)
}

func TestFormatErrors(t *testing.T) {
	for _, text := range []string{"", "- a\n", "a: [\n", "a: &x 1\n", "\xff"} {
		var refused *Error
		if _, err := Format("x.yaml", []byte(text)); !errors.As(err, &refused) ||
			refused.File != "x.yaml" {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// FuzzFormat formats any text that can be read. Formatting twice must equal formatting once, and a
// valid scenario must keep its meaning. Format itself checks that nothing else changes.
func FuzzFormat(f *testing.F) {
	files, err := filepath.Glob("../scenarios/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, name := range append(files, "testdata/layout/unformatted.txt") {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		before, wrong := Parse("x.yaml", []byte(text))
		once, err := Format("x.yaml", []byte(text))
		if err != nil && wrong != nil {
			t.Skip()
		}
		if err != nil {
			t.Fatal(err)
		}
		if twice, err := Format("x.yaml", once); err != nil || string(twice) != string(once) {
			t.Fatalf("%v\nonce\n%s\ntwice\n%s", err, once, twice)
		}
		if after, err := Parse("x.yaml", once); wrong == nil &&
			(err != nil || !reflect.DeepEqual(after, before)) {
			t.Fatalf("%v\n%s", err, once)
		}
	})
}

// TestShippedIsFormatted checks that rollsim fmt would not change the scenarios that ship.
func TestShippedIsFormatted(t *testing.T) {
	files, err := filepath.Glob("../scenarios/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if formatted, err := Format(name, text); err != nil {
			t.Error(err)
		} else if string(formatted) != string(text) {
			t.Errorf("%s is not formatted: go run ./cmd/rollsim fmt scenarios/%s", name, filepath.Base(name))
		}
	}
}

// TestChanged compares files with texts of another meaning: the cause has the place in the file.
func TestChanged(t *testing.T) {
	const text = "channels: [a] # one\nseed: 7\n"
	for formatted, want := range map[string]string{
		text:                               "",
		"channels:   [a]   # one\nseed: 7": "",
		"channels: [b] # one\nseed: 7":     `1:1: field "channels"`,
		"channels: [a] # one\nseeds: 7":    `2:1: field "seed"`,
		"channels: [a] # one":              `2:1: field "seed"`,
		"channels: [a] # one\nseed: '7'":   `2:1: field "seed"`,
		text + "horizon: 1d":               `0:0: field "horizon" is new`,
		"channels: [a] # two\nseed: 7":     `1:15: comment "# one"`,
		"channels: [a]\nseed: 7":           `1:15: comment "# one"`,
		text + "# three":                   `0:0: comment "# three" is new`,
		"channels: [a\n": "0:0: it could not be read again (:1:11: sequence end token ']' not " +
			"found)",
	} {
		root := readYAML(&problems{}, []byte(text), scenarioKind)
		again := readYAML(&problems{}, []byte(formatted), scenarioKind)
		at, cause := changed(root, again, lexer.Tokenize(text), []byte(formatted))
		got := fmt.Sprintf("%d:%d: %s", at.line, at.column, cause)
		if cause == "" {
			got = ""
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", formatted, got, want)
		}
	}
}
