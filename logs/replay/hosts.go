package replay

import (
	"errors"
	"fmt"

	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// hostAuditor compares what the log of a control plane says about hosts: an agent event moves its
// host by the host machine, and the log records that move as an effect and as a HostStateChanged.
//
// Each of the three is evidence of the move. Where one contradicts the others, the replay continues
// with what two of them say, so that one wrong entry is one finding.
type hostAuditor struct {
	cursor      *cursor
	evidence    *evidence
	findings    *collector
	context     *contextKeeper
	policies    *policies
	roster      *roster
	quarantines *quarantineLedger
	defects     *defectFinder
	fleet       *reducer.Fleet
	checker     *invariant.Checker // nil where nothing is checked

	// recorded is called with a rollout when an effect of one of its hosts was recorded.
	recorded func(*rollout)

	pending int // how many effects and moves the log has yet to record
}

// agentEvent checks an agent event, and expects the move that it makes.
func (h *hostAuditor) agentEvent(e *trace.Entry, r *rollout, slot int) {
	a, m := e.Agent, &r.members[slot]
	if !h.sequence(e, r, m) {
		return
	}
	if !a.Kind.Moves() {
		h.observation(e, r, slot)
		return
	}
	h.missing(r, slot)
	if h.frozen(e.Host, r) {
		return
	}
	h.settle(r, slot)
	policy := h.policies.ofAgent(r.fold.Record.Channel, a.Kind)
	to, err := reducer.StepHost(m.state, a.Kind, policy)
	if known := r.fold.Hosts()[slot].State; err != nil && known != m.state {
		if after, also := reducer.StepHost(known, a.Kind, policy); also == nil {
			m.state, to, err = known, after, nil // the log does not have all that the agent did
		}
	}
	m.moved = h.cursor.place(e)
	if err != nil {
		m.doubtful, m.doubt = a.Kind, err
		m.doubtText = describeAgent(a)
		return
	}
	m.from, m.to, m.state = m.state, to, to
	m.needEffect, m.needMove = true, true
	m.at = a.At
	h.context.watch(m.moved, r, slot)
	h.pending += 2
	if to == reducer.HostReverted {
		h.policies.hold(r.fold.Record.Channel, Finding{
			Class: Host, Kind: Refused, What: "agent event", Rollout: r.id, Host: e.Host,
			Recorded: describeAgent(a),
			Reason:   (&reducer.IllegalHostEvent{From: m.from, Event: a.Kind}).Error(),
		}, m.moved)
		q := quarantine{channel: r.fold.Record.Channel, closure: m.closure}
		h.quarantines.expect(q, r.id, e.Host, m.moved)
	}
}

// frozen reports whether a host has moved on to a later rollout in a log whose control plane then
// only logs what it says about an earlier one. The shipped one continues; it records no polls.
func (h *hostAuditor) frozen(id reducer.HostID, r *rollout) bool {
	return h.evidence.polls > 0 && h.roster.movedOn(id, r)
}

// settle ends the doubt about the last agent event of a host: no effect and no move has followed
// that would show the state in which it was legal.
func (h *hostAuditor) settle(r *rollout, slot int) {
	m := &r.members[slot]
	if m.doubt == nil {
		return
	}
	f := Finding{
		Class: Host, Kind: Refused, What: "agent event", Rollout: r.id,
		Host: r.fold.Hosts()[slot].ID, Recorded: m.doubtText, Reason: m.doubt.Error(),
	}
	m.doubt = nil
	h.findings.consequence(f, m.moved, 0, m.good)
}

// observation checks an agent event that moves no state. The shipped control plane accepts each
// only in the state in which its agent sends it.
func (h *hostAuditor) observation(e *trace.Entry, r *rollout, slot int) {
	if !h.evidence.shipped() {
		return
	}
	m := &r.members[slot]
	want := reducer.HostSoaking
	if e.Agent.Kind == reducer.ActivationStarted {
		want = reducer.HostActivating
	}
	if m.state == want || m.doubt != nil {
		m.good = h.cursor.n
		return
	}
	if m.gapAt == h.cursor.n && reachable(m.state, want) {
		h.defects.lost(r, slot, h.cursor.place(e), fmt.Sprintf("%s: it is legal in %v, and the log "+
			"leaves the host %v", describeAgent(e.Agent), want, m.state))
		m.state = want
		h.correct(r, slot, want)
		return
	}
	f := Finding{
		Class: Host, Kind: Refused, What: "agent event", Rollout: r.id, Host: e.Host,
		Recorded: describeAgent(e.Agent),
		Reason: fmt.Sprintf("agent event %v is not legal in host state %v", e.Agent.Kind,
			m.state),
	}
	h.findings.consequence(f, h.cursor.place(e), 0, m.good)
}

// sequence checks the seq of an agent event. It reports whether the event is new.
func (h *hostAuditor) sequence(e *trace.Entry, r *rollout, m *member) bool {
	lost, err := reducer.CheckSeq(m.seq, e.Agent.Seq)
	if err != nil {
		f := Finding{
			Class: Host, Kind: Repeated, What: "agent event", Rollout: r.id, Host: e.Host,
			Recorded: describeAgent(e.Agent), Reason: err.Error(),
		}
		m.found = h.findings.consequence(f, h.cursor.place(e), 0, m.good)
		return false
	}
	if lost > 0 {
		h.defects.gap(e, r, m, lost)
		m.gapAt = h.cursor.n
	}
	m.seq = e.Agent.Seq
	return true
}

func describeAgent(a *trace.AgentEvent) string { return fmt.Sprintf("%v  seq %d", a.Kind, a.Seq) }

// move compares a HostStateChanged with the last agent event of its host. err is the fold's answer
// to it.
func (h *hostAuditor) move(e *trace.Entry, r *rollout, slot int, err error) {
	ev, m := e.Event, &r.members[slot]
	if h.frozen(ev.Host, r) {
		return
	}
	refused := err != nil && errors.As(err, new(*reducer.Invariant))
	recorded := describeMove(ev.From, ev.To)
	switch {
	case m.needMove && m.from == ev.From && m.to == ev.To:
		h.answered(m)
		m.good = h.cursor.n
		if refused { // the fold lacks an earlier move
			h.correct(r, slot, ev.To)
		}
	case m.needMove:
		f := different(Host, "host move", r.id, recorded, describeMove(m.from, m.to))
		f.Host, f.Reason = ev.Host, "the agent event before it makes another move"
		m.found = h.findings.consequence(f, h.cursor.place(e), 0, m.good)
		m.judged = h.cursor.n
		h.answered(m)
		h.correct(r, slot, m.to)
	case m.doubt != nil && h.lossy(r, slot, ev.From, ev.To):
		m.state = ev.To
		h.correct(r, slot, ev.To)
	case !refused:
		h.unexplained(e, r, slot, ev.From, ev.To, "host move", recorded)
	}
}

func (h *hostAuditor) answered(m *member) {
	m.needMove = false
	h.pending--
}

// lossy reports whether a move shows that the last agent event of a host was legal in a state that
// the log lacks: the entries that led to it were lost.
func (h *hostAuditor) lossy(r *rollout, slot int, from, to reducer.HostState) bool {
	m := &r.members[slot]
	policy := h.policies.ofAgent(r.fold.Record.Channel, m.doubtful)
	after, err := reducer.StepHost(from, m.doubtful, policy)
	if err != nil || after != to || !reachable(m.state, from) {
		return false
	}
	m.doubt = nil
	h.defects.lost(r, slot, m.moved, fmt.Sprintf("%s: the host moves from %v, and the log leaves it "+
		"%v", m.doubtText, from, m.state))
	return true
}

// correct sets the state of a host whose move the log lacks or contradicts.
func (h *hostAuditor) correct(r *rollout, slot int, to reducer.HostState) {
	host := r.fold.Hosts()[slot]
	h.fleet.SetHost(r.fold, slot, to)
	if h.checker == nil {
		return
	}
	var none reducer.Effects
	from := host.State
	for _, next := range reducer.HostStates() { // in the order of their moves
		direct := reducer.LegalHostMove(from, to)
		if from != to && reducer.LegalHostMove(from, next) && next != reducer.HostDeferred &&
			(next == to || !direct && reachable(next, to)) {
			h.checker.Applied(h.cursor.end.seq, h.cursor.end.at, r.fold, &reducer.Event{
				Kind: reducer.HostStateChanged, Rollout: r.id, Host: host.ID, From: from, To: next,
				At: h.cursor.end.at,
			}, &none)
			from = next
		}
	}
}

// reachable reports whether a host can come from one state to another.
func reachable(from, to reducer.HostState) bool {
	for _, s := range reducer.HostStates() {
		if reducer.LegalHostMove(from, s) && (s == to || reachable(s, to)) {
			return true
		}
	}
	return false
}

// unexplained adds a finding about an effect or a move that no agent event explains. The second of
// them is folded under the first.
func (h *hostAuditor) unexplained(
	e *trace.Entry, r *rollout, slot int, from, to reducer.HostState, what, recorded string,
) {
	m := &r.members[slot]
	f := extra(Host, what, r.id, recorded)
	f.Host, f.Reason = r.fold.Hosts()[slot].ID, "no agent event explains it"
	at := h.cursor.place(e)
	move := hostMove{from, to, what}
	if other := m.extraMove; other.what != what && other.from == from && other.to == to &&
		h.cursor.n <= m.extraAt+2 {
		h.findings.fold(m.found, &f, at)
	} else {
		m.found = h.findings.consequence(f, at, 0, m.good)
	}
	m.extraMove, m.extraAt = move, h.cursor.n
	if m.state == from && reducer.LegalHostMove(from, to) {
		m.state = to // its agent event is missing
	}
}

// hostMove is an effect or a move of a host that no agent event explains.
type hostMove struct {
	from, to reducer.HostState
	what     string
}

// effect compares a RecordTransition with the last agent event of its host.
func (h *hostAuditor) effect(e *trace.Entry, r *rollout, slot int) {
	effect, m := e.HostEffect, &r.members[slot]
	if h.frozen(effect.Host, r) {
		return
	}
	if m.doubt != nil && h.lossy(r, slot, effect.From, effect.To) {
		m.from, m.to, m.state = effect.From, effect.To, effect.To
		m.needMove = true
		h.pending++
		h.correct(r, slot, effect.From)
		return
	}
	needed := m.needEffect
	right := needed && m.from == effect.From && m.to == effect.To
	if needed {
		m.needEffect = false
		h.pending--
		if right && m.needMove {
			h.time(e, r, m)
			return
		}
	}
	recorded := effect.Effect + "  " + describeMove(effect.From, effect.To)
	f := extra(Host, "host effect", r.id, recorded)
	f.Host = effect.Host
	switch {
	case right:
		h.evidence.lateEffects++
		f.Kind, f.Expected = Misplaced, ""
		f.Reason = "the log records this move before its effect, and others after theirs"
	case needed:
		f.Kind, f.Expected, f.Reason = Different, effect.Effect+"  "+describeMove(m.from, m.to), ""
	default:
		h.unexplained(e, r, slot, effect.From, effect.To, "host effect", recorded)
		h.recorded(r)
		return
	}
	h.findings.consequence(f, h.cursor.place(e), 0, m.good)
	h.recorded(r)
}

// time compares the time of a RecordTransition with that of the agent event, from which it comes.
func (h *hostAuditor) time(e *trace.Entry, r *rollout, m *member) {
	if !h.evidence.shipped() || e.HostEffect.At == m.at {
		return
	}
	f := different(Log, "time", r.id, string(trace.AppendTime(nil, e.HostEffect.At)),
		string(trace.AppendTime(nil, m.at)))
	f.Host, f.Reason = e.Host, "the effect is of another time than the agent event that causes it"
	h.findings.add(f, h.cursor.place(e), 0)
}

// missing adds findings about the move of a host's last agent event that the log does not record.
func (h *hostAuditor) missing(r *rollout, slot int) {
	m := &r.members[slot]
	both := m.needEffect && m.needMove
	if m.needEffect {
		m.needEffect = false
		m.found = h.missingMove("host effect", r, slot, nil)
	}
	if m.needMove {
		m.needMove = false
		var under *Finding
		if both {
			under = m.found
		}
		h.missingMove("host move", r, slot, under)
		h.correct(r, slot, m.to)
	}
}

func (h *hostAuditor) missingMove(what string, r *rollout, slot int, under *Finding) *Finding {
	m := &r.members[slot]
	f := missing(Host, what, r.id, describeMove(m.from, m.to))
	f.Host, f.Reason = r.fold.Hosts()[slot].ID, "the agent event before it makes this move"
	h.pending--
	if under != nil {
		h.findings.fold(under, &f, m.moved)
		return under
	}
	return h.findings.absence(f, m.moved, 1)
}

// overdue finds what is missing of the moves that a rollout's hosts made before the present step.
func (h *hostAuditor) overdue(r *rollout) {
	if h.pending == 0 {
		return
	}
	for slot := range r.members {
		if m := &r.members[slot]; (m.needMove || m.needEffect) && m.moved.n > 0 {
			h.missing(r, slot)
		}
	}
}

// close finds what is missing of a rollout's hosts.
func (h *hostAuditor) close(r *rollout) {
	for slot := range r.members {
		h.settle(r, slot)
		h.missing(r, slot)
	}
}

// awaitsMove reports whether the log has yet to record the move of the agent event that is the n-th
// entry.
func (r *rollout) awaitsMove(slot int, n uint64) bool {
	if slot < 0 || slot >= len(r.members) {
		return false
	}
	m := &r.members[slot]
	return m.moved.n == n && (m.needMove || m.needEffect)
}
