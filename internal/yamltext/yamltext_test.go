package yamltext

import (
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"pgregory.net/rapid"
)

func TestScalar(t *testing.T) {
	for text, want := range map[string]string{
		"stable":         "stable",
		"stable@a1":      "stable@a1",
		"web-01.example": "web-01.example",
		"a/b":            "a/b",
		// texts that YAML reads as something else
		"":       `""`,
		"true":   `"true"`,
		"No":     `"No"`,
		"y":      `"y"`,
		"NaN":    `"NaN"`,
		"1":      `"1"`,
		"1e3":    `"1e3"`,
		"0x10":   `"0x10"`,
		"-":      `"-"`,
		"*":      `"*"`,
		"@a":     `"@a"`,
		"a: b":   `"a: b"`,
		"a #b":   `"a #b"`,
		"a\nb":   `"a\nb"`,
		`say "a`: `"say \"a"`,
	} {
		if got := Scalar(text); got != want {
			t.Errorf("Scalar(%q) = %s; want %s", text, got, want)
		}
	}
}

// TestScalarRoundTrip reads back what Scalar writes.
func TestScalarRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[ -~äöü\n\t]*`).Draw(t, "text")
		var got struct{ Field any }
		if err := yaml.Unmarshal([]byte("field: "+Scalar(text)+"\n"), &got); err != nil {
			t.Fatalf("%q is written as %s: %v", text, Scalar(text), err)
		}
		if got.Field != text {
			t.Fatalf("%q is written as %s and read as %v", text, Scalar(text), got.Field)
		}
	})
}

func TestComment(t *testing.T) {
	for _, c := range []struct{ indent, text, want string }{
		{"", "One line.", "# One line.\n"},
		{"  ", " a\n b\t c ", "  # a b c\n"},
		{"", "", "#\n"},
		{"", strings.Repeat("x", 200) + " y", "#\n# " + strings.Repeat("x", 200) + "\n# y\n"},
	} {
		if got := Comment(c.indent, c.text); got != c.want {
			t.Errorf("Comment(%q, %q) = %q; want %q", c.indent, c.text, got, c.want)
		}
	}
	text := strings.TrimSpace(strings.Repeat("word ", 100))
	got := Comment("  ", text)
	var words []string
	for line := range strings.Lines(got) {
		if len(line) > width+1 || !strings.HasPrefix(line, "  # ") {
			t.Errorf("a line of %d bytes: %q", len(line), line)
		}
		words = append(words, strings.Fields(strings.TrimPrefix(line, "  # "))...)
	}
	if strings.Join(words, " ") != text || len(words) != 100 {
		t.Errorf("the words are not those of the text: %q", got)
	}
}

func TestDays(t *testing.T) {
	for seconds, want := range map[int64]string{
		0: "0s", 1: "1s", 86399: "86399s", 86400: "1d", 86401: "86401s", 604800: "7d", -86400: "-86400s",
	} {
		if got := Days(seconds); got != want {
			t.Errorf("Days(%d) = %s; want %s", seconds, got, want)
		}
	}
}
