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

// transition compares a recorded transition with the account. cleared says that an operator's
// clearance of the rollout has caused it.
func (c *records) transition(a *account, r *reducer.Rollout, cleared bool, e *reducer.Effect) {
	if e.From != a.state {
		c.once(TransitionRecorded, r, "a transition from %v is recorded in state %v", e.From, a.state)
	}
	switch {
	case a.state == reducer.Pruned:
		c.once(PrunedAbsorbing, r, "it left Pruned for %v", e.To)
	case a.partial:
	case e.To == reducer.Terminal && !cleared && !a.allConverged():
		c.once(TerminalConverged, r, "Terminal with %d of %d hosts Converged",
			a.counts[reducer.HostConverged], a.joined)
	case e.To == reducer.Reverted && a.counts[reducer.HostReverted] == 0:
		c.once(RevertedHost, r, "Reverted without a Reverted host")
	case e.To == reducer.Pruned:
		c.pruned(a, r)
	}
	a.state = e.To
	if e.To.InTerminalSet() {
		a.terminalSet = c.at
	}
}

// pruned checks that a rollout that is pruned has ended, and for long enough. The record may say
// that it ended later than the facts allow, but not earlier.
func (c *records) pruned(a *account, r *reducer.Rollout) {
	kept := time.Duration(c.at - max(a.ended.Value, a.terminalSet))
	want := c.retentionOf(a.channel)
	switch {
	case !a.ended.Set:
		c.once(RetentionKept, r, "pruned in state %v, and it had not ended", a.state)
	case kept < want:
		c.once(RetentionKept, r, "pruned %v after it had ended; its retention is %v", kept, want)
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
