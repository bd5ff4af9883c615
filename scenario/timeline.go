package scenario

import (
	"fmt"
	"slices"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
)

func (b *builder) buildAction(i int) sim.Action {
	a := &b.doc.Timeline[i]
	made := b.buildTime(i)
	made.Order = b.buildOrder(i)
	changes := a.Ref != nil || a.Channel != nil && a.Fault == nil
	clears, lifts := a.Clear != nil, a.Lift != nil
	fails, injects, releases := a.Fault != nil, a.Event != nil, a.Release != nil
	kinds := 0
	for _, is := range []bool{changes, releases, clears, lifts, made.Order != nil, fails, injects} {
		if is {
			kinds++
		}
	}
	switch {
	case kinds != 1:
		b.reject(at("timeline", i),
			"expected one of channel and ref, release, clear, lift, quarantine, pause, resume, abort, "+
				"join, leave, fault, or event, found %d of them", kinds)
	case changes:
		made.SetRef = b.buildRefChange(i)
	case releases:
		b.checkName("the ref", string(*a.Release), "", at("timeline", i, "release"))
		made.Release = &sim.ReleaseChange{Ref: *a.Release}
	case clears:
		made.Event = b.buildClearance(i)
	case lifts:
		made.Lift = b.buildClosure(a.Lift, at("timeline", i, "lift"))
	case fails:
		made.Fault = b.buildFaultNow(i)
	case injects:
		made.Event, made.KeepAt = b.buildEvent(i)
	}
	if a.Reaches != nil {
		made.Reaches = *a.Reaches
		b.checkRollout(*a.Reaches, at("timeline", i, "reaches"))
		if !injects {
			b.reject(at("timeline", i), "reaches needs event")
		}
	}
	b.checkNeeds(i)
	return made
}

// checkNeeds checks that what a line says belongs to what happens there.
func (b *builder) checkNeeds(i int) {
	a := &b.doc.Timeline[i]
	if a.Clear == nil && (a.Operator != nil || a.Reason != nil) {
		b.reject(at("timeline", i), "operator and reason need clear")
	}
	if a.Fault == nil && (a.Host != nil || a.For != nil || a.Joined != nil || a.Rollout != nil ||
		a.Message != nil || a.Seq != nil) {
		b.reject(at("timeline", i), "host, for, joined, rollout, message and seq need fault")
	}
}

// buildTime builds an action that has only its time or moment.
func (b *builder) buildTime(i int) sim.Action {
	a := &b.doc.Timeline[i]
	var made sim.Action
	switch {
	case (a.At == nil) == (a.When == nil):
		b.reject(at("timeline", i), "a line of the timeline needs either at or when")
	case a.At != nil:
		made.At = time.Duration(*a.At)
		if horizon := time.Duration(b.doc.Horizon); made.At > horizon {
			b.reject(at("timeline", i, "at"), "at: %s is after the horizon, which is %s",
				FormatDuration(made.At), FormatDuration(horizon))
		}
	default:
		made.When = b.buildMoment(a.When, at("timeline", i, "when"))
	}
	if a.After != nil {
		made.At = time.Duration(*a.After)
		if a.When == nil {
			b.reject(at("timeline", i, "after"), "after: needs when, from which it counts")
		}
	}
	return made
}

func (b *builder) buildRefChange(i int) *sim.RefChange {
	a := &b.doc.Timeline[i]
	if a.Channel == nil || a.Ref == nil {
		b.reject(at("timeline", i), "channel and ref must be given together")
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

// buildMoment builds a moment from the value at a path.
func (b *builder) buildMoment(m *moment, path []any) *sim.Moment {
	where := func(field string) []any { return append(slices.Clone(path), field) }
	b.checkRollout(m.Rollout, where("rollout"))
	made := &sim.Moment{Rollout: m.Rollout}
	if m.State != nil {
		made.State = *m.State
	}
	switch {
	case m.Wave != nil && m.Host != nil:
		b.reject(where("wave"), "wave and host exclude each other: a moment names one of them")
	case (m.Wave != nil || m.Host != nil) && m.HostState == nil:
		b.reject(path, "a moment of a wave or a host needs host_state")
	case m.Wave == nil && m.Host == nil && m.HostState != nil:
		b.reject(where("host_state"), "host_state: needs a wave or a host")
	}
	if m.HostState != nil {
		made.HostState = *m.HostState
	}
	channel, ok := b.rolloutNamed(m.Rollout)
	ok = ok && channel != raw
	if m.Wave != nil {
		made.Wave = reducer.Some(*m.Wave)
		if ok && uint64(*m.Wave) >= uint64(len(b.doc.Channels[channel].Waves)) {
			b.reject(where("wave"), "wave %d does not exist: channel %s has %s", *m.Wave,
				quote(b.channels[channel]), waveRange(len(b.doc.Channels[channel].Waves)))
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

// buildEvent builds a raw event. It reports whether the event has a time of its own.
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
		add(reducer.Event{
			Kind: reducer.RolloutOpened, Rollout: x.RolloutID, Channel: x.Channel, TargetRef: x.TargetRef,
		}, x.At)
	}
	if x := e.HostJoined; x != nil {
		add(reducer.Event{
			Kind: reducer.HostJoined, Rollout: x.RolloutID, Host: x.HostID, Wave: x.Wave,
		}, x.At)
	}
	if x := e.HostStateChanged; x != nil {
		add(reducer.Event{
			Kind: reducer.HostStateChanged, Rollout: x.RolloutID, Host: x.HostID, From: x.From, To: x.To,
		}, x.At)
	}
	if x := e.WaveAdvanced; x != nil {
		add(reducer.Event{
			Kind: reducer.WaveAdvanced, Rollout: x.RolloutID, FromWave: x.FromWave, ToWave: x.ToWave,
		}, x.At)
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
		add(reducer.Event{
			Kind: reducer.OperatorClearance, Rollout: x.RolloutID, Operator: x.Operator, Reason: x.Reason,
		}, x.At)
	}
	if len(made) != 1 {
		b.reject(at("timeline", i, "event"), "event: expected exactly one event, found %d", len(made))
		return nil, false
	}
	return &made[0], own != nil
}

// waveRange names the waves of a channel.
func waveRange(count int) string {
	switch count {
	case 0:
		return "no waves"
	case 1:
		return "only wave 0"
	}
	return fmt.Sprintf("waves 0 to %d", count-1)
}
