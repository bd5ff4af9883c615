package explore

import (
	"slices"
	"testing"

	"rollsim/invariant"
	"rollsim/machine"
	"rollsim/scenario"
	"rollsim/sim"
)

// quick is a scenario whose retention ends long before its horizon.
const quick = `
horizon: 1h
channels:
  - name: stable
    retention: 10m
    waves: [{hosts: 1, soak: 1m}]
behaviour:
  ack: 2s
  activation: {uniform: {min: 10s, max: 30s}}
timeline:
  - {at: 0s, channel: stable, ref: a1}
  - {at: 5m, channel: stable, ref: b2}
`

// stalled is one whose second wave is never reached under the shipped control plane, because the
// cursor stops at the empty one.
const stalled = `
horizon: 4h
control_plane: shipped
channels:
  - name: stable
    waves: [{hosts: 0}, {hosts: 1, soak: 1m}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
`

func given(t *testing.T, text, machine string) *Source {
	t.Helper()
	f, err := scenario.Parse("given.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return &Source{
		Swarm: NewSwarm(), Machine: machine, Faults: SwarmFaults,
		Given: []Given{{Argument: "given.yaml", Scenario: &f.Scenario}},
	}
}

// TestLongFaults checks that a sweep of a scenario reports no rollout as stuck or unpruned because
// a drawn fault lasts beyond the horizon, and still reports those that stay so.
func TestLongFaults(t *testing.T) {
	source := given(t, quick, machine.Default().Name())
	for _, seed := range []uint64{844, 5017, 5645, 7769, 10979} {
		sc, m, err := source.Scenario(seed, 0)
		if err != nil {
			t.Fatal(err)
		}
		run, err := sim.Run(sc, sim.Options{Machine: m, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		if run.Violations == nil {
			t.Errorf("seed %d: nothing is under way at the horizon", seed)
		}
		r := sweep(t, &Sweep{Source: source, Seeds: Range{seed, seed}, Jobs: 1})
		for _, g := range r.Failures() {
			t.Errorf("seed %d: %s %s", seed, g.Key(true), g.First.Detail)
		}
	}
	for key, source := range map[string]*Source{
		"unpruned/Superseded": given(t, quick, canary),
		"stuck/empty-wave":    given(t, stalled, machine.Default().Name()),
	} {
		r := sweep(t, &Sweep{Source: source, Seeds: Range{1, 20}, Jobs: 1})
		has := func(g *Group) bool { return g.Key(false).String() == key }
		if !slices.ContainsFunc(r.Failures(), has) {
			t.Errorf("%s is not reported", key)
		}
	}
}

// TestLongFaultsAreCounted checks that the runs of a sweep are counted without the longer ones.
func TestLongFaultsAreCounted(t *testing.T) {
	source := given(t, quick, machine.Default().Name())
	r := sweep(t, &Sweep{Source: source, Seeds: Range{844, 844}, Jobs: 1})
	sc, m, err := source.Scenario(844, 0)
	if err != nil {
		t.Fatal(err)
	}
	run, err := sim.Run(sc, sim.Options{Machine: m, Seed: 844})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(run.Violations, func(v invariant.Violation) bool {
		return v.Invariant == invariant.Stuck
	}) {
		t.Errorf("nothing is stuck at the horizon: %v", run.Violations)
	}
	if r.Runs != 1 || r.Entries != run.Entries {
		t.Errorf("%d runs with %d entries, want 1 with %d", r.Runs, r.Entries, run.Entries)
	}
}
