package visible

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

var texts = map[string]string{
	"":                      "",
	"stable\n\tx":           "stable\n\tx",
	"zürich 東京 ✗ 👍":         "zürich 東京 ✗ 👍",
	"e\u0301 ~ \u00a0":      "e\u0301 ~ \u00a0",
	"\x00\x1b[2J\r\x7f":     `\u0000\u001b[2J\u000d\u007f`,
	"\u0080\u009b31m\u009f": `\u0080\u009b31m\u009f`,
	"\u202e\u2066\u200e":    `\u202e\u2066\u200e`,
	"\u2028\u2029":          `\u2028\u2029`,
	"\u200b\u2060\ufeff":    `\u200b\u2060\ufeff`,
	"\u3164\u115f\u034f":    `\u3164\u115f\u034f`,
	"\U000e0001\U00100000":  `\udb40\udc01\udbc0\udc00`,
	"\x9b31m \xff \xe2\x80": "\ufffd31m \ufffd \ufffd\ufffd",
	"a\u00ad\u061c\u180eb":  `a\u00ad\u061c\u180eb`,
	"\\\u202e":              `\\u202e`,
}

func TestEscape(t *testing.T) {
	for text, want := range texts {
		if got := Escape(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := Name("a\n\tb\x1b"); got != `a\u000a\u0009b\u001b` {
		t.Errorf("the name is %q", got)
	}
}

// TestEscapeOfJSON escapes documents: they keep their meaning.
func TestEscapeOfJSON(t *testing.T) {
	for text := range texts {
		document, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		var want, got string
		if err := json.Unmarshal(document, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(Escape(string(document))), &got); err != nil || got != want {
			t.Errorf("%q: %q, %v", want, got, err)
		}
	}
}

// TestWriter writes texts in parts of every length.
func TestWriter(t *testing.T) {
	for text, want := range texts {
		for size := 1; size <= 5; size++ {
			var b strings.Builder
			w := NewWriter(&b)
			for i := 0; i < len(text); i += size {
				part := text[i:min(i+size, len(text))]
				if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
					t.Fatal(n, err)
				}
			}
			// The writer waits for the rest of an incomplete character.
			if got := b.String(); got != want && got+"\ufffd\ufffd" != want {
				t.Errorf("%q in parts of %d: %q, want %q", text, size, got, want)
			}
		}
	}
	var b strings.Builder
	w := NewWriter(&b)
	w.Marks = map[rune]string{'\U00100007': "\x1b[31m"}
	if _, err := w.Write([]byte("\U00100007\U00100008\x1b[31m")); err != nil {
		t.Fatal(err)
	}
	if want := "\x1b[31m" + `\udbc0\udc08\u001b[31m`; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
	b.Reset()
	for _, name := range []string{"d/a\nb.yaml", "--host=x\ty\n", "\n", "plain"} {
		w.OneLine(name)
	}
	if _, err := w.Write([]byte("a\nb.yaml:1 a\nb\nx\ty\n\x1b\nplain")); err != nil {
		t.Fatal(err)
	}
	want := `a\u000ab.yaml:1 a\u000ab` + "\n" + `x\u0009y\u000a\u001b` + "\nplain"
	if b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
	for _, text := range []string{"plain", "\x1b"} {
		if _, err := NewWriter(failing{}).Write([]byte(text)); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no space") }
