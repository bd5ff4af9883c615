package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWordsPage compares the two tables at the end of docs/words.md with phrases and names.
// UPDATE=1 go test ./internal/docs -run WordsPage rewrites them.
func TestWordsPage(t *testing.T) {
	const heading = "\n## Phrases\n"
	page := filepath.Join(root, wordsPage)
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, _, found := strings.Cut(string(text), heading)
	if !found {
		t.Fatalf("%s has no heading %q", wordsPage, strings.TrimSpace(heading))
	}
	want := before + heading + phraseTables()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(text) != want {
		t.Errorf("%s is not current: UPDATE=1 go test ./internal/docs -run WordsPage rewrites it",
			wordsPage)
	}
}

// phraseTables returns the end of docs/words.md.
func phraseTables() string {
	var b strings.Builder
	b.WriteString("\nA test refuses these in comments, messages and documents.\n\n" +
		"| not | but | for example |\n|---|---|---|\n")
	for _, p := range phrases {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", p.avoid, p.write, strings.TrimPrefix(p.good, "// "))
	}
	b.WriteString("\nIt also refuses names in Go code with these words:\n\n| not | but |\n|---|---|\n")
	for _, n := range names {
		fmt.Fprintf(&b, "| `%s` | %s |\n", n.avoid, n.write)
	}
	return b.String()
}
