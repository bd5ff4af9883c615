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

	Fate  FateKind // it does not go wrong in this way, or it does so if it is Given
	Given bool     // the scenario says so, which is no choice
	Stage Stage    // it takes Takes
	Takes time.Duration

	Fault   FaultKind         // of a host or a poll: it does not happen
	Channel reducer.ChannelID // of a poll; empty for the poll of all channels

	Message reducer.AgentEventKind // it is sent, and arrives
	Rollout reducer.RolloutID
	Seq     uint64
	Acked   bool // at once

	Back time.Duration // when the control plane is back, if it is down
}

// choices collects the choices and the moments of an instant. A nil one collects nothing.
type choices struct {
	driver  *driver
	quiet   bool // only what was met is recorded
	made    []Choice
	moments []Moment

	// met has, for each rollout, a set of what each host has met, and one of the states that the
	// rollout has reached. What is met again is no choice: it is decided.
	met   []uint32
	width int // the number of hosts, and one for the rollout
}

// The bits of the sets of what was met. Below the first are those of fates, by kind.
const (
	metStages = 8  // and the stage
	metStates = 16 // and the state of the host
)

// first reports whether a host, or the last place for the rollout itself, meets something for the
// first time, and records that.
func (c *choices) first(rollout uint32, place int, bit uint) bool {
	i := int(rollout)*c.width + place
	for len(c.met) <= i {
		c.met = append(c.met, 0)
	}
	if c.met[i]&(1<<bit) != 0 {
		return false
	}
	c.met[i] |= 1 << bit
	return !c.quiet
}

func (c *choices) clear() { c.made, c.moments = c.made[:0], c.moments[:0] }

// add adds a choice of the present instant.
func (c *choices) add(made Choice) {
	d := c.driver
	if made.At = d.clock.elapsed(); d.down {
		made.Back = time.Duration(d.back - d.clock.start)
	}
	c.made = append(c.made, made)
}

// chooseFate adds that something does not go wrong on a host.
func (as *agents) chooseFate(a *agent, rollout uint32, kind FateKind) {
	if as.choices == nil || !as.choices.first(rollout, int(a.host), uint(kind)) {
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

// giveFate adds that something goes wrong on a host because the scenario says so.
func (as *agents) giveFate(a *agent, rollout uint32, kind FateKind) {
	if as.choices != nil && !as.choices.quiet {
		as.choices.add(Choice{
			Host: as.inv.HostID(a.host), Ref: as.rollouts.list[rollout].ref, Fate: kind, Given: true,
		})
	}
}

// chooseDelay adds that a stage takes some time.
func (as *agents) chooseDelay(a *agent, rollout uint32, stage Stage, takes time.Duration) {
	if as.choices != nil && as.choices.first(rollout, int(a.host), metStages+uint(stage)) {
		as.choices.add(Choice{
			Host: as.inv.HostID(a.host), Ref: as.rollouts.list[rollout].ref, Stage: stage, Takes: takes,
		})
	}
}

// chooseFault adds that a fault of a host does not happen.
func (as *agents) chooseFault(a *agent, kind FaultKind) {
	if as.choices != nil && !as.choices.quiet {
		as.choices.add(Choice{Host: as.inv.HostID(a.host), Fault: kind})
	}
}

// chooseMessage adds that a message arrives. It returns the number of the choice, or -1.
func (n *network) chooseMessage(host uint32, m *message) int {
	if n.choices == nil || n.choices.quiet {
		return -1
	}
	n.choices.add(Choice{
		Host: n.inv.HostID(host), Message: m.event.Kind, Rollout: n.rollouts.list[m.rollout].id,
		Seq: m.event.Seq,
	})
	return len(n.choices.made) - 1
}

// choosePoll adds that a poll succeeds.
func (d *driver) choosePoll(channel reducer.ChannelID) {
	if d.choices != nil && !d.choices.quiet {
		d.choices.add(Choice{Fault: PollFailed, Channel: channel})
	}
}

// chooseTear adds that an opening without a new ref is not cut short: that of a rollout whose row
// was deleted.
func (p *production) chooseTear() {
	c := p.driver.choices
	if c == nil || c.quiet || !p.reopens() {
		return
	}
	if _, opens := p.opens(); opens {
		c.add(Choice{Fault: TornOpeningCrash})
	}
}

// observe adds the moments of an event that the fleet has accepted: those that happen for the first
// time.
func (d *driver) observe(r *reducer.Rollout, ev *reducer.Event, effects []reducer.Effect) {
	c, id := d.choices, r.Record.RolloutID
	n := d.rollouts.find(id)
	reach := func(s reducer.State) {
		if c.first(n, c.width-1, uint(s)) {
			c.moments = append(c.moments, Moment{Rollout: id, State: s})
		}
	}
	if ev.Kind == reducer.HostStateChanged {
		host, known := d.inv.Host(ev.Host)
		if known && c.first(n, int(host), metStates+uint(ev.To)) {
			c.moments = append(c.moments, Moment{Rollout: id, Host: ev.Host, HostState: ev.To})
		}
	}
	if ev.Kind == reducer.RolloutOpened {
		reach(reducer.Opening)
	}
	for i := range effects {
		if e := &effects[i]; e.Kind == reducer.RecordRolloutTransition {
			reach(e.To)
		}
	}
}
