// Package docs has no code but tests. They check the prose of the repository, and compare the
// documents with the code that they describe.
package docs

import (
	"bytes"
	"fmt"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDialect refuses the phrases and names of docs/words.md: phrases in comments and strings of Go
// code, in the documents, in scenarios' comments and in features' descriptions; names in Go code.
func TestDialect(t *testing.T) {
	files := 0
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains(exempt, name) {
			return fs.SkipDir
		}
		read := readers[filepath.Ext(name)]
		if d.IsDir() || read == nil || name == wordsPage || strings.Contains(name, "/testdata/") {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return err
		}
		files++
		for _, found := range read(text) {
			t.Errorf("%s:%s", name, found)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 400 {
		t.Errorf("only %d files were read", files)
	}
}

// root is the root folder of the repository, and wordsPage the document that lists the phrases.
const (
	root      = "../.."
	wordsPage = "docs/words.md"
)

// exempt lists the folders that are not read. This one names what it refuses.
var exempt = []string{"internal/docs", ".git"}

// readers has the function that checks a file, by the extension of its name. Each returns a line
// for each phrase and name that it finds, in the form "LINE: AVOID (write WRITE)".
var readers = map[string]func(text []byte) []string{
	".go":      readGo,
	".md":      findPhrases,
	".yaml":    readScenario,
	".feature": readFeature,
}

// TestReaders checks what counts as prose in each kind of file, and which line is named.
func TestReaders(t *testing.T) {
	for _, test := range []struct{ ext, text, want string }{
		{".go", "package p\n\n// F goes\n// on.\nfunc gives() {}\n", "3: goes on"},
		{".go", "package p // F goes\n\n// On.\n", ""},
		{".go", "package p\n\n/* F goes\non. */\n", "3: goes on"},
		{".go", "package p\n\nvar s = \"the run \" +\n\t\"goes on\"\n", "4: goes on"},
		{".go", "package p\n\nvar s = \"the run goes \" +\n\t\"on\"\n", "3: goes on"},
		{".go", "package p\n\nvar s = []string{\"goes\", \"on\"}\n", ""},
		{".go", "package p\n\nvar s = `\nit goes on`\n", "4: goes on"},
		{".go", "package p\n\nvar lastBreath = 'a'\n", "3: breath"},
		{".go", "package p\n\nvar breadth = 'a'\n", ""},
		{".go", "package p\n\nvar here, there = 'a', 'b'\n", "3: here"},
		{".go", "package p\n\nvar adhere = 'a'\n", ""},
		{".md", "One line.\nIt Goes\non.\n", "2: goes on"},
		{".md", "It goes\n\non.\n", ""},
		{".yaml", "# It goes\n# on.\nreason: goes on\n", "1: goes on"},
		{".yaml", "at: 5s # goes on\n", "1: goes on"},
		{".feature", "Feature: It goes on\n  Scenario: A\n    Given it goes on\n", "1: goes on"},
		{".feature", "Feature: A\n  It goes\n  on.\n", "2: goes on"},
		{".feature", "Feature: A\n  | it goes on |\n", ""},
	} {
		var got []string
		for _, found := range readers[test.ext]([]byte(test.text)) {
			place, _, _ := strings.Cut(found, " (write ")
			got = append(got, place)
		}
		if strings.Join(got, "; ") != test.want {
			t.Errorf("%q: found %q, want %q", test.text, got, test.want)
		}
	}
}

// TestPhrases checks that each phrase is found in its bad example, and none in a good one.
func TestPhrases(t *testing.T) {
	for _, p := range phrases {
		if !slices.ContainsFunc(findPhrases([]byte(p.bad)), func(found string) bool {
			return strings.Contains(found, p.avoid+" (write "+p.write)
		}) {
			t.Errorf("%s: not found in %q", p.avoid, p.bad)
		}
		if found := findPhrases([]byte(p.good)); len(found) > 0 {
			t.Errorf("%s: %q in the good example %q", p.avoid, found, p.good)
		}
	}
}

// patterns and allowed are the regular expressions of phrases. A space in a phrase also matches the
// end of a line, and never that of a paragraph.
var (
	patterns = compile(func(p phrase) string { return `\b(?:` + p.pattern + `)\b` })
	allowed  = compile(func(p phrase) string { return p.allow })
)

func compile(text func(phrase) string) []*regexp.Regexp {
	space := strings.NewReplacer(" ", `(?:[ \t]+|[ \t]*\n[ \t]*)`)
	var all []*regexp.Regexp
	for _, p := range phrases {
		all = append(all, regexp.MustCompile(space.Replace(text(p))))
	}
	return all
}

// findPhrases returns a line for each phrase in a text that is all prose.
func findPhrases(text []byte) []string {
	text = bytes.ToLower(text)
	var all []string
	for i, p := range phrases {
		for _, at := range patterns[i].FindAllIndex(text, -1) {
			around := text[max(0, at[0]-allowance):min(at[1]+allowance, len(text))]
			if p.allow == "" || !allowed[i].Match(around) {
				all = append(all, fmt.Sprintf("%d: %s (write %s)", lineAt(text, at[0]), p.avoid, p.write))
			}
		}
	}
	return all
}

// allowance is how much of the text around a phrase counts for its allow.
const allowance = 10

func lineAt(text []byte, offset int) int { return 1 + bytes.Count(text[:offset], []byte("\n")) }

// readGo checks the comments, the strings and the names of a Go file.
func readGo(text []byte) []string {
	var found []string
	// What is no prose becomes \x00, so that offsets stay and no phrase reaches across it.
	prose := bytes.Repeat([]byte{0}, len(text))
	keep := func(from, to int) { copy(prose[from:to], text[from:to]) }
	blank := func(from, to int) { copy(prose[from:to], bytes.Repeat([]byte(" "), to-from)) }
	for i, c := range text {
		if c == '\n' || c == '\t' || c == ' ' {
			prose[i] = c
		}
	}
	files := token.NewFileSet()
	file := files.AddFile("", -1, len(text))
	var s scanner.Scanner
	s.Init(file, text, nil, scanner.ScanComments)
	for {
		pos, tok, literal := s.Scan()
		from := file.Offset(pos)
		to := from + len(literal)
		switch tok {
		case token.EOF:
			return append(found, findPhrases(prose)...)
		case token.COMMENT, token.STRING:
			keep(from, to)
			marks := 1 // quotes
			if tok == token.COMMENT {
				marks = 2
			}
			blank(from, from+marks)
			if tok == token.STRING || text[from+1] == '*' {
				blank(to-marks, to)
			}
		case token.ADD: // between strings
			blank(from, from+1)
		case token.IDENT:
			for _, name := range names {
				if name.pattern.MatchString(literal) {
					found = append(found,
						fmt.Sprintf("%d: %s (write %s)", lineAt(text, from), name.avoid, name.write))
				}
			}
		}
	}
}

// readScenario checks the comments of a YAML file.
func readScenario(text []byte) []string {
	lines := bytes.Split(text, []byte("\n"))
	for i, line := range lines {
		_, comment, _ := bytes.Cut(line, []byte("#"))
		lines[i] = comment
	}
	return findPhrases(bytes.Join(lines, []byte("\n")))
}

// readFeature checks everything in a feature file except its steps, tables and tags.
func readFeature(text []byte) []string {
	step := regexp.MustCompile(`^\s*(Given|When|Then|And|But|\*|\||@)`)
	lines := bytes.Split(text, []byte("\n"))
	for i, line := range lines {
		if step.Match(line) {
			lines[i] = []byte{0}
		}
	}
	return findPhrases(bytes.Join(lines, []byte("\n")))
}
