package story

import (
	"os"
	"testing"

	"rollsim/internal/osfs"
	"rollsim/story/gherkin"
)

// TestRehearse checks that Rehearse finds no mistake in scenarios that pass, and the right kind of
// mistake in some that fail.
func TestRehearse(t *testing.T) {
	flaws := make(map[string]Flaw) // by the name of the scenario, the first flaw
	for _, root := range []string{"../features", "testdata/stories", "testdata/broken"} {
		files, err := gherkin.Files(osfs.FS{}, []string{root})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			d, err := gherkin.Parse(name, content)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range d.Pickles {
				for _, m := range Rehearse(d, p) {
					if flaws[p.Name] == 0 {
						flaws[p.Name] = m.Flaw
					}
					// A row of an outline may be vacuous if another one is not.
					if root != "testdata/broken" && m.Flaw != FlawVacuous {
						t.Errorf("%s: %s: %s", name, p.Name, m.Message)
					}
				}
			}
		}
	}
	for scenario, want := range map[string]Flaw{
		"Worded like nothing":                         FlawUndefined,
		"A channel that does not exist":               FlawName,
		"A host that does not exist":                  FlawName,
		"A rollout that does not exist":               FlawName,
		"A rollout that does not exist yet":           FlawName,
		"A state that does not exist":                 FlawValue,
		"A state in a table that does not exist":      FlawValue,
		"A rollout in a table that does not exist":    FlawName,
		"A moment that does not exist":                FlawValue,
		"A moment of no rollout":                      FlawStory,
		"A tag for a machine that does not exist":     FlawTag,
		"A tag for a seed that does not exist":        FlawTag,
		"A row that lacks something":                  FlawStory,
		"A table without a column":                    FlawTable,
		"A column that does not exist":                FlawTable,
		"A missing table":                             FlawTable,
		"A table too many":                            FlawTable,
		"A text too many":                             FlawTable,
		"A duration of a century":                     FlawValue,
		"The fleet changes after the story has begun": FlawStory,
		"A channel twice":                             FlawStory,
		"A fate under a ref that never comes":         FlawName,
		"Nothing is expected":                         FlawNoExpectation,
		"Never pruned":                                0, // only a run shows it
	} {
		if flaws[scenario] != want {
			t.Errorf("%s: flaw %d, want %d", scenario, flaws[scenario], want)
		}
	}
}
