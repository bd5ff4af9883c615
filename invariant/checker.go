package invariant

import (
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

// Checker checks the safety invariants (1) to (13) during a run. The cost of a step does not
// grow with the fleet.
type Checker struct {
	fleet      *reducer.Fleet
	reports    *reports
	records    records
	dispatches dispatches
	budgets    budgets
}

// NewChecker returns a Checker of a fleet that runs under the configuration in the trace's header.
func NewChecker(fleet *reducer.Fleet, config *trace.Header) *Checker {
	out := new(reports)
	c := &Checker{
		fleet:   fleet,
		reports: out,
		records: records{reports: out, retention: make(map[reducer.ChannelID]time.Duration)},
		dispatches: dispatches{
			reports:    out,
			channels:   make(map[reducer.ChannelID]*channel),
			quarantine: make(map[trace.QuarantineConfig]bool),
		},
		budgets: budgets{reports: out},
	}
	for i := range config.Channels {
		conf := &config.Channels[i]
		c.records.retention[conf.Channel] = time.Duration(conf.Policy.RetentionSeconds) * time.Second
		c.dispatches.channels[conf.Channel] = &channel{after: conf.After}
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
	c.records.forget(r)
}

// Resume continues with a rollout that was forgotten, from its present state. When it reached the
// terminal set is no longer known.
func (c *Checker) Resume(r *reducer.Rollout) { c.records.resume(r) }

// Watch continues with another fleet in the same state: that of a restarted control plane.
func (c *Checker) Watch(fleet *reducer.Fleet) { c.fleet = fleet }

// Entry checks an entry of the trace that is neither a rollout event nor an effect of the rollout
// machine.
func (c *Checker) Entry(e *trace.Entry) {
	c.reports.seq, c.reports.at = e.Seq, e.At
	switch {
	case e.Poll != nil:
		if ch := c.dispatches.channels[e.Poll.Channel]; ch != nil {
			ch.ref = e.Poll.Ref
		}
	case e.HostEffect != nil:
		q := trace.QuarantineConfig{Channel: e.HostEffect.Channel, Closure: e.HostEffect.Closure}
		switch e.HostEffect.Effect {
		case trace.RemoteInsertQuarantine:
			c.dispatches.quarantine[q] = true
		case trace.RemoteRemoveQuarantine:
			delete(c.dispatches.quarantine, q)
		}
	case e.Plan != nil && e.Plan.Action == trace.QueueDispatch:
		if r := c.fleet.Rollout(e.Plan.Rollout); r != nil {
			c.dispatches.check(c.fleet, r, e.Plan)
			if e.Plan.Attempt <= 1 {
				c.budgets.dispatched(r, e.Plan.Host)
			}
		}
	}
}

// Applied checks an event that the fleet accepted, with its effects, at the entry that holds it.
func (c *Checker) Applied(
	seq uint64, at reducer.Time, r *reducer.Rollout, ev *reducer.Event, effects *reducer.Effects,
) {
	c.reports.seq, c.reports.at, c.reports.event = seq, at, ev.Kind
	c.dispatches.moved = c.dispatches.moved || ev.Kind == reducer.WaveAdvanced
	all := effects.All()
	for i := range all {
		switch e := &all[i]; e.Kind {
		case reducer.RecordRolloutTransition:
			c.records.transition(r, ev, e)
		case reducer.InsertQuarantineFromRollout:
			q := trace.QuarantineConfig{Channel: e.Channel, Closure: e.Closure}
			c.dispatches.quarantine[q] = true
		case reducer.UpdateCurrentWave, reducer.SchedulePruning:
		}
	}
	c.budgets.applied(r, ev, all)
}

// Step checks a rollout at the end of a step: an event and the events derived from it have been
// applied.
func (c *Checker) Step(r *reducer.Rollout) {
	c.records.step(r)
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
