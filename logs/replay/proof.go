package replay

import (
	"fmt"
	"slices"

	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// maxClosures is how many closures of a host are kept.
const maxClosures = 16

// names records that a host is sent or runs a closure. It reports whether it was before.
func (h *host) names(closure reducer.ClosureHash) bool {
	if slices.Contains(h.closures, closure) {
		return true
	}
	if len(h.closures) == maxClosures {
		h.closures = slices.Delete(h.closures, 0, 1)
	}
	h.closures = append(h.closures, closure)
	return false
}

// evidenceOf checks what an agent event proves: that its dispatch was sent, that the switch
// succeeded, that a host which converges runs its closure, has soaked and passes its probes, and
// that one which rolls back returns to what it ran.
func (h *hostAuditor) evidenceOf(e *trace.Entry, r *rollout, slot int) {
	a, m := e.Agent, &r.members[slot]
	switch a.Kind {
	case reducer.DispatchAck:
		h.acknowledged(e, r, m)
	case reducer.ActivationCompleted:
		h.completed(e, r, m)
	case reducer.ProbesPassed:
		h.converged(e, r, m)
	case reducer.RollbackComplete:
		h.exit(e, r, m)
		// A later switch has changed which generation comes before.
		last := h.roster.host(e.Host).acked == r
		if last && m.before != "" && m.before != a.Closure && h.evidence.shipped() {
			h.unproven(e, r, m, invariant.RollbackKept, fmt.Sprintf("host %s returned to closure %s; "+
				"before the dispatch it ran %s", e.Host, a.Closure, m.before))
		}
	case reducer.ActivationStarted, reducer.ActivationDeferred, reducer.ActivationFailed,
		reducer.ProbesFailed, reducer.ProbeTopologyDeclared, reducer.ProbeObservedFirst,
		reducer.ProbeResult, reducer.ProbeFailureFirst:
	}
}

// unproven adds a finding that an invariant about a host does not hold.
func (h *hostAuditor) unproven(
	e *trace.Entry, r *rollout, m *member, name invariant.Name, reason string,
) {
	f := Finding{
		Class: Invariant, Kind: Violated, What: string(name), Rollout: r.id, Host: e.Host,
		Recorded: describeAgent(e.Agent), Reason: reason,
	}
	h.findings.consequence(f, h.cursor.place(e), 0, m.good)
}

// acknowledged checks that a dispatch precedes its acknowledgement, and is the one that it names.
func (h *hostAuditor) acknowledged(e *trace.Entry, r *rollout, m *member) {
	a := e.Agent
	if m.synthetic {
		return
	}
	if m.dispatches > 0 && a.Closure != "" {
		m.acked, m.ackedAt = a.Closure, h.cursor.place(e)
		if a.Closure == m.closure {
			h.evidence.targetAcks++
		} else {
			h.evidence.otherAcks++
		}
	}
	if !h.evidence.shipped() {
		return
	}
	host := h.roster.host(e.Host)
	host.acked = r
	if m.before = host.ran; host.missed || host.switches(r, e.Host) || host.ran == m.closure {
		m.before, host.missed = "", false
	}
	if m.dispatches == 0 {
		f := missing(Host, "dispatch", r.id, "QueueDispatch  "+string(e.Host))
		f.Host, f.Reason = e.Host, "the host acknowledges a dispatch"
		h.findings.consequence(f, h.cursor.place(e), 0, m.good)
		return
	}
	if a.At < m.firstAt-tolerance || a.At > m.lastAt+tolerance {
		f := different(Log, "time", r.id, string(trace.AppendTime(nil, a.At)),
			string(trace.AppendTime(nil, m.lastAt)))
		f.Host, f.Reason = e.Host, "receivedAt is the time of the dispatch that is acknowledged"
		h.findings.add(f, h.cursor.place(e), 0)
	}
}

// completed checks that a switch succeeded, and that the host runs what it was sent.
func (h *hostAuditor) completed(e *trace.Entry, r *rollout, m *member) {
	a := e.Agent
	h.exit(e, r, m)
	known := h.roster.host(e.Host).names(a.Closure)
	m.running = a.Closure
	if m.dispatches == 0 {
		return
	}
	if m.acked != "" && m.acked != m.closure {
		h.disputed(e, r, m)
		m.acked = ""
		return
	}
	if a.Closure != m.closure && !known && h.evidence.shipped() {
		f := different(Host, "closure", r.id, string(a.Closure), string(m.closure))
		f.Host, f.Reason = e.Host, "the host was dispatched to another closure"
		h.findings.consequence(f, h.cursor.place(e), 0, m.good)
	}
}

// disputed adds a finding about a dispatch and an acknowledgement that name different closures.
// What the host runs afterwards shows which is wrong. In a log with polls an acknowledgement may
// name the closure before.
func (h *hostAuditor) disputed(e *trace.Entry, r *rollout, m *member) {
	if h.evidence.polls > 0 {
		return
	}
	f := different(Host, "dispatch", r.id, string(m.closure), string(m.acked))
	f.Host, f.Reason = e.Host, "the host acknowledges another closure"
	at := m.sent
	if e.Agent.Closure == m.closure {
		f = different(Host, "agent event", r.id, string(m.acked), string(m.closure))
		f.Host, f.Reason = e.Host, "the host acknowledges another closure than it was dispatched to"
		at = m.ackedAt
	}
	h.findings.consequence(f, at, 0, m.good)
}

// exit checks that a switch that is reported as done has succeeded.
func (h *hostAuditor) exit(e *trace.Entry, r *rollout, m *member) {
	if e.Agent.ExitCode == 0 || !h.evidence.shipped() {
		return
	}
	f := Finding{
		Class: Host, Kind: Refused, What: "agent event", Rollout: r.id, Host: e.Host,
		Recorded: fmt.Sprintf("%s  exit code %d", describeAgent(e.Agent), e.Agent.ExitCode),
		Reason:   "a switch that has not succeeded is reported by another event",
	}
	h.findings.consequence(f, h.cursor.place(e), 0, m.good)
}

// converged checks that a host has a reason to be Converged.
func (h *hostAuditor) converged(e *trace.Entry, r *rollout, m *member) {
	a := e.Agent
	_, m.lacking = h.findings.causes.since(m.good)
	target := m.running
	if m.dispatches > 0 {
		target = m.closure
	}
	if !h.evidence.shipped() {
		return
	}
	if target != "" && a.Closure != target && !m.synthetic || m.synthetic && a.Closure != m.running &&
		m.running != "" {
		h.unproven(e, r, m, invariant.EvidenceKept, fmt.Sprintf("host %s is Converged on closure %s, "+
			"not on %s", e.Host, a.Closure, target))
	}
	if m.synthetic {
		return
	}
	if m.dispatches > 0 && a.At < m.soakDue {
		h.unproven(e, r, m, invariant.EvidenceKept, fmt.Sprintf("host %s is Converged %v before its "+
			"soak was due", e.Host, round(m.soakDue-a.At)))
	}
	if name := m.failing(); name != "" {
		h.unproven(e, r, m, invariant.EvidenceKept, fmt.Sprintf("host %s is Converged while its probe "+
			"%s fails", e.Host, name))
	}
}

// dispatch checks a dispatch of a host. The planner dispatches Pending hosts only, and to the same
// closure and with the same soak each time.
func (h *hostAuditor) dispatch(e *trace.Entry, r *rollout, slot int) {
	p, m := e.Plan, &r.members[slot]
	host := r.fold.Hosts()[slot]
	at := h.cursor.place(e)
	if !h.evidence.shipped() {
		m.sent = at
		return
	}
	h.roster.host(e.Host).names(p.Closure)
	recorded := "QueueDispatch  " + string(p.Closure)
	if host.State != reducer.HostPending {
		f := Finding{
			Class: Host, Kind: Refused, What: "dispatch", Rollout: r.id, Host: e.Host,
			Recorded: recorded,
			Reason:   fmt.Sprintf("host %s is %v, and only Pending hosts are planned", e.Host, host.State),
		}
		h.findings.consequence(f, at, 0, m.good)
		return
	}
	h.twice(e, r, m, "dispatch", recorded)
	if m.dispatches > 0 && m.closure != p.Closure {
		f := different(Host, "dispatch", r.id, string(p.Closure), string(m.closure))
		f.Host, f.Reason = e.Host, "the host was dispatched to another closure before"
		h.findings.add(f, at, 0)
		e.Plan.Closure = m.closure
	}
	h.soak(e, r, m, host.Wave)
	m.sent = at
}

// soak compares the soak of a dispatch with that of the earlier ones of its wave.
func (h *hostAuditor) soak(e *trace.Entry, r *rollout, m *member, wave uint32) {
	due := e.Plan.SoakDueAt
	for int(wave) >= len(r.soaks) && len(r.soaks) < maxWaves {
		r.soaks = append(r.soaks, 0)
	}
	if int(wave) >= len(r.soaks) {
		return
	}
	known := r.soaks[wave]
	if known == 0 {
		r.soaks[wave] = due
		known = due
	}
	opened := r.fold.Record.OpenedAt
	if m.dispatches == 0 {
		h.evidence.soak(due-opened, due-e.At)
	}
	if due == known && due >= opened || h.evidence.soaksFromDispatch() {
		return
	}
	f := different(Host, "dispatch", r.id, "soak due at "+string(trace.AppendTime(nil, due)),
		"soak due at "+string(trace.AppendTime(nil, max(known, opened))))
	f.Host, f.Reason = e.Host, "the soak of a wave is due at the same time for all of its hosts"
	h.findings.add(f, h.cursor.place(e), 0)
	if m.dispatches > 0 {
		e.Plan.SoakDueAt = m.soakDue
	}
}

// maxWaves is the number of waves whose soaks are compared.
const maxWaves = 64

// twice finds a second row of the planner about a host in one run.
func (h *hostAuditor) twice(e *trace.Entry, r *rollout, m *member, what, recorded string) {
	const run = reducer.Time(1e3) // two of its runs may follow each other closely
	if m.row.n > 0 && (e.At == m.row.at || m.row.n+1 == h.cursor.n && e.At-m.row.at < run) {
		f := Finding{
			Class: Log, Kind: Repeated, What: what, Rollout: r.id, Host: e.Host, Recorded: recorded,
			Reason: fmt.Sprintf("the same run of the planner has decided about the host in entry %d",
				m.row.seq),
		}
		h.findings.add(f, h.cursor.place(e), 0)
	}
	m.row = h.cursor.place(e)
}
