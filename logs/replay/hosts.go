package replay

import (
	"errors"
	"fmt"
	"slices"

	"rollsim/reducer"
	"rollsim/trace"
)

// member is what is known of one host under one rollout.
type member struct {
	seq   uint64            // of its last agent event
	state reducer.HostState // that its agent events lead to
	since reducer.Time      // when it came to the state that the log has recorded of it
	// it may still move: it has work under this rollout, and none under a later one
	live bool

	// The move that its last agent event makes, and what of it the log has yet to record.
	from, to   reducer.HostState
	needEffect bool
	needMove   bool
	moved      place

	closure    reducer.ClosureHash // that it was dispatched to
	dispatched reducer.Time        // first, since it was last blocked
	soakDue    reducer.Time        // as planned then
	dispatches int
	gate       gate
	said       string // by its agent: why it failed, why its probes fail, or what it waits for
}

// gate is what keeps a host from being dispatched.
type gate struct {
	name, reason string
	first, last  Where // since when it has been the same, and when it was last decided
	count        uint64
}

// host is what is known of one host under all its rollouts.
type host struct {
	working []*rollout // those under which it is live, in the order of opening
	joined  *rollout   // the last one that it joined
}

// owedQuarantine is that a host's rollback has to quarantine its closure.
type owedQuarantine struct {
	quarantine
	rollout reducer.RolloutID
	host    reducer.HostID
	place   place
}

type quarantine struct {
	channel reducer.ChannelID
	closure reducer.ClosureHash // empty where it is not known
}

// quarantined is where the log quarantines something: first, and when it last does.
type quarantined struct {
	place
	last reducer.Time
}

func (p *replay) host(id reducer.HostID) *host {
	h := p.hosts[id]
	if h == nil {
		h = new(host)
		p.hosts[id] = h
	}
	return h
}

// member finds a host of a rollout; nil when it has not joined, or is not known any more.
func (r *rollout) member(id reducer.HostID) (*member, int) {
	if r.fold == nil {
		return nil, 0
	}
	slot, joined := r.fold.Slot(id)
	if !joined || slot >= len(r.members) {
		return nil, 0
	}
	return &r.members[slot], slot
}

// unknownHost takes note of an entry about a host of which nothing is known; the finding is made
// where something should be.
func (p *replay) unknownHost(e *trace.Entry, r *rollout, id reducer.HostID, what string) {
	switch {
	case r.fold == nil:
		r.passed++
	case r.fold.Forgotten():
		p.late++
	case !p.simulated:
		p.find(Finding{
			Class: Host, Kind: Refused, What: what, Rollout: r.id, Host: id, Reason: fmt.Sprintf("host %s has not joined the rollout", id),
		}, p.here(e), 0)
	}
}

// takeGate takes note of what keeps a host from being dispatched.
func (p *replay) takeGate(e *trace.Entry) {
	g := e.Gate
	r := p.rollout(g.Rollout)
	m, _ := r.member(g.Host)
	switch {
	case m != nil:
		m.gate.decided(e)
	case r.fold == nil:
		r.passed++
		if q := p.question; q != nil && q.Host == g.Host && p.opts.Only.names(r.id) {
			p.strayUnder = r.id
			p.stray.decided(e)
		}
	}
}

// decided takes note of a decision.
func (g *gate) decided(e *trace.Entry) {
	at := Where{Seq: e.Seq, At: e.At}
	if d := e.Gate; g.reason != d.Reason || g.name != d.Gate || g.count == 0 {
		*g = gate{name: d.Gate, reason: d.Reason, first: at}
	}
	g.last = at
	g.count++
}

// takeDispatch takes note that a host is sent its closure.
func (p *replay) takeDispatch(e *trace.Entry, r *rollout) {
	plan := e.Plan
	m, _ := r.member(plan.Host)
	if m == nil {
		p.unknownHost(e, r, plan.Host, "dispatch")
		return
	}
	if !m.unacked() {
		m.dispatched = e.At
	}
	m.closure, m.soakDue = plan.Closure, plan.SoakDueAt
	m.dispatches++
	m.gate = gate{}
	h := p.host(plan.Host)
	if !m.live && m.state == reducer.HostPending {
		p.enliven(h, r, m)
	}
	// what was sent to it before and not acked, it will not take up
	p.retire(h, plan.Host, r, reducer.HostPending)
	if p.checker != nil {
		p.checker.Entry(e)
		p.takeViolations(r, e.Host, p.here(e))
	}
}

// unacked tells whether a host that is Pending was dispatched, and nothing has blocked it since.
func (m *member) unacked() bool { return m.dispatches > 0 && m.gate.count == 0 }

// enliven takes note that a host has work under a rollout.
func (p *replay) enliven(h *host, r *rollout, m *member) {
	m.live = true
	r.live++
	h.working = append(h.working, r)
}

// retire takes note that a host has turned to a rollout, and does no more for those opened before
// it under which it is still in the given state, or in any if that is none.
func (p *replay) retire(h *host, id reducer.HostID, r *rollout, state reducer.HostState) {
	for i := 0; i < len(h.working); i++ {
		old := h.working[i]
		if old.fold.Number() >= r.fold.Number() {
			continue
		}
		m, slot := old.member(id)
		if m != nil && state != 0 && old.fold.Hosts()[slot].State != state {
			continue
		}
		if m != nil && m.live {
			m.live = false
			old.live--
		}
		h.working = slices.Delete(h.working, i, i+1)
		i--
		p.forgetIfOver(old)
	}
}

// rest takes note that a host has come to the end of what it does under a rollout.
func (p *replay) rest(id reducer.HostID, r *rollout, m *member) {
	if !m.live {
		return
	}
	m.live = false
	r.live--
	if h := p.hosts[id]; h != nil {
		h.working = slices.DeleteFunc(h.working, func(w *rollout) bool { return w == r })
	}
	p.forgetIfOver(r)
}

// forgetIfOver lets go of the hosts of a rollout of which nothing more is to be expected: it is
// superseded, and none of its hosts has work left under it, nor has it for its last rollout, nor
// has the log anything to record of them; or it is pruned.
func (p *replay) forgetIfOver(r *rollout) {
	if r.fold == nil || r.fold.Forgotten() {
		return
	}
	switch s := r.fold.Record.State; {
	case p.isAsked(r):
		return
	case s == reducer.Pruned:
		for _, h := range r.fold.Hosts() {
			known := p.host(h.ID)
			known.working = slices.DeleteFunc(known.working, func(w *rollout) bool { return w == r })
		}
	case s != reducer.Superseded || r.live > 0 || r.latest > 0,
		slices.ContainsFunc(r.members, func(m member) bool { return m.needEffect || m.needMove }):
		return
	}
	p.comparePlan(r)
	p.closeHosts(r)
	r.fold.Forget()
	r.members, r.live = nil, 0
	if r.work != nil && len(r.work.expected) == 0 && r.work.terminal == nil {
		r.work = nil
	}
	p.over = append(p.over, r)
}

// join takes note that a host has joined a rollout.
func (p *replay) join(r *rollout, id reducer.HostID, wave uint32, at reducer.Time) {
	r.members = append(r.members, member{state: reducer.HostPending, since: at})
	r.summary.Waves = max(r.summary.Waves, wave+1)
	p.seen.manyWaves = p.seen.manyWaves || wave > 0
	r.asked = r.asked || id == p.opts.Only.Host
	h := p.host(id)
	before := h.joined
	h.joined = r
	r.latest++
	if before != nil {
		before.latest--
		p.forgetIfOver(before)
	}
}

// takeAgent holds an agent event against the host machine.
func (p *replay) takeAgent(e *trace.Entry) {
	a := e.Agent
	if a.Kind.Moves() {
		p.seen.agents++
	}
	r := p.rollout(e.Rollout)
	if r.fold != nil {
		p.learnPolicy(e, r)
	}
	m, slot := r.member(e.Host)
	if m == nil {
		if a.Kind == reducer.RollbackComplete {
			p.unexplained++
		}
		p.unknownHost(e, r, e.Host, "agent event")
		return
	}
	switch {
	case a.Message != "" || a.Component != "":
		m.said = a.Message + a.Component
	case a.Kind == reducer.ProbeResult && a.Passed, a.Kind == reducer.ActivationCompleted:
		m.said = ""
	}
	if p.simulated {
		return // its log holds what was dropped and what came twice, as it is meant to
	}
	lost, err := reducer.CheckSeq(m.seq, a.Seq)
	if err != nil {
		p.find(Finding{
			Class: Host, Kind: Repeated, What: "agent event", Rollout: r.id, Host: e.Host, Recorded: fmt.Sprintf("%v  seq %d", a.Kind, a.Seq),
			Reason: err.Error(),
		}, p.here(e), 0)
		return
	}
	if lost > 0 {
		p.find(Finding{
			Class: Host, Kind: Missing, What: "agent event", Rollout: r.id, Host: e.Host, Recorded: fmt.Sprintf("%v  seq %d", a.Kind, a.Seq),
			Given: fmt.Sprintf("seq %d", m.seq+1), Reason: fmt.Sprintf("%d between them are missing", lost),
		}, p.here(e), 0)
	}
	m.seq = a.Seq
	if !a.Kind.Moves() {
		return
	}
	p.overdueMove(r, slot)
	known := r.fold.Hosts()[slot].State
	to, err := reducer.StepHost(m.state, a.Kind, p.rollbackPolicy(r, a))
	if err != nil && known != m.state {
		m.state = known // what the log holds of it is not all that there was
		to, err = reducer.StepHost(known, a.Kind, p.rollbackPolicy(r, a))
	}
	if p.frozen(e.Host, r) {
		return // it works for a later rollout: what still comes for this one is only logged
	}
	if err != nil {
		p.find(Finding{
			Class: Host, Kind: Refused, What: "agent event", Rollout: r.id, Host: e.Host, Recorded: fmt.Sprintf("%v  seq %d", a.Kind, a.Seq),
			Reason: err.Error(),
		}, p.here(e), 0)
		return
	}
	m.from, m.to, m.state = m.state, to, to
	m.needEffect, m.needMove, m.moved = true, true, p.here(e)
	p.watch(e, r, slot)
	p.open += 2
	if to == reducer.HostReverted {
		q := quarantine{channel: r.fold.Record.Channel, closure: m.closure}
		p.owed = append(
			p.owed, owedQuarantine{quarantine: q, rollout: r.id, host: e.Host, place: p.here(e)},
		)
		p.open++
	}
}

// rollbackPolicy is the policy under which an agent event is judged. That an agent rolled back
// tells its policy, unless something else has told another one.
func (p *replay) rollbackPolicy(r *rollout, a *trace.AgentEvent) reducer.HealthPolicy {
	policy, known := p.policies[r.fold.Record.Channel]
	if a.Kind == reducer.RollbackComplete && !known {
		return reducer.RollbackAndHalt
	}
	if !known {
		return reducer.DefaultPolicy().OnHealthFailure
	}
	return policy.OnHealthFailure
}

// frozen tells whether a host has acked a later rollout than this one.
func (p *replay) frozen(id reducer.HostID, r *rollout) bool {
	h := p.hosts[id]
	if h == nil {
		return false
	}
	for _, w := range h.working {
		if w.fold.Number() > r.fold.Number() {
			if m, slot := w.member(id); m != nil && w.fold.Hosts()[slot].State != reducer.HostPending {
				return true
			}
		}
	}
	return h.joined != nil && h.joined != r && h.joined.fold.Number() > r.fold.Number() &&
		h.joined.acked(id)
}

// acked tells whether a host has taken up its dispatch.
func (r *rollout) acked(id reducer.HostID) bool {
	m, slot := r.member(id)
	return m != nil && r.fold.Hosts()[slot].State != reducer.HostPending
}

// overdueMove finds that the log does not record what an agent event makes of its host.
func (p *replay) overdueMove(r *rollout, slot int) {
	m := &r.members[slot]
	id := r.fold.Hosts()[slot].ID
	missing := func(what string) {
		p.find(Finding{
			Class: Host, Kind: Missing, What: what, Rollout: r.id, Host: id, Recorded: Nothing, Given: describeMove(m.from, m.to),
			Reason: "the agent event before it makes this move",
		}, m.moved, 1)
		p.open--
	}
	if m.needEffect {
		m.needEffect = false
		missing("host effect")
	}
	if m.needMove {
		m.needMove = false
		missing("host move")
	}
}

// closeHosts finds what the hosts of a rollout leave open.
func (p *replay) closeHosts(r *rollout) {
	for slot := range r.members {
		p.overdueMove(r, slot)
	}
}

// takeHostMove holds a HostStateChanged against the agent event that explains it. err is the
// fold's.
func (p *replay) takeHostMove(e *trace.Entry, r *rollout, err error) {
	ev := e.Event
	m, slot := r.member(ev.Host)
	if m == nil {
		return // the fold has said so
	}
	refused := err != nil && errors.As(err, new(*reducer.Invariant))
	switch {
	case p.simulated || p.frozen(ev.Host, r):
	case m.needMove && (refused || m.from == ev.From && m.to == ev.To):
		m.needMove = false
		p.open--
	case m.needMove:
		p.find(Finding{
			Class: Host, Kind: Different, What: "host move", Rollout: r.id, Host: ev.Host, Recorded: describeMove(ev.From, ev.To),
			Given: describeMove(m.from, m.to), Reason: "the agent event before it makes another move",
		}, p.here(e), 0)
		m.needMove = false
		p.open--
	case !refused:
		p.find(Finding{
			Class: Host, Kind: Extra, What: "host move", Rollout: r.id, Host: ev.Host, Recorded: describeMove(ev.From, ev.To), Given: Nothing,
			Reason: "no agent event explains it",
		}, p.here(e), 0)
	}
	if err != nil {
		return
	}
	m.since = ev.At
	if p.simulated || !m.needMove {
		m.state = ev.To
	}
	h := p.host(ev.Host)
	if ev.From == reducer.HostPending {
		if !m.live {
			p.enliven(h, r, m)
		}
		p.retire(h, ev.Host, r, 0)
	}
	if ev.To == reducer.HostFailed && r.summary.Failure == nil {
		r.summary.Failure = &Failure{Host: ev.Host, At: ev.At, Seq: e.Seq, Why: m.said}
	}
	if hosts := r.fold.Hosts(); hosts[slot].State == reducer.HostConverged ||
		hosts[slot].State == reducer.HostReverted {
		p.rest(ev.Host, r, m)
	}
}

// takeHostEffect holds an effect of the host machine against the agent event that gives it.
func (p *replay) takeHostEffect(e *trace.Entry) {
	h := e.HostEffect
	if h.Effect != trace.RecordTransition {
		p.seen.loose++
		p.takeQuarantine(e)
		return
	}
	p.seen.hostEffects++
	p.readRollout(e, h.Rollout)
	p.readHost(e, h.Host, h.Rollout)
	p.readTimes(e, h.At, h.Rollout)
	r := p.rollout(h.Rollout)
	m, _ := r.member(h.Host)
	if m == nil {
		p.unknownHost(e, r, h.Host, "host effect")
		return
	}
	needed := m.needEffect
	right := needed && m.from == h.From && m.to == h.To
	switch {
	case p.simulated || p.frozen(h.Host, r):
		return
	case needed:
		m.needEffect = false
		p.open--
		if right && m.needMove {
			return
		}
	}
	f := Finding{
		Class: Host, Kind: Extra, What: "host effect", Rollout: r.id, Host: h.Host, Recorded: h.Effect + "  " + describeMove(h.From, h.To),
		Given: Nothing, Reason: "no agent event gives it",
	}
	switch {
	case right:
		p.seen.lateEffects++
		f.Kind, f.Given, f.Reason = Misplaced, "", "the move that it records stands before it, and "+
			"elsewhere after it"
	case needed:
		f.Kind, f.Given, f.Reason = Different, h.Effect+"  "+describeMove(m.from, m.to), ""
	}
	p.find(f, p.here(e), 0)
	p.forgetIfOver(r) // it may have been the last that there was to record
}

// takeQuarantine holds a quarantine against the rollback that it follows from.
func (p *replay) takeQuarantine(e *trace.Entry) {
	h := e.HostEffect
	if p.checker != nil {
		p.checker.Entry(e)
	}
	q := quarantine{channel: h.Channel, closure: h.Closure}
	if h.Effect == trace.RemoteRemoveQuarantine {
		delete(p.quarantines, q)
		return
	}
	defer p.noteQuarantined(h.Channel, h.Closure, p.here(e))
	if p.simulated {
		return
	}
	i := p.owedTo(q)
	f := Finding{
		Class:    Host,
		What:     "quarantine",
		Rollout:  e.Rollout,
		Host:     e.Host,
		Recorded: describeQuarantine(q),
		Given:    Nothing,
		channel:  q.channel,
	}
	if i < 0 {
		if p.unexplained > 0 {
			p.unexplained-- // it follows from a rollback of which nothing more is known
			return
		}
		f.Kind, f.Reason = Extra, "no rollback explains it"
		p.find(f, p.here(e), 0)
		return
	}
	owed := p.owed[i]
	p.owed = slices.Delete(p.owed, i, i+1)
	p.open--
	p.readRollout(e, owed.rollout)
	p.readHost(e, owed.host, owed.rollout)
	p.compareTimes(e, owed.place.at, owed.rollout, "the entry is of another time than the rollback "+
		"that it follows from")
	if owed.closure != "" && owed.closure != q.closure {
		f.Kind, f.Rollout, f.Host, f.Given = Different, owed.rollout, owed.host, describeQuarantine(
			owed.quarantine,
		)
		f.Reason = "the host that rolled back had been dispatched to this closure"
		p.find(f, p.here(e), 0)
	}
}

// owedTo finds the rollback that a quarantine follows from: of its channel, and if there is one,
// from its closure; below 0 when there is none.
func (p *replay) owedTo(q quarantine) int {
	other := -1
	for i, owed := range p.owed {
		switch {
		case owed.channel != q.channel:
		case owed.closure == q.closure || owed.closure == "":
			return i
		default:
			other = i
		}
	}
	return other
}

func describeQuarantine(
	q quarantine,
) string {
	return string(q.closure) + " on " + string(q.channel)
}

func (p *replay) noteQuarantined(c reducer.ChannelID, closure reducer.ClosureHash, at place) {
	if p.quarantines == nil {
		p.quarantines = make(map[quarantine]quarantined)
	}
	q := quarantine{c, closure}
	known := p.quarantines[q]
	if known.n == 0 {
		known.place = at
	}
	known.last = at.at
	p.quarantines[q] = known
}

// overdueQuarantines finds that rollbacks under a rollout, or under any if it is nil, have
// quarantined nothing.
func (p *replay) overdueQuarantines(r *rollout) {
	p.owed = slices.DeleteFunc(p.owed, func(owed owedQuarantine) bool {
		if r != nil && r.id != owed.rollout {
			return false
		}
		p.open--
		if at, known := p.quarantines[owed.quarantine]; known && at.n < owed.place.n {
			return true // it was quarantined already
		}
		p.find(Finding{
			Class: Host, Kind: Missing, What: "quarantine", Rollout: owed.rollout, Host: owed.host, Recorded: Nothing,
			Given:  describeQuarantine(owed.quarantine),
			Reason: "the host rolled back from this closure",
		}, owed.place, 1)
		return true
	})
}
