package story

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"rollsim/story/gherkin"
)

// TestSubjects checks how many scenarios ship about each subject. An outline counts as one.
func TestSubjects(t *testing.T) {
	scenario := regexp.MustCompile(`(?m)^  Scenario( Outline)?: `)
	least := map[string]int{"supersession": 45, "failure": 28, "retention": 28}
	total := 0
	for _, folder := range []string{
		"supersession", "failure", "retention", "waves", "gates", "faults", "clearance", "cascade",
		"recovery", "reducer",
	} {
		files, err := filepath.Glob("../features/" + folder + "/*.feature")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			n += len(scenario.FindAll(text, -1))
		}
		if n < max(least[folder], 1) {
			t.Errorf("%s has only %d scenarios", folder, n)
		}
		total += n
	}
	if total < 240 {
		t.Errorf("there are only %d scenarios", total)
	}
}

// TestShippedIsLaidOut checks that Format changes no feature that ships.
func TestShippedIsLaidOut(t *testing.T) {
	var files []string
	for _, pattern := range []string{"../features/*/*.feature", "testdata/*/*.feature"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatal(found, err)
		}
		files = append(files, found...)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if laid, err := gherkin.Format(name, text); err != nil {
			t.Error(err)
		} else if string(laid) != string(text) {
			t.Errorf("%s is not laid out: run rollsim fmt with it", name)
		}
	}
}
