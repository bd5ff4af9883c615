package machine_test

import (
	"context"
	"errors"
	"testing"

	"rollsim/machine"
	"rollsim/reducer"
)

func TestUntil(t *testing.T) {
	step := func(m reducer.Machine) error {
		rec := reducer.Record{
			RolloutID: "stable@a1", Channel: "stable", TargetRef: "a1", State: reducer.Opening,
		}
		ev := reducer.Event{Kind: reducer.HostJoined, Rollout: "stable@a1", Host: "h"}
		var out reducer.Effects
		return m.Step(&rec, &ev, 0, reducer.DefaultPolicy(), &out)
	}
	table := machine.Default()
	if m := machine.Until(context.Background(), table); m != reducer.Machine(table) {
		t.Errorf("a context that never ends: got %v, want the machine itself", m)
	}
	ctx, cancel := context.WithCancel(t.Context())
	m := machine.Until(ctx, table)
	if err := step(m); err != nil || m.Name() != table.Name() {
		t.Errorf("before the end: %s, %v", m.Name(), err)
	}
	cancel()
	err := step(m)
	if !errors.As(err, new(*reducer.MachineFailure)) || !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v, want a MachineFailure with the context's error", err)
	}
}
