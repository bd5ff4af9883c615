package timeline_test

import (
	"testing"

	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/timeline"
)

// simulateText returns the index of a scenario.
func simulateText(t *testing.T, yaml string) *timeline.Index {
	t.Helper()
	file, err := scenario.Parse("t.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	m, err := machine.ByName(file.Scenario.Machine)
	if err != nil {
		t.Fatal(err)
	}
	b := timeline.NewBuilder(timeline.Options{})
	if _, err := sim.Run(
		&file.Scenario, sim.Options{Machine: m, Seed: file.Scenario.Seed, Sink: b},
	); err != nil {
		t.Fatal(err)
	}
	x, err := b.Index()
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestReopenedInSimulation reads a run of the shipped control plane, which opens a rollout again
// after its row was deleted, and a run in which a raw event opens a rollout again and is refused.
func TestReopenedInSimulation(t *testing.T) {
	x := simulateText(t, `control_plane: shipped
machine: v0.2
horizon: 100d
channels: [{name: stable, waves: [{hosts: 1, soak: 10m}]}]
timeline: [{at: 0s, channel: stable, ref: a1}]
`)
	c := x.Cursor()
	c.Go(x.Len())
	all := c.Snapshot().Rollouts
	if len(all) != 2 || all[0].Incarnation != 1 || all[1].Incarnation != 2 ||
		all[1].Record.State != reducer.Terminal || all[1].Record.OpenedAt <= all[0].Record.OpenedAt {
		t.Errorf("%d rollouts: %+v", len(all), all)
	}
	for _, change := range x.Changes() {
		if change.What == timeline.Refused {
			t.Errorf("entry %d: %s", x.Seq(int(change.N)), x.Name(change.Value))
		}
	}

	x = simulateText(t, `horizon: 2d
channels: [{name: stable, waves: [{hosts: 1, soak: 10m}]}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
  - {at: 1d, event: {RolloutOpened: {rollout_id: stable@a1, channel: stable, target_ref: a1}}}
`)
	c = x.Cursor()
	if !c.Next(timeline.Condition{Refused: true}) {
		t.Fatal("nothing is refused")
	}
	e, err := c.Entry()
	if err != nil || e.Event == nil || e.Event.Kind != reducer.RolloutOpened {
		t.Errorf("the refused entry is %+v, %v", e, err)
	}
	c.Go(x.Len())
	if all := c.Snapshot().Rollouts; len(all) != 1 || all[0].Record.State != reducer.Terminal {
		t.Errorf("rollouts: %+v", all)
	}
}
