package gherkin

import (
	"strings"
	"testing"
)

// TestTogether parses the text of each scenario alone, and of all of them: it has them and no
// other, with the same sentences.
func TestTogether(t *testing.T) {
	long := strings.Repeat("x", maxLine-100)
	tests := []struct{ name, text string }{
		{"plain", "Feature: a\n  Scenario: one\n    Given seed 1.\n  Scenario: two\n    When “x”  is\n"},
		{"language", "# language: de\nFunktionalität: a\n  Szenario: one\n    Angenommen seed 1\n"},
		{"no names", "Feature:\n  Scenario:\n    Given seed 1\n"},
		{"empty sentence", "Feature: a\n  Scenario: one\n    Given \n    Then .\n"},
		{"Background and rule", "Feature: a\n  Background:\n    Given seed 1\n  Rule: r\n    " +
			"Background:\n      Given seed 2\n    Scenario: one\n      Then x\n"},
		{"line break", "Feature: a\n  Scenario Outline: <n>\n    Given <n> is\n    Examples:\n" +
			"      | n |\n      | a\\nScenario: b |\n"},
		{"long", "Feature: a\n  Scenario Outline: <n>\n    Given <n><n>\n    Examples:\n      | n |\n" +
			"      | " + long + " |\n"},
		{"like other lines", "Feature: a\n  Scenario: Examples:\n    Given # x\n    Then \"\"\"\n" +
			"    Then | a |\n    Then @tag\n    Then Scenario: x\n    Then * x\n    Then <x>\n"},
		{"table and text", "Feature: a\n  Scenario: one\n    Given these:\n      | a |\n    When x\n" +
			"      \"\"\"\n      Scenario: y\n      \"\"\"\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := Parse("a.feature", []byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			groups := [][]*Scenario{d.Scenarios}
			for _, s := range d.Scenarios {
				groups = append(groups, []*Scenario{s})
			}
			for _, group := range groups {
				compareTogether(t, d, group)
			}
		})
	}
}

// compareTogether compares the text of some scenarios with them.
func compareTogether(t *testing.T, d *Document, group []*Scenario) {
	t.Helper()
	text := d.Together(group)
	together, err := Parse("b.feature", text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if len(together.Pickles) != len(group) {
		t.Fatalf("it has %d scenarios, want %d:\n%s", len(together.Pickles), len(group), text)
	}
	for i, s := range group {
		steps := together.Pickles[i].Steps
		if len(steps) != len(s.Pickle.Steps) {
			t.Fatalf("scenario %d has %d steps, want %d:\n%s", i, len(steps), len(s.Pickle.Steps), text)
		}
		for j, step := range steps {
			want := Plain(s.Pickle.Steps[j].Text)
			if step.Text != want && (len(want) <= maxSentence || step.Text != want[:maxSentence]) {
				t.Errorf("got %q, want %q", step.Text, want)
			}
		}
	}
}

// TestIs compares scenarios with the pickles of another reading of their file.
func TestIs(t *testing.T) {
	text := []byte("Feature: a\n  Scenario: one\n    Given seed 1\n" +
		"  Scenario: two\n    Given seed 1\n  Scenario: one\n    Given seed 2\n" +
		"  Scenario: one\n    Given seed 1\n    Then x\n")
	a, err := Parse("a.feature", text)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Parse("b.feature", append([]byte("# moved\n"), text...))
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range a.Scenarios {
		for j, p := range b.Pickles {
			if s.Is(p) != (i == j) {
				t.Errorf("scenario %d is pickle %d: %v", i, j, s.Is(p))
			}
		}
	}
}
