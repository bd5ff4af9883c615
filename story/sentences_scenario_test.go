package story

import (
	"testing"
	"testing/fstest"
)

// TestScenarioFiles uses scenario files next to the feature, in the folder scenarios and built in.
// The first of these that exists is read.
func TestScenarioFiles(t *testing.T) {
	const flapping = `channels: [{name: edge, waves: [{hosts: 2, soak: 10m}]}]
traffic:
  - {channel: edge, flapping: {between: [a1, b2], every: 30m}, from: 10s, until: 2h5m}
horizon: 20d
`
	const feature = `Feature: F
  Scenario: Next to the feature
    Given the scenario "flapping"
    And seed 3
    Then channel "edge" is stranded at ref "a1"
    And 2 rollouts are opened
    And "edge@a1" is Superseded before "edge@b2" is terminal

  Scenario: In the folder
    Given the scenario "stuck.yaml"
    Then "stable@a1" is at wave 0

  Scenario: Built in
    Given the scenario "one-wave-converges"
    Then "stable@a1" is Terminal
`
	const stuck = `channels: [{name: stable, waves: [{hosts: 2}]}]
fates: [{host: stable-01, fate: never-answers}]
timeline: [{at: 0s, channel: stable, ref: a1}]
expect_violations: [stuck stable@a1]
`
	files := fstest.MapFS{
		"deep/down/x.feature":     {Data: []byte(feature)},
		"deep/down/flapping.yaml": {Data: []byte(flapping)},
		"scenarios/flapping.yaml": {Data: []byte("broken")},
		"scenarios/stuck.yaml":    {Data: []byte(stuck)},
	}
	report := run(t, Options{FS: files})
	if len(report.Scenarios) != 3 {
		t.Fatalf("%d scenarios", len(report.Scenarios))
	}
	for _, s := range report.Scenarios {
		if s.Status != Passed {
			t.Errorf("%s: %v\n%s", s.Name, s.Status, s.Message)
		}
	}
}

// TestScenarioKeepsTheMachine checks that a scenario file decides the machine, unless a sentence
// before it has.
func TestScenarioKeepsTheMachine(t *testing.T) {
	for _, c := range []struct{ first, file, want string }{
		{"", "one-wave-converges", "rfc0008"},
		{"", "failure-under-v0.2", "v0.2"},
		{"the machine is rfc0008", "failure-under-v0.2", "rfc0008"},
		{"the machine is v0.2", "one-wave-converges", "v0.2"},
	} {
		w := newWorld("")
		for _, sentence := range []string{c.first, `the scenario "` + c.file + `"`} {
			if sentence == "" {
				continue
			}
			if err := w.carryOut(nil, sentence, nil); err != nil {
				t.Fatalf("%s: %v", sentence, err)
			}
		}
		if got := w.simulator.machine.Name(); got != c.want {
			t.Errorf("%q, then %s: the machine is %s, want %s", c.first, c.file, got, c.want)
		}
	}
}
