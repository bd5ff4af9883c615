package sim

import (
	"time"

	"rollsim/reducer"
)

// Choice is a point of a run at which the world could have done something else. Exactly one of
// Fate, Stage, Fault and Message is set.
type Choice struct {
	At   time.Duration // the instant, since the start
	Host reducer.HostID
	Ref  reducer.ChannelRef // of the rollout that the host works for

	Fate  FateKind // it does not go wrong in this way
	Stage Stage    // it takes Takes
	Takes time.Duration

	Fault   FaultKind         // of a host or a poll: it does not happen
	Channel reducer.ChannelID // of a poll; empty for the poll of all channels

	Message reducer.AgentEventKind // it is sent, and arrives
	Rollout reducer.RolloutID
	Seq     uint64
}

// choices collects the choices and the moments of an instant. A nil one collects nothing.
type choices struct {
	clock   *clock
	made    []Choice
	moments []Moment
}

func (c *choices) clear() { c.made, c.moments = c.made[:0], c.moments[:0] }

// add adds a choice of the present instant.
func (c *choices) add(made Choice) {
	made.At = c.clock.elapsed()
	c.made = append(c.made, made)
}

// chooseFate adds that something does not go wrong on a host.
func (as *agents) chooseFate(a *agent, rollout uint32, kind FateKind) {
	if as.choices == nil {
		return
	}
	ref := as.rollouts.list[rollout].ref
	for i := range a.profile.fates {
		if f := &a.profile.fates[i]; f.Kind == ConvergesAnyway && (f.Ref == "" || f.Ref == ref) {
			return
		}
	}
	as.choices.add(Choice{Host: as.inv.HostID(a.host), Ref: ref, Fate: kind})
}

// chooseDelay adds that a stage takes some time.
func (as *agents) chooseDelay(a *agent, rollout uint32, stage Stage, takes time.Duration) {
	if as.choices != nil {
		as.choices.add(Choice{
			Host: as.inv.HostID(a.host), Ref: as.rollouts.list[rollout].ref, Stage: stage, Takes: takes,
		})
	}
}

// chooseFault adds that a fault of a host does not happen.
func (as *agents) chooseFault(a *agent, kind FaultKind) {
	if as.choices != nil {
		as.choices.add(Choice{Host: as.inv.HostID(a.host), Fault: kind})
	}
}

// chooseMessage adds that a message arrives.
func (n *network) chooseMessage(host uint32, m *message) {
	if n.choices != nil {
		n.choices.add(Choice{
			Host: n.inv.HostID(host), Message: m.event.Kind, Rollout: n.rollouts.list[m.rollout].id,
			Seq: m.event.Seq,
		})
	}
}

// choosePoll adds that a poll succeeds.
func (d *driver) choosePoll(channel reducer.ChannelID) {
	if d.choices != nil {
		d.choices.add(Choice{Fault: PollFailed, Channel: channel})
	}
}

// observe adds the moments of an event that the fleet has accepted.
func (c *choices) observe(r *reducer.Rollout, ev *reducer.Event, effects []reducer.Effect) {
	if ev.Kind == reducer.HostStateChanged {
		c.moments = append(c.moments, Moment{
			Rollout: r.Record.RolloutID, Host: ev.Host, HostState: ev.To,
		})
	}
	if ev.Kind == reducer.RolloutOpened {
		c.moments = append(c.moments, Moment{Rollout: ev.Rollout, State: reducer.Opening})
	}
	for i := range effects {
		if e := &effects[i]; e.Kind == reducer.RecordRolloutTransition {
			c.moments = append(c.moments, Moment{Rollout: r.Record.RolloutID, State: e.To})
		}
	}
}
