package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rollsim/machine"
	"rollsim/reducer"
)

const thirdScenario = `# A rollout that failed is cleared by an operator.
machine: third
channels: [{name: stable, policy: rollback-and-halt, waves: [{hosts: 2, soak: 10m}]}]
fates: [{host: stable-01, fate: fails-probes}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
  - {at: 1d, clear: stable@a1, operator: ada, reason: looked at}
`

const thirdFeature = `Feature: A third machine

  Background:
    Given the machine is third
    And channel "stable" with waves of 2 hosts soaking 10 minutes

  Scenario: A host fails
    Given host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    Then rollout "stable@a1" is Failed
    And rollout "stable@a1" is Pruned within 8 days

  @machine:third
  Scenario: A tag names it
    When "stable" moves to ref "a1"
    Then rollout "stable@a1" is Terminal
`

// TestThirdMachine adds one entry to the list of machines, v0.2 with pruning and clearance. Every
// command that accepts the name of a machine then accepts this one.
func TestThirdMachine(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	scenario, feature := write("third.yaml", thirdScenario), write("third.feature", thirdFeature)
	log, known := filepath.Join(dir, "third.ndjson"), filepath.Join(dir, "known.ndjson")
	if code, _, errs := inProcess(t, "run", "failure-under-rfc0008", "-o", known); code != exitHolds {
		t.Fatal(errs)
	}
	const cells = "../../suite/conform/testdata/cells.ndjson.gz"
	tests := []struct {
		args []string
		code int
		says string
	}{
		{[]string{"run", scenario, "-o", log}, exitHolds, ""},
		{[]string{"check", "--update", scenario}, exitHolds, ""},
		{[]string{"check", scenario, feature}, exitHolds, "3 passed"},
		{[]string{"check", scenario, "--machine", "third"}, exitHolds, "1 passed"},
		{[]string{"features", feature}, exitHolds, "2 passed"},
		{[]string{"lint", scenario, feature}, exitHolds, ""},
		{[]string{"replay", log}, exitHolds, "third"},
		{[]string{"why", log, "--rollout", "stable@a1", "--machine", "third"}, exitHolds, ""},
		{[]string{"diff", log, "--machine", "third", "--machine", "v0.2"}, exitDiffers, "third"},
		{[]string{"diff", known, "--machine", "third", "--policy", "stable=halt"}, exitHolds, ""},
		{[]string{"machine", "third"}, exitHolds, "OperatorClearance"},
		{[]string{"machine", "--diff", "v0.2", "third"}, exitHolds, "third"},
		{[]string{"conform", "--machine", "third", cells}, exitDiffers, "third"},
		{[]string{"coverage", "--machine", "third", scenario}, exitHolds, "third"},
		{[]string{"mutate", "--machine", "third", "--cell", "Failed×OperatorClearance", scenario},
			exitHolds, "third"},
		{[]string{"explore", "--machine", "third", "--seeds", "1:3", "--verify", "0%"}, exitHolds,
			"machine third"},
		{[]string{"import", log, "--rollout", "stable@a1", "-o", filepath.Join(dir, "imported.yaml")},
			exitHolds, ""},
		{[]string{"coverage", "--help"}, exitHolds, "rfc0008, v0.2, v0.1, third"},
		{[]string{"explore", "--help"}, exitHolds, "third"},
	}
	run := func(args []string, wantCode int, says string) (what string, ok bool) {
		code, out, errs := inProcess(t, args...)
		ok = code == wantCode && strings.Contains(out+errs, says)
		what = fmt.Sprintf("%q: exit code %d, want %d and %q\n%s%s",
			args, code, wantCode, says, out, errs)
		return what, ok
	}
	for _, test := range tests { // each fails without the entry
		if what, ok := run(test.args, test.code, test.says); ok {
			t.Errorf("works without the entry: %s", what)
		}
	}
	differences := reducer.Differences()
	machine.List = append(machine.List, machine.Entry{
		Table: reducer.V02With("third", []reducer.Difference{differences[3], differences[4]}),
	})
	t.Cleanup(func() { machine.List = machine.List[:len(machine.List)-1] })
	for _, test := range tests {
		if what, ok := run(test.args, test.code, test.says); !ok {
			t.Error(what)
		}
	}
}
