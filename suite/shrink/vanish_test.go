package shrink_test

import (
	"strings"
	"testing"

	"rollsim/machine"
	"rollsim/scenario"
	"rollsim/suite/shrink"
)

// TestVanishingLines runs passes on cases in which an edit of one line removes others. The passes
// use the lines that are left.
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
	}
}
