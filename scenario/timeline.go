package scenario

import (
	"slices"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
)

func (b *builder) buildAction(i int) sim.Action {
	a := &b.doc.Timeline[i]
	var made sim.Action

	switch {
	case (a.At == nil) == (a.When == nil):
		b.reject(at("timeline", i), "a line of the timeline has either at or when")
	case a.At != nil:
		made.At = time.Duration(*a.At)
		if made.At > time.Duration(b.doc.Horizon) {
			b.reject(at("timeline", i, "at"), "at: this is after the horizon, so that it never happens")
		}
	default:
		made.When = b.buildMoment(a.When, at("timeline", i, "when"))
	}
	if a.After != nil {
		made.At = time.Duration(*a.After)
		if a.When == nil {
			b.reject(at("timeline", i, "after"), "after: it counts from the moment that when describes, "+
				"and there is none")
		}
	}

	moves, clears, lifts, breaks, happens := a.Channel != nil ||
		a.Ref != nil, a.Clear != nil, a.Lift != nil, a.Fault != nil, a.Event != nil
	kinds := 0
	for _, is := range []bool{moves, clears, lifts, breaks, happens} {
		if is {
			kinds++
		}
	}
	switch {
	case kinds != 1:
		b.reject(at("timeline", i), "a line of the timeline has one of these: channel and ref, clear, "+
			"lift, fault, or event")
	case moves:
		made.SetRef = b.buildRefChange(i)
	case clears:
		made.Event = b.buildClearance(i)
	case lifts:
		made.Lift = b.buildClosure(a.Lift, at("timeline", i, "lift"))
	case breaks:
		made.Fault = b.buildFaultNow(i)
	case happens:
		made.Event, made.KeepAt = b.buildEvent(i)
	}
	if !clears && (a.Operator != nil || a.Reason != nil) {
		b.reject(at("timeline", i), "operator and reason belong to clear")
	}
	if !breaks && (a.Host != nil || a.For != nil) {
		b.reject(at("timeline", i), "host and for belong to fault")
	}
	return made
}

func (b *builder) buildRefChange(i int) *sim.RefChange {
	a := &b.doc.Timeline[i]
	if a.Channel == nil || a.Ref == nil {
		b.reject(at("timeline", i), "channel and ref belong together")
		return nil
	}
	if b.channelNamed(*a.Channel) < 0 {
		b.reject(
			at("timeline", i, "channel"), "%v", unknownName{"channel", string(*a.Channel), b.channels},
		)
	}
	b.checkName("the ref", string(*a.Ref), "", at("timeline", i, "ref"))
	return &sim.RefChange{Channel: *a.Channel, Ref: *a.Ref}
}

func (b *builder) buildClearance(i int) *reducer.Event {
	a := &b.doc.Timeline[i]
	b.checkRollout(*a.Clear, at("timeline", i, "clear"))
	ev := &reducer.Event{Kind: reducer.OperatorClearance, Rollout: *a.Clear, Operator: "operator"}
	if a.Operator != nil {
		ev.Operator = *a.Operator
	}
	if a.Reason != nil {
		ev.Reason = *a.Reason
	}
	return ev
}

// buildMoment makes a moment, of what is found at a path.
func (b *builder) buildMoment(m *moment, path []any) *sim.Moment {
	where := func(field string) []any { return append(slices.Clone(path), field) }
	b.checkRollout(m.Rollout, where("rollout"))
	made := &sim.Moment{Rollout: m.Rollout}
	if m.State != nil {
		made.State = *m.State
	}
	switch {
	case m.Wave != nil && m.Host != nil:
		b.reject(where("wave"), "a moment asks either for a wave or for a host")
	case (m.Wave != nil || m.Host != nil) && m.HostState == nil:
		b.reject(path, "a moment of a wave or a host needs host_state")
	case m.Wave == nil && m.Host == nil && m.HostState != nil:
		b.reject(where("host_state"), "host_state: it belongs to a wave or a host")
	}
	if m.HostState != nil {
		made.HostState = *m.HostState
	}
	channel, ok := b.rolloutNamed(m.Rollout)
	ok = ok && channel != raw
	if m.Wave != nil {
		made.Wave = reducer.Some(*m.Wave)
		if ok && uint64(*m.Wave) >= uint64(len(b.doc.Channels[channel].Waves)) {
			b.reject(
				where("wave"), "channel %s has no wave %d: waves are counted from 0", b.channels[channel],
				*m.Wave,
			)
		}
	}
	if m.Host != nil {
		made.Host = *m.Host
		if ok {
			b.checkMember(*m.Host, channel, where("host"))
		}
	}
	return made
}

// buildEvent makes a raw event; true when it carries its own time.
func (b *builder) buildEvent(i int) (*reducer.Event, bool) {
	e := b.doc.Timeline[i].Event
	var made []reducer.Event
	var own *timestamp
	add := func(ev reducer.Event, at *timestamp) {
		if at != nil {
			ev.At = reducer.Time(*at)
		}
		made, own = append(made, ev), at
	}
	if x := e.RolloutOpened; x != nil {
		add(
			reducer.Event{
				Kind:      reducer.RolloutOpened,
				Rollout:   x.RolloutID,
				Channel:   x.Channel,
				TargetRef: x.TargetRef,
			},
			x.At,
		)
	}
	if x := e.HostJoined; x != nil {
		add(
			reducer.Event{Kind: reducer.HostJoined, Rollout: x.RolloutID, Host: x.HostID, Wave: x.Wave},
			x.At,
		)
	}
	if x := e.HostStateChanged; x != nil {
		add(
			reducer.Event{
				Kind:    reducer.HostStateChanged,
				Rollout: x.RolloutID,
				Host:    x.HostID,
				From:    x.From,
				To:      x.To,
			},
			x.At,
		)
	}
	if x := e.WaveAdvanced; x != nil {
		add(
			reducer.Event{
				Kind:     reducer.WaveAdvanced,
				Rollout:  x.RolloutID,
				FromWave: x.FromWave,
				ToWave:   x.ToWave,
			},
			x.At,
		)
	}
	if x := e.RolloutTerminal; x != nil {
		add(reducer.Event{Kind: reducer.RolloutTerminal, Rollout: x.RolloutID}, x.At)
	}
	if x := e.SuccessorOpened; x != nil {
		add(reducer.Event{
			Kind: reducer.SuccessorOpened, Rollout: x.SupersededRolloutID, Successor: x.SuccessorRolloutID,
		}, x.At)
	}
	if x := e.RetentionExpired; x != nil {
		add(reducer.Event{Kind: reducer.RetentionExpired, Rollout: x.RolloutID}, x.At)
	}
	if x := e.OperatorClearance; x != nil {
		add(
			reducer.Event{
				Kind:     reducer.OperatorClearance,
				Rollout:  x.RolloutID,
				Operator: x.Operator,
				Reason:   x.Reason,
			},
			x.At,
		)
	}
	if len(made) != 1 {
		b.reject(at("timeline", i, "event"), "event: expected exactly one event, found %d", len(made))
		return nil, false
	}
	return &made[0], own != nil
}
