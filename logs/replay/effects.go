package replay

import (
	"cmp"
	"slices"

	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// effectMatcher compares the effects that a log records after each rollout event with those that
// the machine returns for it.
type effectMatcher struct {
	cursor   *cursor
	findings *collector
	context  *contextKeeper

	fleet   *reducer.Fleet
	checker *invariant.Checker // nil where nothing is checked
	all     bool               // the log records all effects, not the transitions alone

	last       reducer.RolloutID // the rollout of the last event
	recorded   uint64            // recorded transitions
	reproduced uint64            // those of them that the machine makes too
	pending    int               // how many effects and events the log has yet to show
}

// next ends the rollout's last event and begins the one in e. It returns the rollout's work, which
// the event may free.
func (m *effectMatcher) next(e *trace.Entry, r *rollout) *work {
	w := r.working()
	if w.terminal != nil && e.Event.Kind != reducer.RolloutTerminal {
		m.missingTerminal(r)
	}
	m.settleTerminal(w)
	w.terminalShown, w.extraTerminal = false, nil
	w.last, w.event = *e.Event, m.cursor.place(e)
	m.last = r.id
	return w
}

// settleTerminal stops waiting for an implied RolloutTerminal.
func (m *effectMatcher) settleTerminal(w *work) {
	if w.terminal != nil {
		w.terminal = nil
		m.pending--
	}
}

// expect records what the machine returned for the event that next has begun.
func (m *effectMatcher) expect(r *rollout, w *work, out *reducer.Outcome) {
	if out.Derived {
		at := w.event
		w.terminal = &at
		m.pending++
	}
	w.expected, w.shown = w.expected[:0], 0
	for _, effect := range out.Effects.All() {
		if m.all || effect.Kind == reducer.RecordRolloutTransition {
			w.expected = append(w.expected, effect)
		}
	}
	m.pending += len(w.expected)
	if len(w.expected) > 0 || w.terminal != nil {
		m.context.watch(w.event, r, -1)
	}
}

// rollout returns the id of the rollout that an effect belongs to. An effect on a channel does not
// name it.
func (m *effectMatcher) rollout(e *trace.Entry) reducer.RolloutID {
	return cmp.Or(e.Effect.Rollout, e.Rollout, m.last)
}

// match compares a recorded effect with the expected ones of its rollout.
func (m *effectMatcher) match(e *trace.Entry, r *rollout) {
	recorded := e.Effect
	if recorded.Kind == reducer.RecordRolloutTransition {
		m.recorded++
	}
	w := r.working()
	if i := slices.Index(w.expected, *recorded); i >= 0 {
		m.missingFirst(r, i)
		m.shown(w)
		if recorded.Kind == reducer.RecordRolloutTransition {
			m.reproduced++
			r.summary.recorded(recorded.To, e.Seq)
		}
		return
	}
	lines := &m.cursor.lines
	f := extra(Effect, "effect", r.id, describeEffect(recorded, lines, false))
	f.After = r.after(lines)
	if len(w.expected) > 0 && w.expected[0].Kind == recorded.Kind {
		f.Kind = Different
		f.Expected = describeEffect(&w.expected[0], lines, false)
		if f.Expected == f.Recorded {
			f.Recorded = describeEffect(recorded, lines, true)
			f.Expected = describeEffect(&w.expected[0], lines, true)
		}
		m.shown(w)
	}
	_, lacking := m.findings.causes.since(r.good)
	found := m.findings.consequence(f, m.cursor.place(e), 0, r.good)
	if lacking {
		found = nil // it is not about this effect
	}
	if lacking && f.Kind == Extra && recorded.Kind == reducer.RecordRolloutTransition &&
		recorded.From == r.fold.Record.State {
		m.fleet.SetState(r.fold, recorded.To, recorded.At) // its event is missing
		if m.checker != nil {
			m.checker.Forget(r.fold)
			m.checker.Resume(r.fold)
		}
		r.summary.follow(&r.fold.Record, recorded.At, false)
		return
	}
	if w.terminal != nil && !w.terminalShown && f.Kind == Extra && recorded.To == reducer.Terminal {
		w.terminalShown, w.extraTerminal = true, found
	}
}

// shown records that the log has shown the first of the expected effects, or another one instead.
func (m *effectMatcher) shown(w *work) {
	w.expected = slices.Delete(w.expected, 0, 1)
	w.shown++
	m.pending--
}

// missing adds a finding for each remaining expected effect of a rollout.
func (m *effectMatcher) missing(r *rollout) {
	if r.work != nil {
		m.missingFirst(r, len(r.work.expected))
	}
}

// missingFirst adds a finding for each of the first n expected effects of a rollout.
func (m *effectMatcher) missingFirst(r *rollout, n int) {
	if n == 0 {
		return
	}
	w := r.work
	for i := range w.expected[:n] {
		f := missing(Effect, "effect", r.id, describeEffect(&w.expected[i], &m.cursor.lines, false))
		f.After = r.after(&m.cursor.lines)
		m.findings.absence(f, w.event, 1+w.shown)
	}
	m.pending -= n
	w.expected = slices.Delete(w.expected, 0, n)
}

// missingTerminal adds a finding about the RolloutTerminal that the move of the last host to
// Converged implies and the log does not record. The transition of that event is then no longer
// extra.
func (m *effectMatcher) missingTerminal(r *rollout) {
	if r.work.terminalShown {
		m.findings.withdraw(r.work.extraTerminal)
		m.reproduced++
	}
	f := missing(Effect, "event", r.id, reducer.RolloutTerminal.String()+"  "+string(r.id))
	f.After = r.after(&m.cursor.lines)
	m.findings.absence(f, *r.work.terminal, 1)
}

// close adds findings about the effects and events that are missing at the end of a rollout's
// entries.
func (m *effectMatcher) close(r *rollout) {
	m.missing(r)
	if r.work != nil && r.work.terminal != nil {
		m.missingTerminal(r)
		m.settleTerminal(r.work)
	}
}

// awaits reports whether the log has yet to show what follows from the event of a rollout that is
// the n-th entry.
func (r *rollout) awaits(n uint64) bool {
	w := r.work
	return w != nil && w.event.n == n && (len(w.expected) > 0 || w.terminal != nil)
}
