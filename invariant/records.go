package invariant

import (
	"time"

	"rollsim/reducer"
)

// records checks the records of rollouts: invariants (1) to (5), (7) and (8).
type records struct {
	*reports
	retention map[reducer.ChannelID]time.Duration // of channels that are configured
}

// transition compares a recorded transition with the account.
func (c *records) transition(
	a *account, r *reducer.Rollout, ev *reducer.Event, e *reducer.Effect,
) {
	if e.From != a.state {
		c.once(TransitionRecorded, r, "a transition from %v is recorded in state %v", e.From, a.state)
	}
	switch {
	case a.state == reducer.Pruned:
		c.once(PrunedAbsorbing, r, "it left Pruned for %v", e.To)
	case e.To == reducer.Terminal && ev.Kind != reducer.OperatorClearance && !r.AllConverged():
		c.once(TerminalConverged, r, "Terminal with %d of %d hosts Converged",
			r.Count(reducer.HostConverged), len(r.Hosts()))
	case e.To == reducer.Reverted && r.Count(reducer.HostReverted) == 0:
		c.once(RevertedHost, r, "Reverted without a Reverted host")
	case e.To == reducer.Pruned:
		kept := time.Duration(c.at - a.terminalSet)
		if want := c.retentionOf(r.Record.Channel); kept < want {
			c.once(RetentionKept, r, "pruned %v after it reached %v; its retention is %v",
				kept, a.state, want)
		}
	}
	a.state = e.To
	if e.To.InTerminalSet() {
		a.terminalSet = c.at
	}
}

func (c *records) retentionOf(id reducer.ChannelID) time.Duration {
	if d, ok := c.retention[id]; ok {
		return d
	}
	return reducer.DefaultRetentionSeconds * time.Second
}

// step compares the record after a step with the account.
func (c *records) step(a *account, r *reducer.Rollout) {
	rec := &r.Record
	switch {
	case rec.State != a.state && a.state == reducer.Pruned:
		c.once(PrunedAbsorbing, r, "it is %v after Pruned", rec.State)
	case rec.State != a.state:
		c.once(TransitionRecorded, r, "the record is %v, the recorded transitions lead to %v",
			rec.State, a.state)
	case rec.State == reducer.Terminal && !rec.TerminalAt.Set:
		c.once(TerminalStamped, r, "Terminal without terminal_at")
	case rec.State == reducer.Superseded && !rec.SupersededAt.Set:
		c.once(TerminalStamped, r, "Superseded without superseded_at")
	}
	if rec.CurrentWave < a.wave {
		c.once(WaveMonotonic, r, "current_wave fell from %d to %d", a.wave, rec.CurrentWave)
	}
	a.state, a.wave = rec.State, rec.CurrentWave
}
