package shrink

import (
	"strings"
	"testing"

	"rollsim/machine"
	"rollsim/scenario"
)

// sentenceCases are small cases that a feature can show only in a certain way, with sentences that
// it must have, in this order, and sentences that it must not have.
var sentenceCases = map[string]struct {
	machine, key, file string
	has, not           []string
	why                string // it does not pass as specified; "" if it does
}{
	"sentences follow each other in time": {
		"v0.2", "unpruned/Failed", `
channels: [{name: stable}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
  - when: {rollout: stable@a1, state: Active}
    event: {HostStateChanged: {rollout_id: stable@a1, host_id: new, from: Activating, to: Failed}}
  - when: {rollout: stable@a1, state: Opening}
    event: {HostJoined: {rollout_id: stable@a1, host_id: new, wave: 0}}
  - when: {rollout: stable@a1, state: Opening}
    event: {HostStateChanged: {rollout_id: stable@a1, host_id: new, from: Pending, to: Activating}}
`,
		[]string{
			"moves to ref", "HostJoined", "| Pending", "| Activating", `"stable@a1" is Pruned in the end`,
		},
		[]string{"the seed is", "the run lasts", "is stuck"}, "",
	},
	"one message of two in the same instant": {
		"rfc0008", "stuck/acknowledged-lost", `
control_plane: shipped
channels: [{name: stable, waves: [{hosts: 1}]}]
delays: [{host: stable-01, stage: activation, takes: 1h}]
behaviour: {ack: 0s}
timeline:
  - {at: 0s, channel: stable, ref: a1}
  - {at: 0s, fault: message-dropped, host: stable-01}
  - {at: 1m, fault: agent-restart, host: stable-01}
`,
		[]string{
			`the next message of host "stable-01" under "stable@a1" is lost at once`,
			`restarts while host "stable-01" is activating`,
		},
		nil, "",
	},
	"a message that is lost follows the move that it concerns": {
		"v0.2", "stuck/acknowledged-lost", `
control_plane: shipped
channels: [{name: stable, waves: [{hosts: 1}]}]
behaviour: {ack: 0s, activation: 0s}
fates: [{host: stable-01, fate: fails-activation}]
timeline:
  - {at: 0s, fault: message-dropped, host: stable-01}
  - {at: 10s, channel: stable, ref: a1}
`,
		[]string{`moves to ref "a1" 10 seconds after the start`, "is lost at once"}, nil, "",
	},
	"a stage of every host": {
		"rfc0008", "stuck/lost-activation", `
control_plane: shipped
channels: [{name: stable, waves: [{hosts: 1}]}]
behaviour: {activation: 1h}
timeline:
  - {at: 0s, channel: stable, ref: a1}
  - {at: 2m, fault: agent-restart, host: stable-01}
`,
		[]string{"And activation takes 1 hour", "restarts"}, []string{"an ack takes", "a probe"}, "",
	},
	"no stage takes time": {
		"rfc0008", "stuck/acknowledged-lost", `
control_plane: shipped
channels: [{name: stable, waves: [{hosts: 1}]}]
behaviour: {ack: 0s, activation: 0s, probe: 0s}
fates: [{host: stable-01, fate: fails-activation}]
timeline:
  - {at: 10s, channel: stable, ref: a1}
  - {at: 10s, fault: message-dropped, host: stable-01}
`,
		[]string{"activation takes 0 seconds", "is lost at once"}, []string{"every stage"}, "",
	},
	"a seed": {
		"rfc0008", "acknowledged-kept/stale-snapshot", `
seed: 2
control_plane: shipped
channels: [{name: stable, waves: [{hosts: 1}]}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
  - {at: 1h, fault: message-dropped, host: stable-01}
`,
		[]string{"the seed is 2", "When", "is lost"}, nil, "",
	},
	"what the specification violates": {
		"v0.2", "channel-edges-kept/Active", `
channels: [{name: stable, waves: [{hosts: 1}], after: [edge]}, {name: edge}]
timeline:
  - {at: 0s, channel: edge, ref: a1}
  - {at: 0s, channel: stable, ref: a1}
  - when: {rollout: edge@a1, state: Opening}
    event: {SuccessorOpened: {superseded_rollout_id: edge@b2, successor_rollout_id: edge@a1}}
    reaches: edge@a1
`,
		[]string{
			"Then the invariant channel-edges-kept holds",
			`And SuccessorOpened of "edge@a1" is refused with Invariant`, `And "stable@a1" is stuck`,
		},
		[]string{"stranded"}, "",
	},
	"an excused violation of the specification": {
		"rfc0008", "stranded/set-back", `
control_plane: shipped
channels: [{name: stable}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
  - {at: 1m, channel: stable, ref: b2}
  - {at: 2m, channel: stable, ref: a1}
`,
		[]string{`Then only "stable@a1" stands`}, []string{"is stranded"},
		"the specification violates stranded stable, too, which is excused: the channel was set back",
	},
	"what only the shipped control plane has": {
		"rfc0008", "opening-whole/torn-opening", `
control_plane: shipped
channels: [{name: stable, waves: [{hosts: 1}]}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
  - {at: 0s, fault: torn-opening}
`,
		[]string{"crashes after 0 hosts of the next opening"}, nil,
		"as specified it fails at And the control plane crashes after 0 hosts of the next opening at " +
			"once: only the shipped control plane has this",
	},
	"a moment that the specification does not have": {
		"v0.1", "budget-kept/Active", `
channels: [{name: stable, waves: [{hosts: 1}, {hosts: 1, soak: 1h}]}]
budgets: [{name: budget-1, hosts: ["*"], max_in_flight: 2}]
behaviour: {ack: 0s, activation: 0s, probe: 0s, converge: 0s}
timeline:
  - {at: 0s, channel: stable, ref: a1}
  - {at: 0s, fault: host-offline, host: stable-01, for: 1h}
  - {at: 1m, channel: stable, ref: b2}
  - when: {rollout: stable@a1, state: Converging}
    event: {SuccessorOpened: {superseded_rollout_id: stable@c3, successor_rollout_id: stable@a1}}
    reaches: stable@a1
`,
		[]string{"goes silent for 1 hour at once", "SuccessorOpened", `moves to ref "b2"`}, nil,
		`as specified it fails at "stable" moves to ref "b2" once "stable@a1" is Superseded: ` +
			"this never happens",
	},
}

// TestSentences checks the features of small cases, and why they do not pass as specified.
func TestSentences(t *testing.T) {
	for name, test := range sentenceCases {
		f, err := scenario.Parse("case.yaml", []byte(test.file))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		key, err := ParseKey(test.key)
		if err != nil {
			t.Fatal(err)
		}
		e, err := machine.ForSweep(test.machine)
		if err != nil {
			t.Fatal(err)
		}
		s := &shrinker{
			lab: lab{ctx: t.Context(), key: key, machine: e.Table, longest: 1 << 40}, best: &f.Scenario,
		}
		c := &Case{Key: key, Machine: test.machine, Scenario: s.best}
		c.Violation, c.Violations = s.violations()
		feature := WriteFeature(t.Context(), c, e.Table)
		if feature.Passes != (test.why == "") || !strings.HasPrefix(feature.Why, test.why) {
			t.Errorf("%s: passes %t: %s, want %s", name, feature.Passes, feature.Why, test.why)
		}
		rest := feature.Text
		for _, sentence := range test.has {
			_, after, found := strings.Cut(rest, sentence)
			if !found {
				t.Errorf("%s: %q is missing\n%s", name, sentence, feature.Text)
				break
			}
			rest = after
		}
		for _, sentence := range test.not {
			if strings.Contains(feature.Text, sentence) {
				t.Errorf("%s: %q is too much\n%s", name, sentence, feature.Text)
			}
		}
	}
}
