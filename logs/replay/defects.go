package replay

import (
	"fmt"
	"time"

	"rollsim/internal/plural"
	"rollsim/reducer"
	"rollsim/trace"
)

// The defects of the shipped control plane that a log shows, by the names that scenarios use.
const (
	quarantineInert  = "quarantine-inert"
	noHalt           = "no-halt"
	emptyWave        = "empty-wave"
	budgetOvershoot  = "budget-overshoot"
	supersededEdge   = "superseded-edge"
	complianceSticky = "compliance-sticky"
	lateWaveSoak     = "late-wave-soak"
	staleQueue       = "stale-queue"
	reopened         = "reopened"
	tornOpening      = "torn-opening"
	lostAck          = "lost-ack"
	acknowledgedLost = "acknowledged-lost"
	staleSnapshot    = "stale-snapshot"
	lostActivation   = "lost-activation"
	staleManifest    = "stale-manifest"
	setBack          = "set-back"
	lossyLog         = "lossy-log"
)

// keptRows is how long the shipped control plane keeps the rows of a rollout that has ended.
const keptRows = reducer.Time(90 * 24 * time.Hour)

// manifestAge is the age of a manifest above which an agent refuses it.
const manifestAge = reducer.Time(time.Hour)

// defectFinder finds the known defects of the shipped control plane in its log. Each cause is one
// finding, which lists the entries that show it.
type defectFinder struct {
	cursor      *cursor
	evidence    *evidence
	findings    *collector
	rollouts    *registry
	quarantines *quarantineLedger
	roster      *roster

	inert  map[quarantine]*Finding
	losses []loss
	moves  []Synthesis
	more   uint64 // how many further moves were synthesised
}

// Synthesis is a move that the control plane has made by itself, because a host reported that it
// runs the closure of a rollout.
type Synthesis struct {
	Rollout     reducer.RolloutID
	Incarnation int
	Host        reducer.HostID
	From, To    reducer.HostState
	Seqs        []uint64 // of the agent events that it wrote
	At          reducer.Time
}

// maxSynthesised is how many synthesised moves are kept.
const maxSynthesised = 1000

// loss is a crash that has lost entries at some time between two entries.
type loss struct {
	after, before uint64 // the numbers of these entries
	finding       *Finding
}

// defect returns a finding about a defect.
func defect(name string, r *rollout, host reducer.HostID, reason string) Finding {
	f := Finding{Class: Defect, Kind: Violated, What: name, Host: host, Reason: reason}
	if r != nil {
		f.Rollout = r.id
	}
	return f
}

// once adds a finding about a defect of a rollout, or adds the entry to the one that was made
// before.
func (d *defectFinder) once(e *trace.Entry, r *rollout, host reducer.HostID, name, reason string) {
	known, ok := r.defects[name]
	if ok {
		known.again(Folded{Seq: e.Seq, At: e.At, Host: host, Text: reason})
		return
	}
	if r.defects == nil {
		r.defects = make(map[string]*Finding)
	}
	r.defects[name] = d.findings.add(defect(name, r, host, reason), d.cursor.place(e), 0)
}

// counts reports whether a defect of a rollout is known from so many entries that another one is
// only counted, and counts it.
func (r *rollout) counts(name string) bool {
	f, ok := r.defects[name]
	if !ok || f != nil && len(f.Folded) < maxFolded {
		return false
	}
	if f != nil {
		f.More++
	}
	return true
}

// gap finds that messages of a host are missing between two of its messages.
func (d *defectFinder) gap(e *trace.Entry, r *rollout, m *member, lost uint64) {
	f := defect(acknowledgedLost, r, e.Host, fmt.Sprintf(
		"the log lacks %s of the host from seq %d; the next one has seq %d",
		plural.Count(lost, "message"), m.seq+1, e.Agent.Seq))
	f.Recorded = describeAgent(e.Agent)
	d.findings.consequence(f, d.cursor.place(e), 0, m.good)
}

// lost finds that a host has left a state that the log has not shown. Losses that the same crash
// may have caused are one finding.
func (d *defectFinder) lost(r *rollout, slot int, at place, reason string) {
	m := &r.members[slot]
	f := defect(lossyLog, r, r.fold.Hosts()[slot].ID, reason)
	if under, ok := d.findings.causes.since(m.good); ok {
		d.findings.fold(under, &f, at)
		return
	}
	for i := range d.losses {
		if l := &d.losses[i]; m.good < l.before && l.after < at.n {
			l.after, l.before = max(l.after, m.good), min(l.before, at.n)
			l.finding.again(Folded{Seq: at.seq, At: at.at, Host: f.Host, Text: reason})
			return
		}
	}
	d.losses = append(d.losses, loss{m.good, at.n, d.findings.add(f, at, 0)})
}

// reopen finds that a rollout is opened again after its rows were deleted.
func (d *defectFinder) reopen(e *trace.Entry, r *rollout) {
	rec := &r.fold.Record
	ended := trace.AppendTime(nil, endOf(rec))
	f := defect(reopened, r, "", fmt.Sprintf("the rollout ended at %s as %v; its rows were deleted "+
		"after 90 days, and its ref is still the current one", ended, rec.State))
	d.findings.add(f, d.cursor.place(e), 0)
}

// endOf returns when a rollout ended, or the highest time if it has not.
func endOf(rec *reducer.Record) reducer.Time {
	end := reducer.Time(1<<63 - 1)
	if rec.TerminalAt.Set {
		end = rec.TerminalAt.Value
	}
	if rec.SupersededAt.Set {
		end = min(end, rec.SupersededAt.Value)
	}
	return end
}

// isDeleted reports whether the shipped control plane has deleted the rows of a rollout by a time.
func isDeleted(rec *reducer.Record, by reducer.Time) bool {
	end := endOf(rec)
	return end < by && by-end >= keptRows
}

// dispatch finds what a dispatch of a host shows.
func (d *defectFinder) dispatch(e *trace.Entry, r *rollout, slot int) {
	m := &r.members[slot]
	rec := &r.fold.Record
	failed := r.fold.Count(reducer.HostFailed) + r.fold.Count(reducer.HostReverted)
	q := quarantine{rec.Channel, e.Plan.Closure}
	switch {
	case rec.SupersededAt.Set:
		d.once(e, r, e.Host, setBack, fmt.Sprintf("dispatched in state %v, after %s was opened",
			rec.State, r.summary.Successor))
	case failed > 0 || rec.State == reducer.Failed || rec.State == reducer.Reverted:
		d.once(e, r, e.Host, noHalt, fmt.Sprintf("dispatched in state %v, with %s Failed or Reverted",
			rec.State, plural.Count(failed, "host")))
	}
	if at, known := d.quarantines.active[q]; known && at.n < d.cursor.n {
		d.quarantined(e, r, q, at)
	}
	d.unacked(e, r, m)
}

// quarantined finds that a quarantined closure is dispatched.
func (d *defectFinder) quarantined(e *trace.Entry, r *rollout, q quarantine, since quarantined) {
	reason := fmt.Sprintf("closure %v is quarantined since entry %d and is dispatched", q, since.seq)
	if f, ok := d.inert[q]; ok {
		f.again(Folded{Seq: e.Seq, At: e.At, Host: e.Host, Text: string(r.id)})
		return
	}
	if d.inert == nil {
		d.inert = make(map[quarantine]*Finding)
	}
	d.inert[q] = d.findings.add(
		defect(quarantineInert, r, e.Host, reason), d.cursor.place(e), 0,
	)
}

// unacked finds that a host does not acknowledge its dispatches for longer than a manifest is
// accepted. An offline host does not either, so there must be a sign that it works: the dispatches
// began when the manifest was that old, or the host has reported something since.
func (d *defectFinder) unacked(e *trace.Entry, r *rollout, m *member) {
	if !d.evidence.shipped() || m.dispatches == 0 || e.At-m.firstAt <= manifestAge || m.refuses {
		return
	}
	seen := d.roster.host(e.Host).seen
	if m.firstAt-r.fold.Record.OpenedAt < manifestAge && seen < m.firstAt+manifestAge &&
		!r.refusesAll(e.At) {
		return
	}
	m.refuses = true
	d.once(e, r, e.Host, staleManifest, fmt.Sprintf("dispatched %d times since %s, and not "+
		"acknowledged: its agent refuses a manifest that is older than an hour", m.dispatches+1,
		trace.AppendTime(nil, m.firstAt)))
}

// refusesAll reports whether several hosts of a rollout were dispatched long before a time, and
// none has acknowledged.
func (r *rollout) refusesAll(at reducer.Time) bool {
	n := 0
	for i := range r.members {
		m := &r.members[i]
		switch {
		case m.dispatches == 0:
		case m.state != reducer.HostPending || at-m.firstAt <= manifestAge/2:
			return false
		default:
			n++
		}
	}
	return n > 1
}

// ack finds what the acknowledgement of a dispatch shows.
func (d *defectFinder) ack(e *trace.Entry, r *rollout, m *member) {
	rec := &r.fold.Record
	if e.Agent.Closure == "" {
		ran := d.roster.host(e.Host).ran
		if m.dispatches > 0 && ran != "" && m.closure != ran {
			f := defect(lostAck, r, e.Host, fmt.Sprintf("the host was dispatched to %s while it ran %s, "+
				"and turns Converged without soak and probes", m.closure, ran))
			d.findings.add(f, d.cursor.place(e), 0)
		}
		return
	}
	if rec.SupersededAt.Set && m.dispatches > 0 && m.lastAt < rec.SupersededAt.Value {
		d.once(e, r, e.Host, staleQueue, fmt.Sprintf("the host acknowledges a dispatch of %s; the "+
			"rollout was superseded at %s", trace.AppendTime(nil, m.lastAt),
			trace.AppendTime(nil, rec.SupersededAt.Value)))
	}
}

// converged finds what the move of a dispatched host to Converged shows: that it came before its
// soak had passed since its first dispatch, or that a probe has no result.
func (d *defectFinder) converged(e *trace.Entry, r *rollout, slot int) {
	m := &r.members[slot]
	if !d.evidence.shipped() || m.synthetic || m.dispatches == 0 {
		return
	}
	if m.lacking {
		return // what shows its soak and its results may be missing
	}
	id := r.fold.Hosts()[slot].ID
	soak := m.soakDue - r.fold.Record.OpenedAt
	if d.evidence.soaksFromDispatch() {
		soak = 0
	}
	if early := m.firstAt + soak - e.At; early > 0 {
		d.once(e, r, id, lateWaveSoak, fmt.Sprintf("Converged %v after its first dispatch, with a soak "+
			"of %v that counts from the opening", round(e.At-m.firstAt), round(soak)))
		return
	}
	for _, p := range m.probes {
		if p.enforced && p.declared && p.result == 0 {
			d.once(e, r, id, lateWaveSoak, fmt.Sprintf("Converged without a result of probe %s", p.name))
			return
		}
	}
}

func round(t reducer.Time) time.Duration { return time.Duration(t).Round(time.Second) }

// completed records a move that the control plane has made by itself.
func (d *defectFinder) synthesised(e *trace.Entry, r *rollout, m *member, from reducer.HostState) {
	a := e.Agent
	if a.Kind == reducer.ActivationCompleted && !m.synthetic {
		d.addMove(e, r, from, reducer.HostSoaking)
		return
	}
	n := len(d.moves)
	switch {
	case a.Kind == reducer.DispatchAck:
		d.addMove(e, r, from, reducer.HostConverged)
	case n > 0 && d.moves[n-1].Host == e.Host && d.moves[n-1].Rollout == r.id:
		d.moves[n-1].Seqs = append(d.moves[n-1].Seqs, e.Seq)
	}
}

func (d *defectFinder) addMove(e *trace.Entry, r *rollout, from, to reducer.HostState) {
	if len(d.moves) == maxSynthesised {
		d.more++
		return
	}
	d.moves = append(d.moves, Synthesis{
		Rollout: r.id, Incarnation: r.incarnation + 1, Host: e.Host, From: from, To: to,
		Seqs: []uint64{e.Seq}, At: e.At,
	})
}

// declared finds that a host declares its probes again and again although it could have converged:
// its agent goes back each time to what the control plane knows. A host that runs the closure of
// another rollout cannot converge.
func (d *defectFinder) declared(e *trace.Entry, r *rollout, m *member) {
	if m.state != reducer.HostSoaking || m.dispatches == 0 || m.soakDue == 0 ||
		min(e.At, e.Agent.At) < m.soakDue || m.failing() != "" || d.roster.host(e.Host).ran != m.running {
		m.repeats = 0
		return
	}
	const enough = 5
	if m.repeats++; m.repeats == enough {
		d.once(e, r, e.Host, staleSnapshot, fmt.Sprintf("Soaking, with its probes declared again %d "+
			"times since its soak was due", m.repeats))
	}
}

// lostActivations finds the hosts of a rollout that have been Activating for hours at the end of
// the log, while they report other things.
func (d *defectFinder) lostActivations(r *rollout) {
	for slot := range r.members {
		m := &r.members[slot]
		h := r.fold.Hosts()[slot]
		seen := d.roster.host(h.ID).seen
		if h.State != reducer.HostActivating || d.cursor.end.at-m.since < quiet ||
			seen <= m.heard+reducer.Time(time.Minute) {
			continue
		}
		f := defect(lostActivation, r, h.ID, fmt.Sprintf("Activating since %s; the host was last heard "+
			"of at %s", trace.AppendTime(nil, m.since), trace.AppendTime(nil, seen)))
		d.findings.add(f, m.moved, 1)
	}
}

// quiet is how long nothing may move before a rollout or a host counts as stuck.
const quiet = reducer.Time(2 * time.Hour)
