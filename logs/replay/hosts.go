package replay

import (
	"errors"
	"fmt"

	"rollsim/reducer"
	"rollsim/trace"
)

// hostAuditor compares what the log of a control plane says about hosts: an agent event moves its
// host by the host machine, and the log records that move as an effect and as a HostStateChanged.
type hostAuditor struct {
	cursor      *cursor
	evidence    *evidence
	findings    *collector
	context     *contextKeeper
	policies    *policies
	roster      *roster
	quarantines *quarantineLedger

	// recorded is called with a rollout when an effect of one of its hosts was recorded.
	recorded func(*rollout)

	pending int // how many effects and moves the log has yet to record
}

// agentEvent checks an agent event, and expects the move that it makes.
func (h *hostAuditor) agentEvent(e *trace.Entry, r *rollout, slot int) {
	a, m := e.Agent, &r.members[slot]
	if !h.sequence(e, r, m) || !a.Kind.Moves() {
		return
	}
	h.missing(r, slot)
	policy := h.policies.ofAgent(r.fold.Record.Channel, a.Kind)
	known := r.fold.Hosts()[slot].State
	to, err := reducer.StepHost(m.state, a.Kind, policy)
	if err != nil && known != m.state {
		m.state = known // the log does not have all that the agent did
		to, err = reducer.StepHost(known, a.Kind, policy)
	}
	if h.roster.movedOn(e.Host, r) {
		return
	}
	if err != nil {
		h.findings.add(refusedAgent(e, r, err), h.cursor.place(e), 0)
		return
	}
	m.from, m.to, m.state = m.state, to, to
	m.needEffect, m.needMove, m.moved = true, true, h.cursor.place(e)
	h.context.watch(m.moved, r, slot)
	h.pending += 2
	if to == reducer.HostReverted {
		q := quarantine{channel: r.fold.Record.Channel, closure: m.closure}
		h.quarantines.expect(q, r.id, e.Host, m.moved)
	}
}

// sequence checks the seq of an agent event. It reports whether the event is new.
func (h *hostAuditor) sequence(e *trace.Entry, r *rollout, m *member) bool {
	lost, err := reducer.CheckSeq(m.seq, e.Agent.Seq)
	if err != nil {
		f := refusedAgent(e, r, err)
		f.Kind = Repeated
		h.findings.add(f, h.cursor.place(e), 0)
		return false
	}
	if lost > 0 {
		f := missing(Host, "agent event", r.id, fmt.Sprintf("seq %d", m.seq+1))
		f.Host, f.Recorded = e.Host, describeAgent(e.Agent)
		f.Reason = fmt.Sprintf("agent events that are missing before it: %d", lost)
		h.findings.add(f, h.cursor.place(e), 0)
	}
	m.seq = e.Agent.Seq
	return true
}

func refusedAgent(e *trace.Entry, r *rollout, err error) Finding {
	return Finding{
		Class: Host, Kind: Refused, What: "agent event", Rollout: r.id, Host: e.Host,
		Recorded: describeAgent(e.Agent), Reason: err.Error(),
	}
}

func describeAgent(a *trace.AgentEvent) string { return fmt.Sprintf("%v  seq %d", a.Kind, a.Seq) }

// move compares a HostStateChanged with the last agent event of its host. err is the fold's answer
// to it.
func (h *hostAuditor) move(e *trace.Entry, r *rollout, m *member, err error) {
	ev := e.Event
	if h.roster.movedOn(ev.Host, r) {
		return
	}
	refused := err != nil && errors.As(err, new(*reducer.Invariant))
	recorded := describeMove(ev.From, ev.To)
	switch {
	case m.needMove && (refused || m.from == ev.From && m.to == ev.To):
		m.needMove = false
		h.pending--
	case m.needMove:
		f := different(Host, "host move", r.id, recorded, describeMove(m.from, m.to))
		f.Host, f.Reason = ev.Host, "the agent event before it makes another move"
		h.findings.add(f, h.cursor.place(e), 0)
		m.needMove = false
		h.pending--
	case !refused:
		f := extra(Host, "host move", r.id, recorded)
		f.Host, f.Reason = ev.Host, "no agent event explains it"
		h.findings.add(f, h.cursor.place(e), 0)
	}
}

// effect compares a RecordTransition with the last agent event of its host.
func (h *hostAuditor) effect(e *trace.Entry, r *rollout, m *member) {
	effect := e.HostEffect
	if h.roster.movedOn(effect.Host, r) {
		return
	}
	needed := m.needEffect
	right := needed && m.from == effect.From && m.to == effect.To
	if needed {
		m.needEffect = false
		h.pending--
		if right && m.needMove {
			return
		}
	}
	recorded := effect.Effect + "  " + describeMove(effect.From, effect.To)
	f := extra(Host, "host effect", r.id, recorded)
	f.Host, f.Reason = effect.Host, "no agent event explains it"
	switch {
	case right:
		h.evidence.lateEffects++
		f.Kind, f.Expected = Misplaced, ""
		f.Reason = "the log records this move before its effect, and others after theirs"
	case needed:
		f.Kind, f.Expected, f.Reason = Different, effect.Effect+"  "+describeMove(m.from, m.to), ""
	}
	h.findings.add(f, h.cursor.place(e), 0)
	h.recorded(r)
}

// missing adds findings about the move of a host's last agent event that the log does not record.
func (h *hostAuditor) missing(r *rollout, slot int) {
	m := &r.members[slot]
	if m.needEffect {
		m.needEffect = false
		h.missingMove("host effect", r, slot)
	}
	if m.needMove {
		m.needMove = false
		h.missingMove("host move", r, slot)
	}
}

func (h *hostAuditor) missingMove(what string, r *rollout, slot int) {
	m := &r.members[slot]
	f := missing(Host, what, r.id, describeMove(m.from, m.to))
	f.Host, f.Reason = r.fold.Hosts()[slot].ID, "the agent event before it makes this move"
	h.findings.add(f, m.moved, 1)
	h.pending--
}

// close finds what is missing of a rollout's hosts.
func (h *hostAuditor) close(r *rollout) {
	for slot := range r.members {
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
