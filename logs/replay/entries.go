package replay

import (
	"errors"
	"fmt"

	"rollsim/reducer"
	"rollsim/trace"
)

// event replays a rollout event. The error is that of a machine that returns no answer.
func (p *replay) event(e *trace.Entry) error {
	if p.stopped == nil {
		p.result.Events++
	}
	ev := e.Event
	if p.misrouted(e) {
		return p.misroute(e)
	}
	r := p.rollouts.get(ev.Rollout)
	if !p.simulated {
		if ev.Kind == reducer.WaveAdvanced && p.extraWave(e, r) {
			return nil
		}
		r = p.opening(e, r)
	}
	w := p.before(e, r)
	err := p.fleet.Apply(ev, e.At, &p.out)
	if reducer.IsMachineFailure(err) {
		return err
	}
	p.lateRefusals(e, p.out.Late)
	switch {
	case ev.Kind == reducer.RolloutOpened && err == nil:
		p.open(e, r)
		p.explained(e, r)
	case ev.Kind == reducer.SuccessorOpened:
		w.followed = milestone{p.cursor.place(e), *ev}
	case ev.Kind == reducer.HostStateChanged:
		p.hostMove(e, r, err)
	}
	if err != nil {
		p.refused(e, r, err)
		return nil
	}
	p.effects.expect(r, w, &p.out)
	p.applied(e, r)
	if !p.simulated {
		p.ended(e, r, w)
	}
	r.good = p.cursor.n
	return nil
}

// opening returns the rollout that an event concerns. It is another one than r if the event opens a
// rollout again, or shows that the log lacks the opening.
func (p *replay) opening(e *trace.Entry, r *rollout) *rollout {
	ev := e.Event
	switch {
	case ev.Kind == reducer.RolloutOpened && r.fold != nil && isDeleted(&r.fold.Record, ev.At):
		return p.reopen(e, r)
	case ev.Kind == reducer.RolloutOpened && r.fold == nil:
		p.plans.unopened(r, ev.At)
	case ev.Kind == reducer.HostJoined && r.fold == nil:
		p.inferOpening(e, r)
	case ev.Kind == reducer.HostJoined && isDeleted(&r.fold.Record, ev.At):
		return p.inferReopening(e, r)
	}
	return r
}

// before examines what an event shows before the machine has answered it.
func (p *replay) before(e *trace.Entry, r *rollout) *work {
	ev := e.Event
	if ev.Kind == reducer.RolloutTerminal {
		p.hosts.overdue(r)
	}
	p.effects.missing(r)
	p.rejections.missing()
	w := p.effects.next(e, r)
	p.payloads.event(e)
	if ev.Kind == reducer.SuccessorOpened && r.fold != nil {
		p.supersede(r)
		if r.fold.Record.State.Underway() {
			r.summary.Waited, _ = p.waits.rollout(r)
		}
	}
	if ev.Kind != reducer.HostJoined && ev.Kind != reducer.RolloutOpened {
		p.plans.compare(r)
	}
	if !p.simulated && r.fold != nil && ev.Kind == reducer.HostStateChanged &&
		ev.To == reducer.HostFailed {
		p.policies.assume(r.fold.Record.Channel, e.Seq)
	}
	return w
}

// open records that an event has opened a rollout.
func (p *replay) open(e *trace.Entry, r *rollout) {
	at := p.cursor.place(e)
	p.rollouts.open(r, e.Seq)
	r.openedN, r.lastMove = p.cursor.n, e.At
	p.currentRef, p.currentAt = e.Event.TargetRef, 0
	r.working().opened = milestone{at, *e.Event}
	c := p.channels.get(e.Event.Channel)
	b := c.before
	if last := c.rollout; last != nil && last != r {
		r.expected = len(last.members) // usually the same hosts
	}
	c.open(r)
	if b != nil {
		b.latest = 0 // hosts that have joined neither of the next two have left the channel
		if b.live == 0 {
			p.hosts.close(b)
		}
		p.release(b)
	}
	c.opened = e.Seq
	c.point(e.Event.TargetRef, at) // even if the log does not have the poll
}

// refused records that the fold refuses an event.
func (p *replay) refused(e *trace.Entry, r *rollout, err error) {
	if p.simulated {
		p.rejections.expect(e, r, err)
		return
	}
	if errors.As(err, new(*reducer.UnknownRollout)) {
		r.skipped++
		return
	}
	f := Finding{
		Class: Illegal, Kind: Refused, What: "event", Rollout: r.id, Host: e.Event.Host,
		After: r.after(&p.cursor.lines), Reason: err.Error(),
	}
	good := r.good
	if errors.As(err, new(*reducer.Invariant)) &&
		(e.Event.Kind == reducer.HostStateChanged || e.Event.Kind == reducer.HostJoined) {
		f.Class, f.What = Host, "host event"
		if m, _ := r.member(e.Event.Host); m != nil {
			switch p.cursor.n {
			case m.good:
				return // its agent event explains it
			case m.judged:
				p.findings.fold(m.found, &f, p.cursor.place(e))
				return
			}
			good = m.good
		}
	}
	p.findings.consequence(f, p.cursor.place(e), 0, good)
}

// lateRefusals handles the errors of earlier events that an event, or the end of the log if e is
// nil, has revealed.
func (p *replay) lateRefusals(e *trace.Entry, late []error) {
	if p.simulated {
		p.rejections.late(e, late)
		return
	}
	for _, err := range late {
		p.lateRefusal(err)
	}
}

// lateRefusal adds a finding about a rollout that was opened or superseded without its counterpart.
func (p *replay) lateRefusal(err error) {
	rejection := trace.NewRejection(err)
	w := p.rollouts.get(rejection.Rollout).working()
	f := Finding{
		Class: Illegal, Kind: Refused, What: "event", Rollout: rejection.Rollout, Reason: err.Error(),
	}
	m := &w.opened
	if rejection.Event == reducer.SuccessorOpened {
		f.What = "successor" // the log of a single rollout does not have it
		m = &w.followed
	}
	at := m.place
	if at.n == 0 {
		at = p.cursor.end // the rollout was evicted
	} else {
		f.After = describeEvent(&m.event, &p.cursor.lines)
	}
	p.findings.near(f, at)
}

// applied records what an accepted event has changed.
func (p *replay) applied(e *trace.Entry, r *rollout) {
	ev := e.Event
	switch ev.Kind {
	case reducer.HostJoined:
		p.joined(e, r)
	case reducer.HostStateChanged:
		if ev.Host == p.opts.Only.Host {
			r.summary.Moves = append(r.summary.Moves, Move{From: ev.From, To: ev.To, At: ev.At, Seq: e.Seq})
		}
	case reducer.SuccessorOpened:
		r.summary.Successor = ev.Successor
		r.supersededN = p.cursor.n
	case reducer.RolloutOpened,
		reducer.WaveAdvanced,
		reducer.RolloutTerminal,
		reducer.RetentionExpired,
		reducer.OperatorClearance:
	}
	r.summary.follow(&r.fold.Record, ev.At, p.out.Confirmed)
	p.invariants.applied(e, r, &p.out)
	if !r.fold.Record.State.Standing() {
		p.release(r)
	}
}

// joined records that a host has joined a rollout.
func (p *replay) joined(e *trace.Entry, r *rollout) {
	ev := e.Event
	switch {
	case r.fold.Forgotten():
	case len(r.fold.Hosts()) > len(r.members):
		r.join(ev.Wave, ev.At)
		r.members[len(r.members)-1].good = p.cursor.n
		p.joinedWave(e, r)
		r.asked = r.asked || ev.Host == p.opts.Only.Host
		p.evidence.manyWaves = p.evidence.manyWaves || ev.Wave > 0
		p.roster.join(ev.Host, r)
	default:
		if p.evidence.rejoined++; p.evidence.rejoined == 1 {
			p.evidence.firstRejoin = e.Seq
		}
	}
}

// hostMove records a HostStateChanged. err is the fold's answer to it.
func (p *replay) hostMove(e *trace.Entry, r *rollout, err error) {
	ev := e.Event
	m, slot := r.member(ev.Host)
	if m == nil {
		return // the fold refuses it
	}
	if !p.simulated {
		p.hosts.move(e, r, slot, err)
	}
	if err != nil && (p.simulated || m.good != p.cursor.n) {
		return
	}
	m.since = ev.At
	if p.simulated || !m.needMove {
		m.state = ev.To
	}
	if !p.simulated {
		p.moved(e, r, slot)
	}
	if ev.From == reducer.HostPending {
		p.roster.start(ev.Host, r, m)
		p.roster.finishOlder(ev.Host, r, 0)
	}
	if ev.To == reducer.HostFailed && r.summary.Failure == nil {
		r.summary.Failure = &Failure{Host: ev.Host, At: ev.At, Seq: e.Seq, Why: m.message}
	}
	switch r.fold.Hosts()[slot].State {
	case reducer.HostConverged, reducer.HostReverted:
		p.roster.finish(ev.Host, r, m)
	case reducer.HostPending,
		reducer.HostActivating,
		reducer.HostDeferred,
		reducer.HostSoaking,
		reducer.HostFailed:
	}
}

// unknownHost records an entry about a host that is not known under a rollout. It is a finding
// where the host should be known.
func (p *replay) unknownHost(e *trace.Entry, r *rollout, id reducer.HostID, what string) {
	switch {
	case r.fold == nil:
		r.skipped++
	case r.fold.Forgotten():
		p.late++
	case !p.simulated:
		p.findings.add(Finding{
			Class: Host, Kind: Refused, What: what, Rollout: r.id, Host: id,
			Reason: fmt.Sprintf("host %s has not joined the rollout", id),
		}, p.cursor.place(e), 0)
	}
}

// gateDecision records the decision of a gate that blocks a host.
func (p *replay) gateDecision(e *trace.Entry) {
	r := p.rollouts.get(e.Gate.Rollout)
	if !p.simulated {
		p.inferHost(e, r, e.Gate.Host)
	}
	m, slot := r.member(e.Gate.Host)
	p.payloads.rollout(e, e.Gate.Rollout)
	p.payloads.host(e, e.Gate.Host, e.Gate.Rollout)
	if !p.simulated && r.fold != nil {
		if m == nil {
			slot = -1
			p.unknownHost(e, r, e.Gate.Host, "gate decision")
		}
		p.gates.check(e, r, slot)
		p.plannedNow(e, r)
	}
	if r.fold != nil {
		p.channels.get(r.fold.Record.Channel).plan(r, e.Seq, e.At)
	}
	switch {
	case m != nil:
		m.gate.record(e)
	case r.fold == nil:
		r.skipped++
		if p.inquiry != nil {
			p.inquiry.observe(e)
		}
	}
}

// agentEvent replays an agent event. In a simulated trace it is not judged, because that has also
// the messages that were dropped or sent twice.
func (p *replay) agentEvent(e *trace.Entry) {
	a := e.Agent
	if a.Kind.Moves() {
		p.evidence.agents++
	}
	r := p.rollouts.get(e.Rollout)
	p.roster.hear(e)
	if r.fold != nil && !p.simulated {
		p.policies.learn(r.fold.Record.Channel, a, e.Seq)
	}
	if !p.simulated {
		p.inferHost(e, r, e.Host)
	}
	m, slot := r.member(e.Host)
	if m == nil {
		if a.Kind == reducer.RollbackComplete {
			p.quarantines.unexplained++
		}
		p.unknownHost(e, r, e.Host, "agent event")
		return
	}
	m.hear(a)
	if !p.simulated {
		p.reported(e, r, slot)
	}
}

// hostEffect replays an effect of the host machine.
func (p *replay) hostEffect(e *trace.Entry) {
	h := e.HostEffect
	switch h.Effect {
	case trace.RecordTransition:
	case trace.RemotePauseDispatch, trace.RemoteResumeDispatch, trace.RemoteAbortRollout,
		trace.RemoteAddHost, trace.RemoteRemoveHost:
		p.invariants.ordered(h)
		return
	default:
		p.evidence.unbound++
		p.quarantine(e)
		return
	}
	p.evidence.hostEffects++
	p.payloads.rollout(e, h.Rollout)
	p.payloads.host(e, h.Host, h.Rollout)
	if !p.evidence.shipped() {
		p.payloads.time(e, h.At, h.Rollout)
	}
	r := p.rollouts.get(h.Rollout)
	m, slot := r.member(h.Host)
	switch {
	case m == nil:
		p.unknownHost(e, r, h.Host, "host effect")
	case !p.simulated:
		p.hosts.effect(e, r, slot)
	}
}

// quarantine replays an effect of the host machine that quarantines a closure or lifts that.
func (p *replay) quarantine(e *trace.Entry) {
	p.invariants.entry(e)
	q := quarantine{channel: e.HostEffect.Channel, closure: e.HostEffect.Closure}
	if e.HostEffect.Effect == trace.RemoteRemoveQuarantine {
		p.invariants.lifted(q)
		p.quarantines.remove(q)
		return
	}
	at := p.cursor.place(e)
	if !p.simulated {
		if cause, ok := p.quarantines.match(q, e.Rollout, e.Host, at); ok {
			p.payloads.rollout(e, cause.rollout)
			p.payloads.host(e, cause.host, cause.rollout)
			p.payloads.timeOf(e, cause.place.at, cause.rollout, "the entry is of another time than the "+
				"rollback that it follows from")
			p.quarantines.compare(q, &cause, at)
		}
	}
	p.quarantines.add(q, at)
}

// effect replays an effect of the rollout machine. The log of a control plane is expected to record
// transitions only.
func (p *replay) effect(e *trace.Entry) {
	recorded := e.Effect
	if recorded.Kind == reducer.RecordRolloutTransition {
		p.payloads.time(e, recorded.At, recorded.Rollout)
	} else if !p.simulated {
		if !p.sealed && (p.evidence.shipped() || !p.emits(recorded.Kind)) {
			f := extra(Effect, "effect", p.effects.rollout(e), describeEffect(recorded, &p.cursor.lines,
				false))
			f.Reason = "no control plane that runs this machine records it"
			p.findings.add(f, p.cursor.place(e), 0)
		}
		if recorded.Kind == reducer.InsertQuarantineFromRollout {
			p.quarantines.add(quarantine{recorded.Channel, recorded.Closure}, p.cursor.place(e))
		}
		return
	}
	id := p.effects.rollout(e)
	p.payloads.rollout(e, id)
	p.payloads.host(e, "", id)
	r := p.rollouts.get(id)
	if !p.simulated && r.fold == nil {
		r.skipped++
		return
	}
	p.effects.match(e, r)
}

// plan replays an action of the planner.
func (p *replay) plan(e *trace.Entry) {
	plan := e.Plan
	p.payloads.rollout(e, plan.Rollout)
	r := p.rollouts.get(plan.Rollout)
	switch plan.Action {
	case trace.OpenRollout:
		p.payloads.host(e, "", plan.Rollout)
		if !p.simulated {
			p.plans.add(plan, r, p.cursor.place(e))
		}
	case trace.QueueDispatch:
		p.payloads.host(e, plan.Host, plan.Rollout)
		p.plans.compare(r)
		p.queueDispatch(e, r)
	}
}

// queueDispatch records that a host is sent its closure.
func (p *replay) queueDispatch(e *trace.Entry, r *rollout) {
	id := e.Plan.Host
	p.evidence.plans++
	if !p.simulated {
		p.inferHost(e, r, id)
	}
	m, slot := r.member(id)
	if r.fold != nil {
		p.channels.get(r.fold.Record.Channel).plan(r, e.Seq, e.At)
	}
	if m == nil {
		p.unknownHost(e, r, id, "dispatch")
		return
	}
	if !p.simulated {
		p.dispatched(e, r, slot)
	}
	m.dispatch(e.Plan, e.At, e.Seq)
	if m.state == reducer.HostPending {
		p.roster.start(id, r, m)
	}
	p.roster.finishOlder(id, r, reducer.HostPending) // it ignores earlier dispatches
	p.invariants.dispatch(e, r)
}

// poll records the ref that a channel points at.
func (p *replay) poll(e *trace.Entry) {
	p.evidence.unbound++
	p.evidence.polls++
	if e.Poll.Ref != "" {
		c := p.channels.get(e.Poll.Channel)
		c.point(e.Poll.Ref, p.cursor.place(e))
		c.shown = e.Poll.Ref
	}
}
