package shell

import (
	"os/exec"
	"strings"
	"testing"
)

func TestJoin(t *testing.T) {
	tests := []struct {
		words []string
		want  string
	}{
		{nil, ""},
		{[]string{"replay", "log.ndjson.gz", "--rollout", "stable@a1b2c3"},
			"replay log.ndjson.gz --rollout stable@a1b2c3"},
		{[]string{"50%", "a+b", "x=y", "1:10", "a,b", "Häuser"}, "50% a+b x=y 1:10 a,b Häuser"},
		{[]string{""}, "''"},
		{[]string{"two words"}, "'two words'"},
		{[]string{"it's"}, `'it'\''s'`},
		{[]string{"$HOME"}, "'$HOME'"},
		{[]string{"*.yaml"}, "'*.yaml'"},
		{[]string{"~"}, "'~'"},
		{[]string{"a\nb"}, "'a\nb'"},
	}
	for _, tt := range tests {
		if got := Join(tt.words...); got != tt.want {
			t.Errorf("Join(%q) = %s, want %s", tt.words, got, tt.want)
		}
	}
}

// TestJoinInShell compares the words with those that a real shell reads.
func TestJoinInShell(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh")
	}
	words := []string{
		"plain",
		"",
		"two words",
		"it's",
		"$HOME `id` \\ \"",
		"*",
		";&|<>()#!~{}[]?",
		"a\nb",
	}
	command := "printf '%s\\0' "
	out, err := exec.CommandContext(t.Context(), sh, "-c", command+Join(words...)).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(out), strings.Join(words, "\x00")+"\x00"; got != want {
		t.Errorf("the shell reads %q, want %q", got, want)
	}
	out, _ = exec.CommandContext(t.Context(), sh, "-c", command+strings.Join(words, " ")).Output()
	if string(out) == strings.Join(words, "\x00")+"\x00" {
		t.Error("the shell reads the same words without quotes: the test compares nothing")
	}
}
