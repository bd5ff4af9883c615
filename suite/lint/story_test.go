package lint

import (
	"testing"
	"testing/fstest"
)

// TestSameStory compares pairs of scenarios that differ in one part, or in none.
func TestSameStory(t *testing.T) {
	const step = "    Given a step:\n"
	for _, test := range []struct {
		name, first, second string // after the heading of the scenario
		same                bool
	}{
		{"equal", step, step, true},
		{"another step", step, "    Given another step:\n", false},
		{"a step more", step, step + "    And more\n", false},
		{"equal texts", step + "      \"\"\"\n      a\n      \"\"\"\n",
			step + "      \"\"\"\n      a\n      \"\"\"\n", true},
		{"another text", step + "      \"\"\"\n      a\n      \"\"\"\n",
			step + "      \"\"\"\n      b\n      \"\"\"\n", false},
		{"equal tables", step + "      | a | b |\n", step + "      | a | b |\n", true},
		{"another cell", step + "      | a | b |\n", step + "      | a | c |\n", false},
		{"other cells of the same letters", step + "      | a | bc |\n",
			step + "      | ab | c |\n", false},
		{"another row", step + "      | a |\n", step + "      | a |\n      | b |\n", false},
		{"no steps", "", "", false},
	} {
		text := "Feature: x\n  Scenario: one\n" + test.first + "\n  Scenario: two\n" + test.second
		found, err := Check(fstest.MapFS{"x.feature": {Data: []byte(text)}}, []string{"x.feature"})
		if err != nil {
			t.Fatal(err)
		}
		same := false
		for _, f := range found {
			same = same || f.Rule.Name == "same-story"
		}
		if same != test.same {
			t.Errorf("%s: the stories are the same: %v", test.name, same)
		}
	}
	tagged := "Feature: x\n  @a\n  Scenario: one\n" + step + "\n  @b\n  Scenario: two\n" + step
	found, err := Check(fstest.MapFS{"x.feature": {Data: []byte(tagged)}}, []string{"x.feature"})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if f.Rule.Name == "same-story" {
			t.Errorf("stories with other tags are the same: %s", f.Message)
		}
	}
}
