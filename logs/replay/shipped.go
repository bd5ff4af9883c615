package replay

import (
	"fmt"
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

// reopen begins another rollout of the same id: the control plane has deleted the rows of r, which
// had ended. It returns the new rollout.
func (p *replay) reopen(e *trace.Entry, r *rollout) *rollout {
	p.effects.close(r)
	p.hosts.close(r)
	p.plans.compare(r)
	p.quarantines.missing(r)
	p.defects.reopen(e, r)
	p.fleet.Delete(r.fold)
	if p.invariants.checker != nil {
		p.invariants.checker.Forget(r.fold)
	}
	return p.rollouts.replace(r)
}

// unreadable adds a finding about an entry that cannot be read. What follows may lack it.
func (p *replay) unreadable(e *trace.Entry, bad *trace.ReadError) {
	if e.Seq == 0 {
		e.Seq = p.order.last + 1
	}
	at := p.cursor.place(e)
	f := p.findings.add(Finding{
		Class: Log, Kind: Unreadable, What: "entry", Rollout: e.Rollout, Host: e.Host, Reason: bad.What,
	}, at, 0)
	p.findings.causes.gap(cause{n: at.n + 1, from: e.Seq, to: e.Seq, finding: f})
}

// emits reports whether the machine requests effects of a kind, as far as that is known.
func (p *replay) emits(kind reducer.EffectKind) bool {
	m, known := p.opts.Machine.(*reducer.Table)
	return !known || m.Emits(kind)
}

// replace replaces a rollout by a new one of the same id.
func (g *registry) replace(r *rollout) *rollout {
	next := &rollout{id: r.id, incarnation: r.incarnation + 1}
	r.replaced = true
	g.byID[r.id] = next
	g.never = append(g.never, next)
	if g.recent == r {
		g.recent = nil
	}
	return next
}

// inferOpening opens a rollout whose RolloutOpened the log lacks, at its first HostJoined.
func (p *replay) inferOpening(e *trace.Entry, r *rollout) {
	if p.evidence.trimmed && p.cursor.n == 1 || p.lacksOpening(e) {
		return
	}
	channel, _ := splitID(r.id)
	under, ok := p.findings.causes.since(p.cursor.n - 1)
	if channel == "" || !ok {
		return
	}
	f := missing(Log, "RolloutOpened", r.id, "RolloutOpened  "+string(r.id))
	f.Reason = "a host joins the rollout"
	p.findings.fold(under, &f, p.cursor.place(e))
	p.openUnseen(e, r)
}

// inferReopening opens a rollout again whose second RolloutOpened the log lacks: a host joins it
// after its rows were deleted. It returns the new rollout.
func (p *replay) inferReopening(e *trace.Entry, r *rollout) *rollout {
	f := missing(Log, "RolloutOpened", r.id, "RolloutOpened  "+string(r.id))
	f.Reason = "a host joins the rollout, whose rows were deleted 90 days after its end"
	p.findings.consequence(f, p.cursor.place(e), 0, p.cursor.n-1)
	r = p.reopen(e, r)
	p.openUnseen(e, r)
	return r
}

// openUnseen opens a rollout at the HostJoined e without its RolloutOpened.
func (p *replay) openUnseen(e *trace.Entry, r *rollout) {
	channel, ref := splitID(r.id)
	ev := reducer.Event{
		Kind: reducer.RolloutOpened, Rollout: r.id, Channel: channel, TargetRef: ref, At: e.Event.At,
	}
	opening := *e
	opening.Event = &ev
	if err := p.fleet.Apply(&ev, e.At, &p.out); err == nil {
		p.lateRefusals(e, p.out.Late)
		p.open(&opening, r)
	}
}

// lacksOpening reports whether an entry of the first instant of a log that was trimmed may follow
// an opening before it.
func (p *replay) lacksOpening(e *trace.Entry) bool {
	return (p.evidence.trimmed || p.evidence.single()) && e.At-p.result.First.At <= tolerance
}

// splitID splits the id of a rollout into its channel and its ref.
func splitID(id reducer.RolloutID) (reducer.ChannelID, reducer.ChannelRef) {
	for i := len(id) - 1; i > 0; i-- {
		if id[i] == '@' {
			return reducer.ChannelID(id[:i]), reducer.ChannelRef(id[i+1:])
		}
	}
	return "", ""
}

// inferHost joins a host whose HostJoined the log lacks, if its rollout is known.
func (p *replay) inferHost(e *trace.Entry, r *rollout, id reducer.HostID) {
	if len(p.findings.causes.gaps) == 0 && p.findings.causes.within == nil || r.fold == nil ||
		r.fold.Forgotten() || !r.fold.Record.State.Underway() {
		return
	}
	if _, joined := r.fold.Slot(id); joined || id == "" {
		return
	}
	if under, ok := p.findings.causes.since(r.openedN); ok {
		f := missing(Log, "HostJoined", r.id, "HostJoined  "+string(id))
		f.Host = id
		p.findings.fold(under, &f, p.cursor.place(e))
		p.join(e, r, id)
		if m, _ := r.member(id); m != nil {
			m.inferred = true
		}
	}
}

// join joins a host without its HostJoined.
func (p *replay) join(e *trace.Entry, r *rollout, id reducer.HostID) {
	ev := reducer.Event{
		Kind: reducer.HostJoined, Rollout: r.id, Host: id, Wave: p.roster.host(id).wave, At: e.At,
	}
	if err := p.fleet.Apply(&ev, e.At, &p.out); err == nil {
		joining := *e
		joining.Event = &ev
		p.joined(&joining, r)
		r.summary.follow(&r.fold.Record, ev.At, false)
	}
}

// extraWave handles a WaveAdvanced. It reports whether it is to be ignored, because the control
// plane moves its cursors without one.
func (p *replay) extraWave(e *trace.Entry, r *rollout) bool {
	f := extra(Illegal, "WaveAdvanced", r.id, describeEvent(e.Event, &p.cursor.lines))
	f.Reason = "the wave cursors of this log move without a WaveAdvanced"
	if p.evidence.polls > 0 || p.evidence.named {
		return false
	}
	p.findings.add(f, p.cursor.place(e), 0)
	if v := &p.evidence; v.silent > 0 || v.targetAcks > v.otherAcks && v.waves == 0 {
		v.silent = max(v.silent, 1)
		v.waves++
		return true
	}
	return false
}

// explained finds a rollout whose ref no poll has shown, in a log that has polls.
func (p *replay) explained(e *trace.Entry, r *rollout) {
	ev := e.Event
	if p.simulated || p.evidence.polls == 0 || p.evidence.trimmed {
		return
	}
	if c := p.channels.get(ev.Channel); c.shown != ev.TargetRef && c.shown != "" {
		f := extra(Illegal, "RolloutOpened", r.id, describeEvent(ev, &p.cursor.lines))
		f.Reason = fmt.Sprintf("the last poll of channel %s shows another ref", ev.Channel)
		p.findings.add(f, p.cursor.place(e), 0)
	}
}

// joinedWave notes that a host has joined in another wave than in the last rollout of its channel.
func (p *replay) joinedWave(e *trace.Entry, r *rollout) {
	ev := e.Event
	h := p.roster.host(ev.Host)
	if before := h.joined; before != nil && before != r && h.wave != ev.Wave && !p.simulated &&
		before.fold.Record.Channel == r.fold.Record.Channel {
		p.notes.add(fmt.Sprintf("entry %d: host %s joins rollout %s in wave %d; it was in wave %d of "+
			"the rollout before it", e.Seq, ev.Host, r.id, ev.Wave, h.wave))
	}
	h.wave = ev.Wave
}

// reported handles an agent event of a host that has joined.
func (p *replay) reported(e *trace.Entry, r *rollout, slot int) {
	a, m := e.Agent, &r.members[slot]
	before := m.state
	if a.Kind == reducer.ActivationCompleted && m.dispatches == 0 {
		m.synthetic = true // only the control plane moves a host that it has not dispatched
	}
	fresh := a.Seq > m.seq
	m.synthesise(e, before)
	p.hosts.agentEvent(e, r, slot)
	if !fresh {
		return
	}
	h := p.roster.host(e.Host)
	h.seen, m.heard = max(h.seen, e.At), e.At
	if !m.synthetic {
		p.clock.agent(e, r)
	}
	p.hosts.evidenceOf(e, r, slot)
	switch a.Kind {
	case reducer.DispatchAck:
		p.defects.ack(e, r, m)
	case reducer.ActivationStarted:
		m.started = a.At
	case reducer.ActivationCompleted, reducer.ProbesPassed, reducer.RollbackComplete:
		h.ran = a.Closure
		// The agent of a dispatched host that the control plane made Converged continues, and may roll
		// back. The control plane refuses what it says of that.
		h.missed = h.missed || a.Kind == reducer.ProbesPassed && m.synthetic && m.dispatches > 0
	case reducer.ActivationDeferred, reducer.ActivationFailed, reducer.ProbesFailed,
		reducer.ProbeTopologyDeclared, reducer.ProbeObservedFirst, reducer.ProbeResult,
		reducer.ProbeFailureFirst:
	}
	if odd := m.observe(e); odd != "" && !r.fold.Record.SupersededAt.Set {
		f := different(Host, "probe", r.id, describeAgent(a), "")
		f.Host, f.Reason = e.Host, odd
		p.findings.consequence(f, p.cursor.place(e), 0, m.good)
	}
	if m.synthetic || m.guessed {
		p.defects.synthesised(e, r, m, before)
	}
	m.guessed = false
	if a.Kind == reducer.ProbeTopologyDeclared {
		p.defects.declared(e, r, m)
	}
}

// synthesise records whether the control plane has made an agent event by itself. It makes all
// three of a host that it moves from Pending to Converged, beginning with one without a closure,
// and the ActivationCompleted of one whose activation started longer ago than its completion.
func (m *member) synthesise(e *trace.Entry, from reducer.HostState) {
	const moment = reducer.Time(5 * time.Second)
	a := e.Agent
	switch {
	case a.Kind == reducer.DispatchAck:
		m.synthetic, m.started = a.Closure == "" && from == reducer.HostPending, 0
	case a.Kind == reducer.ActivationCompleted && !m.synthetic:
		late := e.At - a.At
		m.guessed = late > -moment && late < moment && a.At-m.started > reducer.Time(time.Second) &&
			(m.started != 0 || from == reducer.HostDeferred)
	}
}

// dispatched handles a dispatch of a host that has joined.
func (p *replay) dispatched(e *trace.Entry, r *rollout, slot int) {
	m := &r.members[slot]
	p.plannedNow(e, r)
	p.hosts.dispatch(e, r, slot)
	p.defects.dispatch(e, r, slot)
	if m.dispatches > 0 || p.evidence.showsCursor() {
		return
	}
	if r.fold.Hosts()[slot].Wave > 0 {
		p.evidence.silent++
	}
	p.gates.dispatch(e, r, slot)
}

// plannedNow records that the planner considers a rollout, so that its ref is the current one.
func (p *replay) plannedNow(e *trace.Entry, r *rollout) {
	const run = reducer.Time(10 * time.Millisecond)
	r.planned = p.cursor.n
	if r.fold == nil {
		return
	}
	ref := r.fold.Record.TargetRef
	if since := e.At - p.currentAt; ref != p.currentRef && since > -run && since < run {
		p.evidence.otherRefs++
	}
	p.currentRef, p.currentAt = ref, e.At
}

// moved handles a move of a host that the log has recorded.
func (p *replay) moved(e *trace.Entry, r *rollout, slot int) {
	if r.supersededN > 0 && len(r.summary.After) < maxStates {
		ev := e.Event
		r.summary.After = append(r.summary.After, HostMove{
			Host: ev.Host, Move: Move{From: ev.From, To: ev.To, At: ev.At, Seq: e.Seq},
		})
	}
	r.lastMove = e.At
	r.reach()
	if e.Event.To == reducer.HostConverged {
		p.defects.converged(e, r, slot)
	}
}

// ended expects the RolloutTerminal that the shipped control plane records when all hosts of a
// rollout are Converged, also where it changes nothing.
func (p *replay) ended(e *trace.Entry, r *rollout, w *work) {
	ev := e.Event
	if ev.Kind != reducer.HostStateChanged || ev.To != reducer.HostConverged ||
		!p.evidence.shipped() || r.fold.Forgotten() || !r.fold.AllConverged() || w.terminal != nil {
		return
	}
	at := w.event
	w.terminal = &at
	p.effects.pending++
}
