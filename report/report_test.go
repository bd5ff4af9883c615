package report

import (
	"bytes"
	"testing"
)

func TestWriteJSON(t *testing.T) {
	document := struct {
		Text   string         `json:"text"`
		List   []string       `json:"list"`
		Counts map[string]int `json:"counts"`
	}{"<a & \xff>", nil, map[string]int{"b": 2, "c": 3, "a": 1}}
	const want = `{
  "text": "<a & ` + "\ufffd" + `>",
  "list": [],
  "counts": {
    "a": 1,
    "b": 2,
    "c": 3
  }
}
`
	for range 10 { // a map has a random order
		var b bytes.Buffer
		if err := writeJSON(&b, document); err != nil {
			t.Fatal(err)
		}
		if b.String() != want {
			t.Fatalf("got\n%s\nwant\n%s", b.String(), want)
		}
	}
	if err := writeJSON(new(bytes.Buffer), func() {}); err == nil {
		t.Error("a function is written as JSON")
	}
}

func TestAligned(t *testing.T) {
	rows := []row{{{"a"}, {"b"}}, {{"→x", "y"}, {"1"}}, {{"z"}}}
	if got, want := aligned(rows), "a   b\n→x  1\ny\nz\n"; got != want {
		t.Errorf("aligned: got\n%s\nwant\n%s", got, want)
	}
	if got, want := markdown(rows[:2]), "| a | b |\n|---|---|\n| →x; y | 1 |\n"; got != want {
		t.Errorf("markdown: got\n%s\nwant\n%s", got, want)
	}
}

func TestSampleTable(t *testing.T) {
	got := sampleTable([][]string{{"host", "wave"}, {"zürich", "0"}}, "  ")
	if want := "  | host   | wave |\n  | zürich | 0    |\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestIndentLines(t *testing.T) {
	if got, want := indentLines("a\n\nb\n"), "    a\n\n    b\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
