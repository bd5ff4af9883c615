package invariant

import (
	"fmt"
	"slices"
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

// World answers what only the driver of the shipped control plane knows.
type World struct {
	// Target returns the closure that a host is to switch to under a rollout.
	Target func(id reducer.RolloutID, host reducer.HostID) reducer.ClosureHash

	// Runs returns the closure that a host runs now.
	Runs func(host reducer.HostID) reducer.ClosureHash

	// Unstaged reports whether a host is in none of the waves that its channel declares.
	Unstaged func(host reducer.HostID) bool
}

// shipped holds the facts that the shipped control plane and its agents add.
type shipped struct {
	World
	heartbeat  bool // a heartbeat is being handled
	superseded map[reducer.RolloutID]reducer.Time
	opened     map[reducer.RolloutID]bool
	acked      map[reducer.HostID]reducer.RolloutID // the dispatch that a host acked last
}

// logged is what a seq of a host under a rollout was used for.
type logged struct {
	kind  reducer.AgentEventKind
	at    reducer.Time
	agent bool // by its agent, and not by a heartbeat
}

// Shipped makes the Checker judge the shipped control plane. Each Violation then names the known
// defect that explains it.
func (c *Checker) Shipped(w World) {
	c.shipped = &shipped{
		World:      w,
		superseded: make(map[reducer.RolloutID]reducer.Time),
		opened:     make(map[reducer.RolloutID]bool),
		acked:      make(map[reducer.HostID]reducer.RolloutID),
	}
	c.reports.explain = c.explain
	c.dispatches.absent = true
}

// Ask makes another World answer.
func (c *Checker) Ask(w World) { c.shipped.World = w }

// explain returns the defect that explains a violation of a rollout, which may be nil.
func (c *Checker) explain(name Name, r *reducer.Rollout) trace.Defect {
	switch name {
	case HaltKept:
		if c.accounts.of(r).superseded {
			return trace.DefectSetBack
		}
		return trace.DefectNoHalt
	case QuarantineKept:
		return trace.DefectQuarantineInert
	case BudgetKept:
		return trace.DefectBudgetOvershoot
	case SupersessionKept:
		return trace.DefectStaleQueue
	case OpeningWhole:
		return trace.DefectTornOpening
	case NotReopened:
		return trace.DefectReopened
	case TerminalStamped, TerminalConverged, PrunedAbsorbing, WaveMonotonic, TransitionRecorded,
		OneStanding, RevertedHost, RetentionKept, WaveKept, ChannelEdgesKept, FoldIsLive, SameBytes,
		Stuck, Unpruned, Stranded, EvidenceKept, RollbackKept, TimeKept, AcknowledgedKept, PauseKept,
		AbortKept, WindowKept, FleetKept:
	}
	return ""
}

// Heartbeat says whether the events that follow are synthesised for a heartbeat.
func (c *Checker) Heartbeat(on bool) { c.shipped.heartbeat = on }

// Dequeued records that a dispatch is on its way to an agent, and when it was queued.
func (c *Checker) Dequeued(id reducer.RolloutID, host reducer.HostID, queued reducer.Time) {
	if at, superseded := c.shipped.superseded[id]; superseded && queued < at {
		c.Sent(id, host)
	}
}

// Ran records what a host runs when it acks the dispatch of a rollout. It is empty if a rollback
// cannot return to it.
func (c *Checker) Ran(id reducer.RolloutID, host reducer.HostID, closure reducer.ClosureHash) {
	c.shipped.acked[host] = id
	r := c.rollout(id)
	if r == nil {
		return
	}
	a := c.accounts.of(r)
	if slot := a.slot(r, host, c.number); slot >= 0 && closure != "" {
		a.hosts[slot].before = c.evidence.closure(closure) + 1
	}
}

// log records a message that is logged.
func (a *account) log(slot int, seq uint64, m logged) {
	for len(a.logged) <= slot {
		a.logged = append(a.logged, nil)
	}
	all := a.logged[slot]
	for uint64(len(all)) < seq {
		all = append(all, logged{})
	}
	all[seq-1] = m
	a.logged[slot] = all
}

// used returns what a seq of a host under a rollout was used for.
func (c *Checker) used(id reducer.RolloutID, host reducer.HostID, seq uint64) (used logged) {
	r := c.rollout(id)
	if r == nil {
		return used
	}
	a := c.accounts.find(r.Number())
	if a == nil {
		return used
	}
	slot := a.slot(r, host, c.number)
	if slot >= 0 && slot < len(a.logged) && seq > 0 && seq <= uint64(len(a.logged[slot])) {
		used = a.logged[slot][seq-1]
	}
	return used
}

// says reports whether a message that is in the log says the same as another one with its seq.
func (l *logged) says(m *trace.AgentEvent) bool {
	return l.kind == m.Kind && (l.at == m.At || !l.agent)
}

// Logged reports whether the log has a message that says the same, with the same seq.
func (c *Checker) Logged(id reducer.RolloutID, host reducer.HostID, m *trace.AgentEvent) bool {
	used := c.used(id, host, m.Seq)
	return used.says(m)
}

// Dropped checks a message that was acknowledged and not logged, and returns the defect that
// explains it. It is empty if the same fact was logged with the same seq.
func (c *Checker) Dropped(
	id reducer.RolloutID, host reducer.HostID, m *trace.AgentEvent,
) trace.Defect {
	used := c.used(id, host, m.Seq)
	if used.says(m) {
		return ""
	}
	defect := trace.DefectAcknowledgedLost
	if used.agent { // for another message
		defect = trace.DefectStaleSnapshot
	}
	c.unlogged(id, host, m, defect)
	return defect
}

// Lost checks a message that was acknowledged, and whose row the log has lost.
func (c *Checker) Lost(id reducer.RolloutID, host reducer.HostID, m *trace.AgentEvent) {
	c.unlogged(id, host, m, trace.DefectLossyLog)
}

func (c *Checker) unlogged(
	id reducer.RolloutID, host reducer.HostID, m *trace.AgentEvent, defect trace.Defect,
) {
	if r := c.rollout(id); r != nil {
		c.reports.because(defect, AcknowledgedKept, r,
			"%v, message %d of host %s, was acknowledged and is not in the log", m.Kind, m.Seq, host)
	}
}

// Quarantined reports whether a closure is quarantined on a channel.
func (c *Checker) Quarantined(channel reducer.ChannelID, closure reducer.ClosureHash) bool {
	return c.dispatches.quarantine[trace.QuarantineConfig{Channel: channel, Closure: closure}]
}

// joined records whether the host that has just joined runs its target already, and whether a wave
// lists it. Later waves do not wait for one that none lists.
func (s *shipped) joined(a *account, ev *reducer.Event) {
	slot := len(a.hosts) - 1
	h := &a.hosts[slot]
	h.mark(unchanged, s.Runs(ev.Host) == s.Target(ev.Rollout, ev.Host))
	if h.marks&awaited != 0 && s.Unstaged(ev.Host) {
		h.mark(awaited, false)
		a.waves.release(slot)
	}
}

// converged checks that the host at a slot has a reason to be Converged.
func (s *shipped) converged(c *evidence, a *account, r *reducer.Rollout, slot int) {
	id, p := r.Hosts()[slot].ID, &a.hosts[slot]
	late := func(format string, args ...any) {
		c.because(trace.DefectLateWaveSoak, EvidenceKept, r, format, args...)
	}
	switch {
	case s.heartbeat && (p.soakDue == 0 || p.marks&unchanged != 0):
	case s.heartbeat:
		c.because(trace.DefectLostAck, EvidenceKept, r,
			"a heartbeat made host %s Converged without a soak or a probe", id)
	case p.soakDue == 0:
		c.once(EvidenceKept, r, "host %s is Converged and was never dispatched", id)
	case c.at < p.soakDue:
		late("host %s is Converged %v before its soak was due", id, time.Duration(p.soakDue-c.at))
	case p.marks&claimed == 0:
		c.once(EvidenceKept, r, "host %s is Converged without its agent's message", id)
	case p.marks&otherClosure != 0:
		c.once(EvidenceKept, r, "host %s is Converged on another closure than %s", id,
			s.Target(r.Record.RolloutID, id))
	case p.declared&^p.passed != 0:
		late("host %s is Converged, and its last activation was not followed by a pass of every "+
			"probe", id)
	}
}

// because adds a violation that a defect explains, unless the same one was reported before.
func (r *reports) because(
	defect trace.Defect, name Name, rollout *reducer.Rollout, format string, args ...any,
) {
	r.defect = defect
	r.once(name, rollout, format, args...)
	r.defect = ""
}

// named sets the defect that explains a violation.
func (r *reports) named(v Violation, rollout *reducer.Rollout) Violation {
	defect := r.defect
	if defect == "" && r.explain != nil {
		defect = r.explain(v.Invariant, rollout)
	}
	return v.Because(defect)
}

// Because returns the violation as one that a defect explains. The detail begins with its name.
func (v Violation) Because(defect trace.Defect) Violation {
	if defect != "" {
		v.Defect = defect
		v.Detail = fmt.Sprintf("%s: %s", defect, v.Detail)
	}
	return v
}

// CompareTables checks invariant (14) for the shipped control plane: it returns how the tables
// differ from a fleet that was folded from the log. lossy reports whether the log has lost rows.
func CompareTables(
	tables, folded *reducer.Fleet, lossy bool, seq uint64, at reducer.Time,
) []Violation {
	out := reports{seq: seq, at: at}
	rows := trace.Defect("")
	if lossy {
		rows = trace.DefectLossyLog
	}
	for _, r := range tables.Rollouts() {
		f := folded.Rollout(r.Record.RolloutID)
		if f == nil {
			out.because(rows, FoldIsLive, r, "in the tables, and not in the fold of the log")
			continue
		}
		wave := f.Record
		wave.CurrentWave = r.Record.CurrentWave
		switch {
		case wave != r.Record:
			out.because(rows, FoldIsLive, r, "the record is %v in the tables, and %v in the fold of the log",
				r.Record.State, f.Record.State)
		case !slices.Equal(f.Hosts(), r.Hosts()):
			out.because(rows, FoldIsLive, r, "its hosts are in other states in the tables than in the fold "+
				"of the log")
		case f.Record != r.Record:
			out.because(trace.DefectSilentCursor, FoldIsLive, r,
				"current_wave is %d in the tables, and %d in the fold of the log", r.Record.CurrentWave,
				f.Record.CurrentWave)
		}
	}
	return out.found
}
