package gherkin

import (
	"strings"
	"testing"
)

// TestAlone parses the text of each scenario alone: it has one scenario, with the same sentences.
func TestAlone(t *testing.T) {
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
			for _, s := range d.Scenarios {
				alone, err := Parse("b.feature", s.Alone())
				if err != nil {
					t.Fatalf("%v\n%s", err, s.Alone())
				}
				if len(alone.Pickles) != 1 || len(alone.Pickles[0].Steps) != len(s.Pickle.Steps) {
					t.Fatalf("it is not one scenario with the same steps:\n%s", s.Alone())
				}
				for i, step := range alone.Pickles[0].Steps {
					want := Plain(s.Pickle.Steps[i].Text)
					if step.Text != want && (len(want) <= maxSentence || step.Text != want[:maxSentence]) {
						t.Errorf("got %q, want %q", step.Text, want)
					}
				}
			}
		})
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
