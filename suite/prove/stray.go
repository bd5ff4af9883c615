package prove

import (
	"slices"
	"time"

	"rollsim/internal/hash64"
	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/sim"
)

// stray adds events without effect, when a rollout has just reached a state: the specification
// refuses or ignores them.
func (m *menu) stray(moments []sim.Moment, at time.Duration) {
	if !m.open.Has(StrayEvent) {
		return
	}
	for _, when := range moments {
		if when.State == 0 {
			continue
		}
		for i, ev := range strayEvents(when.State) {
			ev.Rollout = when.Rollout
			line := sim.Action{When: &when, Event: &ev}
			if i == 0 {
				line.Reaches, ev.Rollout = when.Rollout, "another@"+when.Rollout
			}
			m.lineWhen(StrayEvent, hash64.Of(aboutMoment("stray", &when), uint64(i)), at, line)
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

// revert adds that a host that has failed under halt is rolled back by hand, and that this is
// reported. It rolls back by itself under the other policy.
func (m *menu) revert(k *sim.Walk, at time.Duration) {
	if !m.open.Has(StrayEvent) {
		return
	}
	for _, when := range k.Moments() {
		r := k.Fleet().Rollout(when.Rollout)
		if when.HostState != reducer.HostFailed || r == nil || m.p.rollsBack(r.Record.Channel) {
			continue
		}
		m.lineWhen(StrayEvent, aboutMoment("stray when", &when), at, sim.Action{
			When: &when, Event: &reducer.Event{
				Kind: reducer.HostStateChanged, Rollout: when.Rollout, Host: when.Host,
				From: reducer.HostFailed, To: reducer.HostReverted,
			},
		})
	}
}

// rollsBack reports whether the hosts of a channel that fail roll back.
func (p *Prover) rollsBack(id reducer.ChannelID) bool {
	return slices.ContainsFunc(p.plain.Channels, func(ch sim.Channel) bool {
		return ch.ID == id && ch.Policy.OnHealthFailure == reducer.RollbackAndHalt
	})
}

// prunes reports whether a rollout was pruned too early by a stray event, and not by the control
// plane: the rollout has ended in the instant in which it has reached a state that refuses the
// event.
func (n *node) prunes(v *invariant.Violation) bool {
	return v.Invariant == invariant.RetentionKept && slices.ContainsFunc(n.all(),
		func(d *Deviation) bool {
			return d.Kind == StrayEvent && d.lines[0].Event.Kind == reducer.RetentionExpired &&
				string(d.lines[0].Event.Rollout) == v.Subject
		})
}
