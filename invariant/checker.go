package invariant

import (
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

// Checker checks the safety invariants during a run. The cost of a step does not grow with the
// fleet.
//
// It judges by facts. A record may be accused, but nothing that the machine or the control plane
// says excuses a dispatch. A trace does not prove everything, because the control plane writes it.
// The driver of the run adds the rest: [Checker.Polled], [Checker.Lifted], [Checker.Raw],
// [Checker.Sent] and [Checker.Acknowledged].
type Checker struct {
	fleet      *reducer.Fleet
	raw        bool             // the events that come are raw
	misrouted  bool             // the events that come are of other rollouts than the records'
	number     int              // of the host that they are probably about
	asked      *reducer.Event   // the last one that was written, until it is accepted or refused
	last       *reducer.Rollout // the one that was looked up last
	lastID     reducer.RolloutID
	reports    *reports
	accounts   accounts
	channels   *channels
	records    records
	dispatches dispatches
	budgets    budgets
	history    history
	evidence   evidence
	shipped    *shipped // nil for other control planes
}

// NewChecker returns a Checker of a fleet that runs under the configuration in the trace's header.
func NewChecker(fleet *reducer.Fleet, config *trace.Header) *Checker {
	out, channels := new(reports), &channels{number: make(map[reducer.ChannelID]int)}
	c := &Checker{
		fleet:    fleet,
		reports:  out,
		channels: channels,
		records:  records{reports: out, retention: make(map[reducer.ChannelID]time.Duration)},
		dispatches: dispatches{
			reports:    out,
			channels:   channels,
			quarantine: make(map[trace.QuarantineConfig]bool),
			paused:     make(map[reducer.ChannelID]bool),
			outside:    make(map[reducer.HostID]absence),
			windows:    make(map[reducer.ChannelID]func(reducer.Time) bool),
		},
		budgets:  budgets{reports: out},
		history:  history{reports: out, channels: channels},
		evidence: evidence{reports: out, soaks: make(map[reducer.ChannelID][]time.Duration)},
	}
	for i := range config.Channels {
		conf := &config.Channels[i]
		c.records.retention[conf.Channel] = time.Duration(conf.Policy.RetentionSeconds) * time.Second
		channels.open(conf.Channel).after = conf.After
	}
	for _, q := range config.Quarantine {
		c.dispatches.quarantine[q] = true
	}
	for _, b := range config.Budgets {
		c.budgets.all = append(c.budgets.all, budget{BudgetConfig: b})
	}
	return c
}

// ReportEach makes the Checker report every dispatch that violates an invariant, and every time
// that a second rollout stands for a channel, instead of the first for each subject. It still
// reports only the first dispatch above the wave cursor until a cursor has moved.
func (c *Checker) ReportEach() { c.dispatches.each = true }

// Found returns the violations so far, in the order in which they were found.
func (c *Checker) Found() []Violation { return c.reports.found }

// Drain returns the violations since the last Drain, and removes them.
func (c *Checker) Drain() []Violation {
	found := c.reports.found
	c.reports.found = nil
	return found
}

// Report adds a violation that was found elsewhere, unless the same one was reported before.
func (c *Checker) Report(v Violation) {
	if c.reports.first(v.Invariant, v.Subject) {
		c.reports.found = append(c.reports.found, v)
	}
}

// Forget frees what is known of a rollout that has ended. The Checker reports what it finds about
// the rollout from then on, even if it did before.
func (c *Checker) Forget(r *reducer.Rollout) {
	for _, name := range names {
		c.reports.forget(name, string(r.Record.RolloutID))
	}
	c.accounts.forget(r)
}

// Release frees what is known of the hosts of a rollout, after Rollout.Forget has freed them.
func (c *Checker) Release(r *reducer.Rollout) {
	if a := c.accounts.find(r.Number()); a != nil && r.Forgotten() {
		a.hosts, a.waves = nil, waves{}
	}
}

// Resume continues with a rollout that was forgotten, from its present state. When it reached the
// terminal set is no longer known.
func (c *Checker) Resume(r *reducer.Rollout) { c.accounts.resume(r) }

// Watch continues with another fleet in the same state: that of a restarted control plane.
func (c *Checker) Watch(fleet *reducer.Fleet) { c.fleet, c.last = fleet, nil }

// Raw says whether the events that follow are raw: a scenario or an operator hands them to the
// reducer, and the control plane only passes them on. A raw WaveAdvanced opens waves.
func (c *Checker) Raw(raw bool) { c.raw = raw }

// Misrouted says whether the events that follow reach the record of another rollout than theirs.
// They prove nothing of the rollout whose record they reach.
func (c *Checker) Misrouted(misrouted bool) { c.misrouted = misrouted }

// Host sets the number of the host that the next entries are probably about. It saves a search for
// each of them if the hosts of a channel are numbered in the order in which they join.
func (c *Checker) Host(number int) { c.number = number }

// Declare records how many hosts follow a channel, and how long those of each wave soak. Each of
// its rollouts must open with all of them.
func (c *Checker) Declare(id reducer.ChannelID, hosts int, soaks []time.Duration) {
	c.channels.open(id).hosts, c.evidence.soaks[id] = reducer.Some(hosts), soaks
}

// Finish checks what only the end of the run shows.
func (c *Checker) Finish() { c.history.settle() }

// Sent records that a dispatch of a rollout is on its way to a host, whatever the log says.
func (c *Checker) Sent(id reducer.RolloutID, host reducer.HostID) {
	if a := c.account(id); a != nil {
		c.history.sent(a, id, host)
	}
}

// Acknowledged checks that a message that the control plane acknowledges for the first time is the
// one that it has logged last.
func (c *Checker) Acknowledged(id reducer.RolloutID, host reducer.HostID, seq uint64) {
	if c.history.logged == (message{host, id, seq}) {
		return
	}
	if r := c.rollout(id); r != nil {
		c.reports.once(AcknowledgedKept, r, "message %d of host %s was acknowledged and not logged",
			seq, host)
	}
}

// Polled records that a poll of a channel has succeeded, and the ref that it saw.
func (c *Checker) Polled(id reducer.ChannelID, ref reducer.ChannelRef) {
	if ch := c.channels.of(id); ch != nil {
		ch.ref = ref
	}
}

// Lifted records that an operator takes an entry out of the quarantine.
func (c *Checker) Lifted(q trace.QuarantineConfig) { delete(c.dispatches.quarantine, q) }

// Inserted records that an operator puts an entry into the quarantine.
func (c *Checker) Inserted(q trace.QuarantineConfig) { c.dispatches.quarantine[q] = true }

// Paused records that an operator pauses dispatching on a channel, or resumes it. The empty channel
// stands for all: resuming it resumes every channel.
func (c *Checker) Paused(id reducer.ChannelID, paused bool) {
	if id == "" && !paused {
		clear(c.dispatches.paused)
		return
	}
	c.dispatches.paused[id] = paused
}

// Aborted records that an operator aborts a rollout.
func (c *Checker) Aborted(id reducer.RolloutID) {
	if r := c.rollout(id); r != nil && r.Record.State.Underway() {
		a := c.accounts.of(r)
		a.aborted = true
		c.budgets.recountAll(a, r)
	}
}

// Outside records that a host is not in the fleet at the start.
func (c *Checker) Outside(host reducer.HostID) { c.dispatches.outside[host] = notYet }

// Enrolled records that a host joins the fleet, and follows a channel. One that has left it stays
// away.
func (c *Checker) Enrolled(id reducer.ChannelID, host reducer.HostID) {
	if c.dispatches.outside[host] == notYet {
		delete(c.dispatches.outside, host)
		c.channels.add(id, 1)
	}
}

// Departed records that a host leaves the fleet, which followed a channel. Budgets do not wait for
// it.
func (c *Checker) Departed(id reducer.ChannelID, host reducer.HostID) {
	before := c.dispatches.outside[host]
	c.dispatches.outside[host] = left
	if before == present {
		c.channels.add(id, -1)
		c.budgets.depart(host)
	}
}

// Windows sets when the maintenance windows of a channel are open.
func (c *Checker) Windows(id reducer.ChannelID, open func(reducer.Time) bool) {
	c.dispatches.windows[id] = open
}

// Entry checks an entry of the trace. Effects of the rollout machine, and events that the fleet
// accepts, are checked by Applied; Entry sees an accepted event before that, or not at all.
func (c *Checker) Entry(e *trace.Entry) {
	c.arrive(e.Seq, e.At)
	switch {
	case e.Event != nil:
		c.asked = e.Event
	case e.Rejection != nil:
		if ev := c.asked; ev != nil && e.Rejection.Event == ev.Kind &&
			e.Rejection.Rollout == ev.Rollout && !c.misrouted {
			c.asked = nil
			c.rejected(ev)
		}
	case e.HostEffect != nil && e.HostEffect.Effect == trace.RemoteInsertQuarantine:
		c.dispatches.quarantine[trace.QuarantineConfig{
			Channel: e.HostEffect.Channel, Closure: e.HostEffect.Closure,
		}] = true
	case e.Agent != nil:
		c.agentEvent(e)
	case e.Plan != nil && e.Plan.Action == trace.QueueDispatch:
		if r := c.rollout(e.Plan.Rollout); r != nil {
			c.dispatched(c.accounts.of(r), r, e.Plan)
		}
	}
}

// dispatched checks a dispatch. Whether it is the first of its host is a fact, except for a host
// that did not join.
func (c *Checker) dispatched(a *account, r *reducer.Rollout, p *trace.PlanAction) {
	slot := a.slot(r, p.Host, c.number+1) // plans dispatch hosts in the order of their numbers
	first := p.Attempt <= 1
	if slot >= 0 {
		c.number = slot + a.offset
		first = a.hosts[slot].soakDue == 0
	}
	c.dispatches.check(a, r, p, slot, first, c.account)
	if !first {
		return
	}
	c.budgets.dispatched(r, p.Host)
	if slot >= 0 {
		c.evidence.dispatched(a, slot, a.waves.of(slot))
	}
}

// arrive makes an entry the present one.
func (c *Checker) arrive(seq uint64, at reducer.Time) {
	if len(c.history.openings) > 0 && at != c.history.openings[0].at {
		c.history.settle()
	}
	c.reports.seq, c.reports.at = seq, at
}

// rollout returns the rollout with an id; nil when it was not opened.
func (c *Checker) rollout(id reducer.RolloutID) *reducer.Rollout {
	if c.last == nil || c.lastID != id {
		c.lastID, c.last = id, c.fleet.Rollout(id)
	}
	return c.last
}

// account returns the account of a rollout; nil when it was not opened.
func (c *Checker) account(id reducer.RolloutID) *account {
	if r := c.rollout(id); r != nil {
		return c.accounts.of(r)
	}
	return nil
}

// rejected records what an event says that the fleet has refused. A host has moved and a successor
// was opened, whatever the machine makes of it.
func (c *Checker) rejected(ev *reducer.Event) {
	r := c.rollout(ev.Rollout)
	if r == nil {
		return
	}
	a := c.accounts.of(r)
	switch {
	case ev.Kind == reducer.HostStateChanged || ev.Kind == reducer.SuccessorOpened:
		c.happened(a, r, ev)
	case ev.Kind == reducer.RolloutOpened && !c.raw:
		c.opened(a, r)
	}
}

// agentEvent checks a message of an agent that is logged. A rollback after the rollout was pruned
// quarantines its closure; before that, the HostStateChanged that follows does.
func (c *Checker) agentEvent(e *trace.Entry) {
	r := c.rollout(e.Rollout)
	if r == nil {
		return
	}
	c.history.agentEvent(r, e)
	a := c.accounts.of(r)
	slot := a.slot(r, e.Host, c.number)
	if slot < 0 {
		return
	}
	if c.shipped != nil {
		a.log(slot, e.Agent.Seq, logged{e.Agent.Kind, e.Agent.At, !c.shipped.heartbeat})
	}
	c.evidence.agentEvent(a, r, slot, e, c.shipped)
	if e.Agent.Kind == reducer.RollbackComplete && a.pruned && !a.superseded &&
		a.hosts[slot].state == reducer.HostFailed {
		c.quarantine(a)
	}
}

func (c *Checker) quarantine(a *account) {
	c.dispatches.quarantine[trace.QuarantineConfig{Channel: a.channel, Closure: a.closure}] = true
}

// Applied checks an event that the fleet accepted, with its effects, at the entry that holds it.
func (c *Checker) Applied(
	seq uint64, at reducer.Time, r *reducer.Rollout, ev *reducer.Event, effects *reducer.Effects,
) {
	c.arrive(seq, at)
	c.reports.event = ev.Kind
	c.dispatches.moved = c.dispatches.moved || ev.Kind == reducer.WaveAdvanced
	c.asked = nil
	a := c.accounts.of(r)
	if !c.raw {
		c.history.times(a, r, ev, c.shipped != nil)
	}
	if !c.misrouted {
		if ev.Kind == reducer.RolloutOpened {
			c.opened(a, r)
			if !c.raw {
				c.history.awaitHosts(a, r)
			}
		}
		c.happened(a, r, ev)
	}
	cleared := ev.Kind == reducer.OperatorClearance && !c.misrouted
	all := effects.All()
	for i := range all {
		if e := &all[i]; e.Kind == reducer.RecordRolloutTransition {
			c.records.transition(a, r, cleared, e)
		}
	}
}

// happened records the facts of an event.
func (c *Checker) happened(a *account, r *reducer.Rollout, ev *reducer.Event) {
	halted, pruned := a.halted(), a.pruned
	if ev.Kind != reducer.HostJoined {
		a.waves.happened()
	}
	switch ev.Kind {
	case reducer.HostJoined:
		c.joined(a, r, ev)
	case reducer.HostStateChanged:
		if slot := a.slot(r, ev.Host, c.number); slot >= 0 && a.move(slot, ev, c.reports.at) {
			c.moved(a, r, slot, ev)
		}
	case reducer.WaveAdvanced:
		if c.raw {
			a.waves.opened(ev.ToWave)
		}
	case reducer.SuccessorOpened:
		a.supersede(c.reports.at)
		if c.shipped != nil {
			c.shipped.superseded[r.Record.RolloutID] = c.reports.at
		}
	case reducer.RetentionExpired:
		a.pruned = a.pruned || a.halted()
	case reducer.OperatorClearance:
		a.finished = a.finished || a.failed()
	case reducer.RolloutOpened, reducer.RolloutTerminal:
	}
	if a.halted() != halted || a.pruned != pruned {
		c.budgets.recountAll(a, r)
	}
}

// moved records that a host has moved to another state.
func (c *Checker) moved(a *account, r *reducer.Rollout, slot int, ev *reducer.Event) {
	c.budgets.recount(a, r, slot)
	switch {
	case ev.To == reducer.HostReverted && c.shipped == nil:
		c.quarantine(a)
	case ev.To == reducer.HostConverged && !c.raw && c.shipped != nil:
		c.shipped.converged(&c.evidence, a, r, slot)
	case ev.To == reducer.HostConverged && !c.raw:
		c.evidence.converged(a, r, slot)
	}
}

// opened records that a rollout is opened, in the shipped control plane perhaps once more.
func (c *Checker) opened(a *account, r *reducer.Rollout) {
	if c.shipped != nil {
		c.last = nil // it may be the rollout that had the id before
		a.known = c.shipped.opened[r.Record.RolloutID]
		c.shipped.opened[r.Record.RolloutID] = true
	}
	c.history.opened(a, r)
}

// joined records that a host has joined a rollout.
func (c *Checker) joined(a *account, r *reducer.Rollout, ev *reducer.Event) {
	before := len(a.hosts)
	a.join(r, ev, c.reports.at, c.raw)
	if c.shipped != nil && len(a.hosts) > before {
		c.shipped.joined(a, ev)
	}
}

// Step checks a rollout at the end of a step: an event and the events derived from it have been
// applied.
func (c *Checker) Step(r *reducer.Rollout) {
	c.records.step(c.accounts.of(r), r)
	if last := c.reports.event; last != reducer.RolloutOpened && last != reducer.SuccessorOpened {
		c.Standing(r.Record.Channel)
	}
}

// Standing checks invariant (6), that at most one rollout stands for a channel. It must not be
// called between the two events of a lockstep.
func (c *Checker) Standing(id reducer.ChannelID) {
	standing := c.fleet.Standing(id)
	switch {
	case len(standing) > 1:
		first, second := &standing[0].Record, &standing[1].Record
		c.reports.about(OneStanding, string(id), first.State,
			"%d rollouts stand, %s and %s among them", len(standing), first.RolloutID, second.RolloutID)
	case c.dispatches.each:
		c.reports.forget(OneStanding, string(id))
	}
}
