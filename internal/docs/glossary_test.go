package docs

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/suite/lint"
	"rollsim/trace"
)

const glossaryPage = "docs/glossary.md"

// A term is one row of the glossary.
type term struct {
	section, word, meaning, trace, feature string
	line                                   int
}

// glossary returns the rows of docs/glossary.md.
func glossary(t *testing.T) []term {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, glossaryPage))
	if err != nil {
		t.Fatal(err)
	}
	var terms []term
	var section string
	for i, line := range strings.Split(string(text), "\n") {
		if heading, is := strings.CutPrefix(line, "## "); is {
			section = heading
		}
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if !strings.HasPrefix(line, "| ") || cells[0] == "word" {
			continue
		}
		row := term{section: section, word: cells[0], meaning: cells[1], line: i + 1}
		if len(cells) == 4 {
			row.trace, row.feature = cells[2], cells[3]
		}
		terms = append(terms, row)
	}
	return terms
}

// TestGlossaryIsComplete compares the sections of the glossary with the enumerations of the code.
func TestGlossaryIsComplete(t *testing.T) {
	inPage := make(map[string][]string)
	for _, row := range glossary(t) {
		inPage[row.section] = append(inPage[row.section], row.word)
		if words := len(strings.Fields(row.meaning)); words < 3 || words > 60 {
			t.Errorf("%s:%d: the meaning of %s has %d words", glossaryPage, row.line, row.word, words)
		}
	}
	for section, want := range map[string][]string{
		"States of a rollout": namesOf(reducer.States()),
		"States of a host":    namesOf(reducer.HostStates()),
		"Gates":               trace.Gates(),
		"Events":              namesOf(reducer.EventKinds()),
		"Effects":             namesOf(reducer.EffectKinds()),
		"Messages of agents":  namesOf(reducer.AgentEventKinds()),
		"Fates":               fates(t),
		"Faults":              namesOf(sim.FaultKinds()),
	} {
		if !slices.Equal(inPage[section], want) {
			t.Errorf("%s, %q: has %q, want %q", glossaryPage, section, inPage[section], want)
		}
	}
}

func namesOf[T fmt.Stringer](all []T) []string {
	var names []string
	for _, v := range all {
		names = append(names, v.String())
	}
	return names
}

// fates returns the fates that the schema of scenarios allows.
func fates(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "scenarios/schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	pattern := regexp.MustCompile(`"fate": \{\s*"type": "string",\s*"enum": \[([^]]*)\]`)
	enum := pattern.FindSubmatch(text)
	if enum == nil {
		t.Fatal("the schema has no enum for fate")
	}
	var names []string
	for _, m := range regexp.MustCompile(`"([^"]+)"`).FindAllSubmatch(enum[1], -1) {
		names = append(names, string(m[1]))
	}
	return names
}

// spelling matches a code span of a table cell.
var spelling = regexp.MustCompile("`([^`]+)`")

// TestGlossaryFeatures checks that each sentence of the glossary is one of a feature.
func TestGlossaryFeatures(t *testing.T) {
	for _, row := range glossary(t) {
		for _, m := range spelling.FindAllStringSubmatch(row.feature, -1) {
			for _, problem := range wrongSentence(t, m[1]) {
				t.Errorf("%s:%d: %s: %s", glossaryPage, row.line, m[1], problem)
			}
		}
	}
	for _, wrong := range []string{
		`Then "stable@a1" is Terminated`, `Then channel "stable" is stranded by ref "a1"`, "stuck",
	} {
		if len(wrongSentence(t, wrong)) == 0 {
			t.Errorf("no problem is found with %q", wrong)
		}
	}
}

// wrongSentence returns what lint finds in a sentence that does not depend on the rest of a story.
func wrongSentence(t *testing.T, sentence string) []string {
	t.Helper()
	if !regexp.MustCompile(`^(Given|When|Then) `).MatchString(sentence) {
		return []string{"it begins with no keyword"}
	}
	text := "Feature: F\n\n  Scenario: S\n    " + sentence + "\n"
	found, err := lint.Check(fstest.MapFS{"f.feature": {Data: []byte(text)}}, []string{"f.feature"})
	if err != nil {
		t.Fatal(err)
	}
	var problems []string
	for _, f := range found {
		switch f.Rule.Name {
		case "unreadable-feature", "undefined-step", "unknown-value", "stray-step":
			problems = append(problems, f.Message)
		}
	}
	return problems
}

// TestGlossaryTraces checks that each spelling of the glossary occurs in a golden, or in the trace
// of one of a few scenarios.
func TestGlossaryTraces(t *testing.T) {
	traces := traceText(t)
	for _, row := range glossary(t) {
		for _, m := range spelling.FindAllStringSubmatch(row.trace, -1) {
			if !strings.Contains(traces, m[1]) {
				t.Errorf("%s:%d: %q occurs in no trace", glossaryPage, row.line, m[1])
			}
		}
	}
	if strings.Contains(traces, "event HostLeft") {
		t.Error("event HostLeft occurs in a trace")
	}
}

// traceText returns all goldens, with one space between columns, and some traces as JSON.
func traceText(t *testing.T) string {
	t.Helper()
	shipped := os.DirFS(root)
	files, err := fs.Glob(shipped, "golden/*.golden")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, file := range files {
		text, err := fs.ReadFile(shipped, file)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(regexp.MustCompile(` +`).ReplaceAllString(string(text), " "))
	}
	for _, name := range []string{
		"budget-of-two", "cascade-resumes-with-the-next-ref", "failure-under-rfc0008",
		"faults-all-at-once", "superseded-mid-wave", "wave-regresses-under-rfc0008",
	} {
		file, err := scenario.LoadFS(shipped, "scenarios/"+name+".yaml")
		if err != nil {
			t.Fatal(err)
		}
		m, _ := machine.ByName(file.Scenario.Machine)
		opt := sim.Options{Machine: m, Seed: file.Scenario.Seed}
		if _, err := file.WriteNDJSON(&b, opt); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}
