package gherkin

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

const simple = "\n  Scenario: x\n    Given seed 1\n"

// TestReadErrors reads files that are not feature files, or have a mistake.
func TestReadErrors(t *testing.T) {
	const body = "Feature: x\n  Scenario: x\n    Given seed 1\n"
	const step = `expected a row of a table, """, a step (Given, When, Then, And or But), a tag, ` +
		`Examples:, Scenario:, Rule:, `
	const notText = "not a text in UTF-8: if it is text, save it as UTF-8"
	tests := []struct{ name, text, want string }{
		{"empty", "", `1: this file is empty: expected "Feature: " and its name`},
		{"comments", "# nothing\n\n", `1: this file is empty: expected "Feature: " and its name`},
		{"no scenario", "\n\nFeature: x\n", "3: this feature has no scenario"},
		{
			"prose", "Once upon a time\n",
			`1: expected a tag, Feature:, found "Once upon a time"`,
		},
		{"binary", "Feature: x\n\x00\x01\n", "2: " + notText},
		{"latin1", "Feature: caf\xe9\n", "1: " + notText},
		{"utf16", "\xff\xfeF\x00e\x00a\x00", "1: " + notText},
		{
			"bell", "Feature: x\n  Scenario: a\x1b[31m red\a bell\n",
			"2: this line has a control character: a feature is plain text",
		},
		{
			"long", "Feature: x\n" + strings.Repeat("x", maxLine+1) + simple,
			"2: this line is longer than 60000 bytes",
		},
		{"large", "Feature: x\n" + strings.Repeat(simple, 300_000), " larger than 8 MiB"},
		{
			"keyword", body + "    Whenn 8 days pass\n",
			`4: ` + step + `found "Whenn 8 days pass": did you mean "When"?`,
		},
		{
			"ragged", "Feature: x\n  Scenario: x\n    Given these:\n      | a | b |\n      | c |\n",
			"5: this row has fewer or more cells than the heading: each cell stands between two |",
		},
		{
			"open", "Feature: x\n  Scenario: x\n    Given this:\n    \"\"\"\n",
			`5: expected """, found the end of the file`,
		},
		{
			"language", "# language: xx\nFeature: x\n",
			`1: no language is named "xx": expected a code such as en, de or zh-CN`,
		},
		{
			"german",
			"# by hand\n# language: de\nFunktionalität: x\n  Szenario: x\n    Angenommen seed 1\n" +
				"    When \"stable\" moves to ref \"a1\"\n",
			`6: expected a row of a table, """, a step (Angenommen, Wenn, Dann, Und or Aber), a tag, ` +
				`Beispiele:, Szenario:, Regel:, found "When \"stable\" moves to ref \"a1\"": keywords ` +
				`are German in a file that says "# language: de"`,
		},
		{
			"two", "Feature: x\n" + simple + "Feature: y\n" + simple,
			`5: ` + step + `found "Feature: y": a file has one feature`,
		},
		{
			"early", "Scenario: x\n  Given seed 1\n",
			`1: expected a tag, Feature:, found "Scenario: x": a file begins with "Feature: " and its name`,
		},
		{
			"colon", "Feature x\n" + simple,
			`1: expected a tag, Feature:, found "Feature x": did you mean "Feature:"?`,
		},
		{
			"colons", body + "    And: 8 days pass\n",
			`4: ` + step + `found "And: 8 days pass": did you mean "And"?`,
		},
		{
			"small", body + "    when 8 days pass\n    then x\n",
			`4: ` + step + `found "when 8 days pass": did you mean "When"?` + "\n" +
				`x.feature:5: ` + step + `found "then x": did you mean "Then"?`,
		},
		{
			"late", "Feature: x\n" + simple + "  Background:\n",
			`5: ` + step + `found "Background:": it stands before the first scenario`,
		},
		{
			"foreign", "Funktionalität: x\n",
			`1: expected a tag, Feature:, found "Funktionalität: x": keywords are English unless the ` +
				`first line says otherwise, such as "# language: de"`,
		},
		{
			"english", "# language: de\nFeature: x\n",
			`2: expected a tag, Funktionalität:, found "Feature: x": keywords are German in a file that ` +
				`says "# language: de"`,
		},
		{
			"outline", "Feature: x\n  Scenario Outline: x\n    Given seed <n>\n    Examples:\n      | n |\n",
			"4: these examples have no row, so the outline would not run for them",
		},
		{
			"some",
			"Feature: x\n  Rule: y\n  Scenario Outline: x\n    Given seed <n>\n    Examples:\n" +
				"      | n |\n      | 1 |\n    Examples:\n",
			"8: these examples have no row, so the outline would not run for them",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Read(fstest.MapFS{"x.feature": {Data: []byte(tt.text)}}, "x.feature")
			if err == nil || err.Error() != "x.feature:"+tt.want {
				t.Errorf("got  %v\nwant x.feature:%s", err, tt.want)
			}
			var e *Error
			if !errors.As(err, &e) || e.Line > 0 && e.Column < 1 {
				t.Errorf("%#v is not an *Error with a place", err)
			}
		})
	}
}

// TestLongestLine reads a line that is as long as allowed, and that begins with a tab.
func TestLongestLine(t *testing.T) {
	text := "Feature: x\n\t" + strings.Repeat("x", maxLine-1) + simple
	if _, err := Parse("x.feature", []byte(text)); err != nil {
		t.Error(err)
	}
}

// TestDocument checks what a document knows of its scenario, steps, tags and descriptions.
func TestDocument(t *testing.T) {
	const text = "@a\nFeature: x\n  Prose.\n\n  Background:\n    Given all\n\n" +
		"  @b\n  Scenario Outline: <n>\n    Then <n>\n\n" +
		"    @c\n    Examples:\n      | n |\n      | 7 |\n"
	d, err := Parse("x.feature", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s := d.Scenarios[0]
	if got := strings.Join(s.Tags(), " "); got != "@a @b @c" || s.Line != 15 || s.Pickle.Name != "7" {
		t.Errorf("%s at line %d with tags %s", s.Pickle.Name, s.Line, got)
	}
	for i, want := range []struct {
		written string
		level   Level
	}{{"all", OfFeature}, {"<n>", OfScenario}} {
		step := s.Pickle.Steps[i]
		if d.Written(step).Text != want.written || d.StepLevel(step) != want.level {
			t.Errorf("step %d: %q of level %v", i, d.Written(step).Text, d.StepLevel(step))
		}
	}
	for i, line := range []int{1, 8, 12} {
		if got := d.TagLine(s.Pickle.Tags[i]); got != line {
			t.Errorf("tag %d is at line %d, want %d", i, got, line)
		}
	}
	for i, level := range []Level{OfFeature, OfScenario, OfScenario} {
		if got := d.TagLevel(s.Pickle.Tags[i]); got != level {
			t.Errorf("tag %d is of level %d, want %d", i, got, level)
		}
	}
	if len(d.TagLists) != 3 || len(d.Descriptions) != 3 || d.Descriptions[0].Text != "  Prose." {
		t.Errorf("%d lists of tags, descriptions %+v", len(d.TagLists), d.Descriptions)
	}
}

// TestStrayStep finds steps in descriptions, and none in prose.
func TestStrayStep(t *testing.T) {
	isStep := func(sentence string) bool { return strings.HasPrefix(sentence, "seed") }
	const notAStep = "begins no step, so this line would be read as a description: expected "
	const noScenario = `this step belongs to no scenario: expected "Scenario: " and a name above it`
	for text, want := range map[string]string{
		"Feature: x\n  Gven seed 1\n": `x:2: "Gven" ` + notAStep +
			"Given, When, Then, And or But, at column 3",
		"# language: de\nFunktionalität: x\n  A.\n  Given seed 1\n": `x:4: "Given" ` + notAStep +
			"Angenommen, Wenn, Dann, Und or Aber, at column 3",
		"Feature: x\n  Given seed 1\n":                     "x:2: " + noScenario + ", at column 3",
		"Feature: x" + simple + "Rule: y\n Given seed 1\n": "x:5: " + noScenario + ", at column 2",
		"Feature: x\n  All about seeds.\n":                 "",
		"Feature: x\n":                                     "",
	} {
		d, err := Parse("x", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, in := range d.Descriptions {
			if err := d.StrayStep(in, isStep); err != nil {
				got = fmt.Sprintf("%v, at column %d", err, err.Column)
			}
		}
		if got != want {
			t.Errorf("%q\ngot  %s\nwant %s", text, got, want)
		}
	}
}

// FuzzDocument reads any file. A file that can be read has scenarios in the order of their lines,
// each with its steps. Each line selects a scenario or more, and the line of a scenario selects it.
func FuzzDocument(f *testing.F) {
	f.Add([]byte(selectable))
	for _, file := range []string{
		"../testdata/stories/wording.feature", "../testdata/broken/sentences.feature",
		"../../features/reducer/raw_events.feature",
	} {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Add([]byte("@a\r\nFeature: x\r\nRule: y\r\n\r\n@b\r\nScenario Outline: <c>\r\n* <c>\r\n" +
		"\"\"\"\r\n<c>\r\n\"\"\"\r\nExamples:\r\n|c|\r\n|1|\r\n|2|\r\n# end"))
	f.Fuzz(func(t *testing.T, content []byte) {
		d, err := Read(fstest.MapFS{"x": {Data: content}}, "x")
		if err != nil {
			if !strings.HasPrefix(err.Error(), "x:") {
				t.Errorf("the error does not name the file: %v", err)
			}
			return
		}
		checkLines(t, d)
		for line := 1; line <= min(d.lines(), 100); line++ {
			checkChoice(t, d, line)
		}
		if err := d.choose([]int{d.lines() + 1}); err == nil {
			t.Errorf("line %d of %d can be chosen", d.lines()+1, d.lines())
		}
	})
}

// checkLines checks the lines of scenarios and steps.
func checkLines(t *testing.T, d *Document) {
	t.Helper()
	total := d.lines()
	last := 1
	for _, s := range d.Scenarios {
		if s.Line < last || s.Line > total {
			t.Errorf("%q at line %d of %d", s.Pickle.Name, s.Line, total)
		}
		last = s.Line
		for _, p := range s.Pickle.Steps {
			step := d.Written(p)
			if step.Location.Line < 1 || int(step.Location.Line) > total || step.Keyword == "" {
				t.Errorf("%+v", step)
			}
		}
	}
}

// checkChoice checks what one line selects, and clears the selection.
func checkChoice(t *testing.T, d *Document, line int) {
	t.Helper()
	if err := d.choose([]int{line}); err != nil {
		t.Fatal(err)
	}
	selected := 0
	for _, s := range d.Scenarios {
		if s.Line == line && !s.selected {
			t.Errorf("line %d does not select %q", line, s.Pickle.Name)
		}
		if s.selected {
			selected++
		}
		s.selected = false
	}
	if selected == 0 {
		t.Errorf("line %d selects nothing", line)
	}
}

// TestLevels checks the levels of the tags and steps of a rule, and of what follows it.
func TestLevels(t *testing.T) {
	const text = "Feature: x\n  Background:\n    Given all\n\n" +
		"  @a\n  Rule: one\n    Background:\n      Given more\n\n" +
		"    @b\n    Scenario: y\n      Given mine\n\n" +
		"  Rule: two\n    Scenario: z\n      Given mine\n"
	d, err := Parse("x.feature", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var got []Level
	for _, s := range d.Scenarios {
		for _, tag := range s.Pickle.Tags {
			got = append(got, d.TagLevel(tag))
		}
		for _, step := range s.Pickle.Steps {
			got = append(got, d.StepLevel(step))
		}
	}
	want := []Level{OfRule, OfScenario, OfFeature, OfRule, OfScenario, OfFeature, OfScenario}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
