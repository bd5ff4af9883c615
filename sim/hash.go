package sim

import (
	"rollsim/controlplane"
	"rollsim/internal/hash64"
	"rollsim/reducer"
	"rollsim/trace"
)

// Hash returns a hash of the whole state of a Walk that is Forkable: of all that decides what
// comes.
// Two Walks of one scenario with equal hashes go on alike. What follows from the rest, what nobody
// reads any more and the numbers of entries are not part of it.
func (k *Walk) Hash() uint64 {
	w := k.w
	var h hash64.Sum
	h.Word(uint64(w.clock.now))
	h.Word(w.queueHash())
	for n := range w.upstream.refs {
		h.Named(string(w.upstream.refs[n]), w.upstream.had[n].hash<<1|hash64.Bit(w.upstream.back[n], 0))
	}
	for i := range w.rollouts.list {
		w.rollouts.list[i].hash(&h)
	}
	for n := range w.agents.list {
		w.agents.list[n].hash(&h)
	}
	h.Word(w.agents.editsHash())
	for n := range w.network.links {
		w.hashLink(&h, &w.network.links[n])
	}
	h.Int(len(w.moments.waiting))
	for _, line := range w.moments.waiting {
		h.Word(w.lineID(line))
	}
	h.Int(len(w.moments.missing))
	for _, i := range w.moments.missing {
		h.Word(uint64(i))
	}
	k.choices.hash(&h)
	w.hashDriver(&h)
	if live, can := w.driver.plane.(controlplane.Follower); can {
		live.Hash(&h, nil)
	}
	w.record.follower.Hash(&h, w.driver.plane)
	w.record.check.Hash(&h)
	return uint64(h)
}

// lineID returns what identifies a line of the timeline among all lines that a Walk may have.
func (w *world) lineID(n uint32) uint64 {
	if w.lineIDs == nil {
		return uint64(n)
	}
	return w.lineIDs[n]
}

// queueHash returns a hash of the work that is due. Work that will be ignored is not part of it.
func (w *world) queueHash() uint64 {
	q := &w.clock.queue
	var sum uint64 // the buckets have no order
	for i := range q.buckets {
		bucket := q.buckets[i]
		if i == 0 {
			bucket = bucket[q.popped:]
		}
		for j := range bucket {
			x := bucket[j]
			if w.ignored(x) {
				continue
			}
			before := uint64(0) // those of its instant
			for _, y := range bucket[:j] {
				if y.at == x.at && !w.ignored(y) {
					before++
				}
			}
			sum += hash64.Of(uint64(x.at), before, uint64(x.what), w.operand(x))
		}
	}
	return sum
}

// ignored reports whether work has no effect when it is due.
func (w *world) ignored(x item) bool {
	switch x.work() {
	case workDispatched:
		a := &w.agents.list[x.a()]
		return a.working != noRollout && x.b <= a.working
	case workSwitched, workRebooted, workProbed, workSustained, workConverged, workRolledBack,
		workBroken, workRestarted:
		return w.agents.list[x.a()].epoch != x.b
	case workRetention:
		return w.rollouts.list[x.a()].timer != x.b
	case workTimeline, workPoll, workTick, workArrive, workResend, workOnline, workRestart,
		workTraffic, workBeat, workPrune:
	}
	return false
}

// operand returns a hash of what x.a does not say of work.
func (w *world) operand(x item) uint64 {
	switch x.work() {
	case workTimeline:
		return w.lineID(x.a())
	case workArrive:
		var h hash64.Sum
		w.network.flights[x.b].hash(&h)
		return uint64(h)
	case workDispatched, workTraffic:
		return uint64(x.b)
	case workSwitched, workRebooted, workProbed, workSustained, workConverged, workRolledBack,
		workBroken, workRestarted, workRetention, workPoll, workTick, workResend, workOnline,
		workRestart, workBeat, workPrune:
	}
	return 0
}

func (r *rollout) hash(h *hash64.Sum) {
	h.Named(string(r.id), uint64(r.last)<<16|uint64(r.logged)<<8|hash64.Bit(r.aborted, 0))
	h.Text(string(r.ref))
	reducer.HashOpt(h, r.terminalSetAt)
}

// hash adds what matters of an agent. One that is idle takes all but what it runs from its next
// dispatch.
func (a *agent) hash(h *hash64.Sum) {
	h.Pair(uint64(a.working)<<32|uint64(a.waiting), uint64(a.running)<<8|uint64(a.phase))
	h.Word(uint64(a.offered))
	if a.phase != idle {
		h.Pair(uint64(a.soakDue), uint64(a.before)<<32|uint64(a.seq))
	}
	for i := range a.profile.fates {
		if a.profile.fates[i].Once {
			h.Word(uint64(a.profile.met[i]))
		}
	}
}

// editsHash returns a hash of the edits that may still decide something.
func (as *agents) editsHash() uint64 {
	var sum uint64 // they are of different stages, so that their order does not matter
	for i := range as.edits {
		if e := &as.edits[i]; as.matters(e) {
			sum += hash64.Of(uint64(e.host), e.id)
		}
	}
	return sum
}

// matters reports whether an edit may still decide something: the host has not begun its rollout,
// or has not passed the stage.
func (as *agents) matters(e *edit) bool {
	a := &as.list[e.host]
	n, opened := as.rollouts.number[e.rollout]
	switch {
	case !opened, a.working == noRollout, a.working < n:
		return true
	case a.working > n:
		return false
	}
	switch a.phase {
	case switching, rebooting:
		return e.fate != NeverAnswers && e.stage != AckStage
	case soaking:
		return e.fate == FailsProbes || e.fate == NeverRollsBack || e.stage == ProbeStage ||
			e.stage == ConvergeStage || e.stage == RollbackStage
	case failed:
		return e.fate == NeverRollsBack
	case idle:
	}
	return false
}

func (w *world) hashLink(h *hash64.Sum, l *link) {
	h.Pair(uint64(l.skew), uint64(len(l.outbox))<<5|hash64.Bit(l.offline, 0)|hash64.Bit(l.lost, 1)|
		hash64.Bit(l.left, 2)|hash64.Bit(l.resendDue, 3)|hash64.Bit(l.held != nil, 4))
	for i := range l.outbox {
		l.outbox[i].hash(h)
	}
	if l.held != nil {
		l.held.hash(h)
	}
	w.hashLines(h, l.armed)
}

func (m *message) hash(h *hash64.Sum) {
	h.Word(uint64(m.rollout))
	hashEvent(h, &m.event)
}

func hashEvent(h *hash64.Sum, e *trace.AgentEvent) {
	h.Pair(e.Seq, uint64(e.At))
	h.Pair(uint64(e.Kind)<<16|uint64(e.Policy)<<8|hash64.Bit(e.Passed, 0), uint64(e.ExitCode))
	h.Text(string(e.Closure))
	h.Text(e.Component)
	h.Text(e.Message)
	h.Text(e.Probe)
}

// hashLines adds some lines of the timeline.
func (w *world) hashLines(h *hash64.Sum, lines []*Action) {
	if len(lines) == 0 {
		return
	}
	h.Int(len(lines))
	for _, a := range lines {
		for n, line := range w.timeline {
			if line == a {
				h.Word(w.lineID(uint32(n)))
			}
		}
	}
}

func (c *choices) hash(h *hash64.Sum) {
	var sum uint64 // what a rollout has not met yet may have no place
	for i, set := range c.met {
		if set != 0 {
			sum += hash64.Of(uint64(i), uint64(set))
		}
	}
	h.Word(sum)
}

func (w *world) hashDriver(h *hash64.Sum) {
	d := &w.driver
	h.Word(hash64.Bit(d.planDue, 0) | hash64.Bit(d.down, 1))
	w.hashLines(h, d.postponed)
	for n := range d.polled {
		h.Named(string(d.polled[n]), uint64(n))
		if d.armed != nil {
			w.hashLines(h, d.armed[n])
		}
	}
}
