package gherkin

import (
	"fmt"
	"testing"

	messages "github.com/cucumber/messages/go/v34"
)

func TestPlain(t *testing.T) {
	for sentence, want := range map[string]string{
		"“stable”  moves\tto « b2 ».": `"stable" moves to "b2"`,
		"‚web-01‘ is „Failed“":        `'web-01' is "Failed"`,
		"v0.2":                        "v0.2",
		"":                            "",
	} {
		if got := Plain(sentence); got != want {
			t.Errorf("%q: got %q, want %q", sentence, got, want)
		}
	}
}

func TestUnquote(t *testing.T) {
	for s, want := range map[string]string{
		`"a"`: "a", `“a”`: "a", `'a'`: "a", `‘a’`: "a", "a": "a", "": "", `a"b`: `a"b`,
	} {
		if got := Unquote(s); got != want {
			t.Errorf("%s: got %q, want %q", s, got, want)
		}
	}
}

func TestPlaceholders(t *testing.T) {
	for text, want := range map[string]string{
		"wave <n> of <a b>": "[n a b]", "1 < 2": "[]", "<>": "[]", "<a|b>": "[]",
	} {
		if got := fmt.Sprint(Placeholders(text)); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestUnfilled(t *testing.T) {
	table := argument([]string{"n"}, []string{"<m>"})
	for _, tt := range []struct {
		step *messages.PickleStep
		want string
	}{
		{&messages.PickleStep{Text: "wave 1"}, ""},
		{&messages.PickleStep{Text: "wave <n>", Argument: table}, "n"},
		{&messages.PickleStep{Text: "waves:", Argument: table}, "m"},
	} {
		if got := Unfilled(tt.step); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.step.Text, got, tt.want)
		}
	}
}
