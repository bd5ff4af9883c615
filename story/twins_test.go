package story

import (
	"testing"

	"rollsim/story/gherkin"
)

// TestTwins checks that each expectation holds in a story that passes, and that one that is broken
// on purpose fails because of it.
func TestTwins(t *testing.T) {
	holds := find(t, Passed, "story/testdata/stories")
	for s := range find(t, Defect, "story/testdata/stories") {
		holds[s] = true // the sentence about a known defect
	}
	fails := find(t, Failed, "story/testdata/broken")
	for _, s := range steps() {
		if s.phase != expects {
			continue
		}
		if !holds[s] {
			t.Errorf("no story shows that this holds: %s", s.words)
		}
		if !fails[s] {
			t.Errorf("no broken story shows that this fails: %s", s.words)
		}
	}
}

// find runs features, and returns the steps that end with a status somewhere in them.
func find(t *testing.T, status Status, paths ...string) map[*step]bool {
	t.Helper()
	found := make(map[*step]bool)
	for _, scenario := range run(t, Options{FS: shipped, Paths: paths}).Scenarios {
		for _, s := range scenario.Steps {
			if s.Status == status {
				for _, step := range steps().find(gherkin.Plain(s.Text)) {
					found[step] = true
				}
			}
		}
	}
	return found
}
