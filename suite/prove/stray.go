package prove

import (
	"fmt"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
)

// stray adds events without effect, when a rollout has just reached a state: the specification
// refuses or ignores them.
func (m *menu) stray(moments []sim.Moment, at time.Duration) {
	if !m.p.kinds.Has(StrayEvent) {
		return
	}
	for _, when := range moments {
		if when.State == 0 || m.met(fmt.Sprint("stray when ", &when)) {
			continue
		}
		for i, ev := range strayEvents(when.State) {
			ev.Rollout = when.Rollout
			line := sim.Action{When: &when, Event: &ev}
			if i == 0 {
				line.Reaches, ev.Rollout = when.Rollout, "another@"+when.Rollout
			}
			m.lineWhen(StrayEvent, fmt.Sprintf("stray %d when %v", i, &when), at, line)
		}
	}
}

// strayEvents returns the events without effect in a state. The first one is to be that of another
// rollout.
func strayEvents(s reducer.State) []reducer.Event {
	advance := func(from, to uint32) reducer.Event {
		return reducer.Event{Kind: reducer.WaveAdvanced, FromWave: from, ToWave: to}
	}
	terminal := reducer.Event{Kind: reducer.RolloutTerminal}
	clearance := reducer.Event{Kind: reducer.OperatorClearance, Operator: "operator"}
	expired := reducer.Event{Kind: reducer.RetentionExpired}
	successor := reducer.Event{Kind: reducer.SuccessorOpened, Successor: "another@ref"}
	all := []reducer.Event{
		expired, // of another rollout
		{Kind: reducer.RolloutOpened, Channel: "stable", TargetRef: "again"},
		advance(1, 0),
	}
	switch s {
	case reducer.Opening:
		return append(all, advance(0, 0), advance(0, 1), terminal, clearance, expired)
	case reducer.Active, reducer.Converging:
		return append(all, clearance, expired)
	case reducer.Terminal:
		return append(all, advance(0, 0), advance(0, 1), terminal, clearance)
	case reducer.Failed, reducer.Reverted:
		return append(all, advance(0, 0), advance(0, 1), terminal)
	case reducer.Superseded:
		return append(all, advance(0, 0), advance(0, 1), terminal, clearance, successor)
	case reducer.Pruned:
		return append(all, advance(0, 0), advance(0, 1), terminal, clearance, successor, expired,
			reducer.Event{Kind: reducer.HostJoined, Host: "stray"})
	}
	return nil
}
