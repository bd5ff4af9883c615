package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// pages returns the text of each document, by its path from the root folder.
func pages(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "docs/*.md"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no documents: %v", err)
	}
	files = append(files, filepath.Join(root, "README.md"), filepath.Join(root, "CHANGELOG.md"))
	all := make(map[string]string)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name, err := filepath.Rel(root, file)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.ToSlash(name)] = string(text)
	}
	return all
}

// TestLinks checks that each link between files leads to a file, and to a heading in it.
func TestLinks(t *testing.T) {
	for name, text := range pages(t) {
		for _, link := range brokenLinks(name, text) {
			t.Errorf("%s: the link %s leads nowhere", name, link)
		}
	}
	for _, bad := range []string{"[A](none.md)", "[A](glossary.md#none)", "[A](#none)"} {
		if len(brokenLinks("docs/page.md", bad)) == 0 {
			t.Errorf("the broken link in %q is not found", bad)
		}
	}
	for _, good := range []string{
		"[A](glossary.md#faults)", "[A](../README.md)", "## B, C\n[A](#b-c)",
	} {
		if broken := brokenLinks("docs/page.md", good); len(broken) > 0 {
			t.Errorf("the links in %q are good, found %q", good, broken)
		}
	}
}

// brokenLinks returns the links in a document to files or headings that do not exist.
func brokenLinks(name, text string) []string {
	var broken []string
	for _, m := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(text, -1) {
		file, anchor, _ := strings.Cut(m[1], "#")
		if strings.Contains(file, "://") {
			continue
		}
		target := []byte(text)
		if file != "" {
			var err error
			target, err = os.ReadFile(filepath.Join(root, filepath.Dir(name), file))
			if err != nil {
				broken = append(broken, m[1])
				continue
			}
		}
		if anchor != "" && !hasHeading(string(target), anchor) {
			broken = append(broken, m[1])
		}
	}
	return broken
}

// hasHeading reports whether a document has a heading with the anchor that GitHub makes of it.
func hasHeading(text, anchor string) bool {
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		words := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(m[1]), "")
		if strings.ReplaceAll(words, " ", "-") == anchor {
			return true
		}
	}
	return false
}

// TestGlossaryIsLinked checks that every document links to the glossary.
func TestGlossaryIsLinked(t *testing.T) {
	for name, text := range pages(t) {
		if name != glossaryPage && name != "CHANGELOG.md" && !strings.Contains(text, "glossary.md)") {
			t.Errorf("%s does not link to the glossary", name)
		}
	}
}
