package shrink_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"rollsim/machine"
	"rollsim/scenario"
	"rollsim/suite/shrink"
)

// TestVanishingLines runs each pass on cases in which an edit of one line removes others: it uses
// the lines that are left.
func TestVanishingLines(t *testing.T) {
	for _, test := range []struct{ pass, text string }{
		{"budgets", `
channels:
  - {name: stable, waves: [{hosts: 1, soak: 1h}]}
tags:
  - {hosts: ["stable-01"], tags: [one, two]}
budgets:
  - {name: first, selector: "tags:one", max_in_flight: 1}
  - {name: second, selector: "tags:two", max_in_flight: 1}
timeline:
  - {at: 0s, channel: stable, ref: a1}
  - {at: 1m, channel: stable, ref: b2}
`},
		{"misrouted events", `
channels:
  - {name: stable, waves: [{hosts: 1, soak: 1h}]}
  - {name: edge}
timeline:
  - {at: 0s, channel: stable, ref: a1}
  - {at: 1m, channel: stable, ref: b2}
  - at: 2m
    event: {RolloutOpened: {rollout_id: edge@x1, channel: edge, target_ref: x1}}
    reaches: stable@b2
  - when: {rollout: edge@x1, state: Active}
    event: {RolloutTerminal: {rollout_id: edge@x1}}
  - when: {rollout: edge@x1, state: Active}
    event: {RolloutTerminal: {rollout_id: edge@x1}}
    reaches: stable@b2
`},
	} {
		file, err := scenario.Parse("case.yaml", []byte(strings.TrimSpace(test.text)+"\n"))
		if err != nil {
			t.Fatalf("%s: %v", test.pass, err)
		}
		key, err := shrink.ParseKey("unpruned/Superseded")
		if err != nil {
			t.Fatal(err)
		}
		c := &shrink.Case{Key: key, Scenario: &file.Scenario}
		if got := shrink.AcceptsIn(c, machine.Canary(), test.pass); got != test.pass {
			t.Errorf("%s: the pass accepts nothing: %s", test.pass, got)
		}
		for _, pass := range shrink.PassNames() {
			if got := shrink.AcceptsIn(c, machine.Canary(), pass); got != "" && got != pass {
				t.Errorf("%s of the case of %s: %s", pass, test.pass, got)
			}
		}
	}
}

// TestStaleLengths checks that no pass computes the length of a list of the case once: an edit that
// is accepted may leave fewer.
func TestStaleLengths(t *testing.T) {
	stale := regexp.MustCompile(`range [a-z(]*s\.best\.(?:Timeline|Fates|Faults|Delays|Budgets)[ ),]`)
	if !stale.MatchString("for i := range s.best.Timeline {") {
		t.Error("a stale length is not found")
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if at := stale.Find(text); at != nil && !strings.HasSuffix(file, "_test.go") {
			t.Errorf("%s: %s is computed once: compare the index with the length each time", file, at)
		}
	}
}
