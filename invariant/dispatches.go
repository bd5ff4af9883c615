package invariant

import (
	"rollsim/internal/plural"
	"rollsim/reducer"
	"rollsim/trace"
)

// dispatches checks what may forbid a dispatch, except for budgets: invariants (9) to (12).
type dispatches struct {
	*reports
	each       bool // report every dispatch, not only the first that violates an invariant
	moved      bool // a wave cursor has moved, so the trace shows where the cursors are
	channels   map[reducer.ChannelID]*channel
	quarantine map[trace.QuarantineConfig]bool
}

// channel is what a dispatch depends on of a channel.
type channel struct {
	after []reducer.ChannelID
	ref   reducer.ChannelRef // what the last poll saw
}

// check checks a dispatch on a rollout of a fleet.
func (c *dispatches) check(fleet *reducer.Fleet, r *reducer.Rollout, p *trace.PlanAction) {
	switch s := r.Record.State; {
	case !s.Underway() && s != reducer.Terminal:
		c.forbid(HaltKept, r, "host %s was dispatched in state %v", p.Host, s)
	case r.Count(reducer.HostFailed) > 0:
		c.forbid(HaltKept, r, "host %s was dispatched with %s Failed", p.Host,
			plural.Count(r.Count(reducer.HostFailed), "host"))
	}
	if c.quarantine[trace.QuarantineConfig{Channel: r.Record.Channel, Closure: p.Closure}] {
		c.forbid(QuarantineKept, r, "host %s was dispatched to closure %s, which is quarantined",
			p.Host, p.Closure)
	}
	if p.Attempt > 1 {
		return // the dispatch was allowed when it was first sent; this one repeats it
	}
	if h, joined := r.Host(p.Host); joined && h.Wave > r.Record.CurrentWave {
		c.forbid(WaveKept, r, "host %s of wave %d was dispatched at current_wave %d",
			p.Host, h.Wave, r.Record.CurrentWave)
	}
	if ch := c.channels[r.Record.Channel]; ch != nil {
		for _, id := range ch.after {
			if !c.finished(fleet, id) {
				c.forbid(ChannelEdgesKept, r, "host %s was dispatched before channel %s had finished",
					p.Host, id)
			}
		}
	}
}

// finished reports whether channels that wait for a channel may proceed: the rollout of its ref has
// been Terminal or Superseded.
func (c *dispatches) finished(fleet *reducer.Fleet, id reducer.ChannelID) bool {
	ch := c.channels[id]
	if ch == nil {
		return false
	}
	r := fleet.Rollout(reducer.NewRolloutID(id, ch.ref))
	return r != nil && (r.Record.TerminalAt.Set || r.Record.SupersededAt.Set)
}

func (c *dispatches) forbid(name Name, r *reducer.Rollout, format string, args ...any) {
	if c.each && (name != WaveKept || c.moved) {
		c.add(name, r, format, args...)
	} else {
		c.once(name, r, format, args...)
	}
}
