package invariant

import (
	"rollsim/internal/plural"
	"rollsim/reducer"
	"rollsim/trace"
)

// absence is why a host is not in the fleet.
type absence uint8

const (
	present absence = iota
	notYet          // it may join
	left            // for good
)

// dispatches checks what may forbid a dispatch, except for budgets: invariants (9) to (12).
type dispatches struct {
	*reports
	each       bool // report every dispatch, not only the first that violates an invariant
	absent     bool // a channel without a ref has no manifest, and nobody waits for it
	moved      bool // a wave cursor has moved, so the trace shows where the cursors are
	channels   *channels
	quarantine map[trace.QuarantineConfig]bool
	paused     map[reducer.ChannelID]bool // the empty channel stands for all
	windows    map[reducer.ChannelID]func(reducer.Time) bool
	outside    map[reducer.HostID]absence // hosts that are not in the fleet
}

// check checks a dispatch of a rollout. A field of the record may forbid it, but only facts allow
// it. slot is negative for a host that did not join. awaited returns the account of the rollout
// with an id; nil when none was opened.
func (c *dispatches) check(
	a *account, r *reducer.Rollout, p *trace.PlanAction, slot int, first bool,
	awaited func(reducer.RolloutID) *account,
) {
	switch s := r.Record.State; {
	case !s.Underway():
		c.forbid(HaltKept, r, "host %s was dispatched in state %v", p.Host, s)
	case a.failed():
		c.forbid(HaltKept, r, "host %s was dispatched with %s Failed or Reverted", p.Host,
			plural.Count(a.counts[reducer.HostFailed]+a.counts[reducer.HostReverted], "host"))
	case a.superseded:
		c.forbid(HaltKept, r, "host %s was dispatched after a successor was opened", p.Host)
	case a.finished, a.pruned:
		c.forbid(HaltKept, r, "host %s was dispatched after the rollout had ended", p.Host)
	}
	c.checkOrders(a, r, p.Host)
	if c.quarantine[trace.QuarantineConfig{Channel: a.channel, Closure: p.Closure}] {
		c.forbid(QuarantineKept, r, "host %s was dispatched to closure %s, which is quarantined",
			p.Host, p.Closure)
	}
	if !first {
		return // the dispatch was allowed when it was first sent; this one repeats it
	}
	if slot >= 0 {
		c.checkWave(a, r, slot, p.Host)
	}
	if ch := c.channels.of(a.channel); ch != nil {
		for _, id := range ch.after {
			if other := c.channels.of(id); other == nil ||
				!other.finished(id, awaited) && (!c.absent || other.ref != "") {
				c.forbid(ChannelEdgesKept, r, "host %s was dispatched before channel %s had finished",
					p.Host, id)
			}
		}
	}
}

// checkOrders checks what an operator has ordered, and the maintenance windows of the channel.
func (c *dispatches) checkOrders(a *account, r *reducer.Rollout, host reducer.HostID) {
	if a.aborted {
		c.forbid(AbortKept, r, "host %s was dispatched after an operator had aborted the rollout", host)
	}
	if c.paused[""] || c.paused[a.channel] {
		c.forbid(PauseKept, r, "host %s was dispatched while dispatching was paused", host)
	}
	if c.outside[host] != present {
		c.forbid(FleetKept, r, "host %s was dispatched, and is not in the fleet", host)
	}
	if open := c.windows[a.channel]; open != nil && !open(c.at) {
		c.forbid(WindowKept, r, "host %s was dispatched outside the maintenance windows", host)
	}
}

// checkWave checks the wave of the host at a slot, which is dispatched for the first time.
func (c *dispatches) checkWave(a *account, r *reducer.Rollout, slot int, id reducer.HostID) {
	switch wave := a.waves.of(slot); {
	case wave > r.Record.CurrentWave:
		c.forbid(WaveKept, r, "host %s of wave %d was dispatched at current_wave %d",
			id, wave, r.Record.CurrentWave)
	case !a.waves.mayDispatch(slot):
		c.forbid(WaveKept, r, "host %s of wave %d was dispatched before every host of wave %d was "+
			"Converged or Deferred", id, wave, a.waves.open)
	}
}

func (c *dispatches) forbid(name Name, r *reducer.Rollout, format string, args ...any) {
	if c.each && (name != WaveKept || c.moved) {
		c.add(name, r, format, args...)
	} else {
		c.once(name, r, format, args...)
	}
}
