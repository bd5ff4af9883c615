package debugger

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestDocument checks that the screen in the document is current. UPDATE=1 writes it.
func TestDocument(t *testing.T) {
	const file = "../../docs/debug.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m := started(t, Options{Name: failing})
	press(m, "n", "right")
	lines := strings.Split(screen(m), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	want := "```text\n" + strings.Join(lines, "\n") + "\n```"
	block := regexp.MustCompile("(?s)```text\n.*?```")
	if os.Getenv("UPDATE") != "" {
		text = []byte(block.ReplaceAllLiteralString(string(text), want))
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := block.FindString(string(text)); got != want {
		t.Errorf("%s has\n%s\nwant\n%s", file, got, want)
	}
	for _, b := range allBindings() {
		key := "`" + strings.Fields(b.show)[0] + "`"
		if b.show != "S-Tab" && !strings.Contains(string(text), key) {
			t.Errorf("%s does not explain %s", file, key)
		}
	}
}
