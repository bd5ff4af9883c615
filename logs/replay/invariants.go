package replay

import (
	"fmt"
	"slices"

	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// invariantAuditor makes findings of what the invariant checker reports about a control plane's
// log. Without a checker it does nothing.
type invariantAuditor struct {
	cursor   *cursor
	evidence *evidence
	findings *collector
	rollouts *registry
	channels channels
	checker  *invariant.Checker
}

// entry passes an entry that is not a rollout event to the checker.
func (a *invariantAuditor) entry(e *trace.Entry) {
	if a.checker != nil {
		a.checker.Entry(e)
	}
}

// lifted passes on that an operator has taken an entry out of the quarantine.
func (a *invariantAuditor) lifted(q quarantine) {
	if a.checker != nil {
		a.checker.Lifted(trace.QuarantineConfig{Channel: q.channel, Closure: q.closure})
	}
}

// ordered passes on what an operator has ordered.
func (a *invariantAuditor) ordered(h *trace.HostEffect) {
	if a.checker == nil {
		return
	}
	switch h.Effect {
	case trace.RemotePauseDispatch, trace.RemoteResumeDispatch:
		a.checker.Paused(h.Channel, h.Effect == trace.RemotePauseDispatch)
	case trace.RemoteAbortRollout:
		a.checker.Aborted(h.Rollout)
	case trace.RemoteAddHost:
		a.checker.Enrolled(h.Channel, h.Host)
	case trace.RemoteRemoveHost:
		a.checker.Departed(h.Channel, h.Host)
	}
}

// dispatch checks a dispatch of a rollout.
func (a *invariantAuditor) dispatch(e *trace.Entry, r *rollout) {
	if a.checker != nil {
		a.checker.Entry(e)
		a.report(r, e.Host, a.cursor.place(e))
	}
}

// applied checks a rollout after an accepted event.
func (a *invariantAuditor) applied(e *trace.Entry, r *rollout, out *reducer.Outcome) {
	if a.checker == nil {
		return
	}
	if !out.Confirmed { // the checker saw the derived event already
		a.checker.Applied(e.Seq, e.At, r.fold, e.Event, &out.Effects)
	}
	if out.Derived && out.DerivedErr == nil {
		a.checker.Applied(e.Seq, e.At, r.fold, &out.DerivedEvent, &out.DerivedEffects)
	}
	a.checker.Step(r.fold)
	a.report(r, e.Host, a.cursor.place(e))
}

// end checks the channels at the end of the log.
func (a *invariantAuditor) end() {
	for _, c := range a.channels.sorted() {
		if c.rollout != nil {
			a.checker.Standing(c.id)
			a.report(c.rollout, "", a.cursor.end)
		}
	}
}

// judges reports whether the checker decides about an invariant. The replay finds defects of the
// shipped control plane itself; no log says how long a channel keeps its rollouts; and clocks of
// logs differ.
func (a *invariantAuditor) judges(name invariant.Name) bool {
	if name == invariant.WaveKept {
		return a.evidence.showsCursor()
	}
	return !slices.Contains([]invariant.Name{
		invariant.HaltKept, invariant.QuarantineKept, invariant.NotReopened,
		invariant.SupersessionKept, invariant.AcknowledgedKept, invariant.OpeningWhole,
		invariant.EvidenceKept, invariant.RollbackKept, invariant.RetentionKept, invariant.TimeKept,
	}, name)
}

// report makes findings of the violations that the checker has found at a place.
func (a *invariantAuditor) report(r *rollout, host reducer.HostID, seen place) {
	for _, v := range a.checker.Drain() {
		at := seen
		f := Finding{
			Class: Invariant, Kind: Violated, What: string(v.Invariant), Rollout: r.id, Host: host,
			After: r.after(&a.cursor.lines), Reason: v.Detail,
		}
		if !a.judges(v.Invariant) {
			continue
		}
		if v.Invariant == invariant.BudgetKept {
			f = defect(budgetOvershoot, r, host, fmt.Sprintf("budget %s: %s", v.Subject, v.Detail))
		}
		if v.Invariant == invariant.OneStanding {
			// The events after an opening have shown that another rollout stands.
			last := a.channels.get(a.rollouts.channelOf(r.id)).rollout
			opened := &last.working().opened
			f.Rollout, f.Host, at = last.id, "", opened.place
			f.After = describeEvent(&opened.event, &a.cursor.lines)
		}
		a.findings.near(f, at)
	}
}
