package replay

import (
	"slices"

	"rollsim/reducer"
	"rollsim/trace"
)

// ring keeps the last entries, so that a finding can show what stands around it. What is kept are
// copies, made without allocating: most entries are never shown.
type ring struct {
	slots [64]kept
	n     uint64 // how many were ever added
}

// kept is a copy of an entry and of what it points to.
type kept struct {
	entry     trace.Entry
	event     reducer.Event
	effect    reducer.Effect
	host      trace.HostEffect
	agent     trace.AgentEvent
	plan      trace.PlanAction
	poll      trace.ManifestPoll
	fault     trace.Fault
	rejection trace.Rejection
	raw       []byte
}

// add adds an entry; gate decisions, which repeat on every tick of the planner, are left out.
func (r *ring) add(e *trace.Entry) {
	if e.Kind == trace.KindGateDecision {
		return
	}
	k := &r.slots[r.n%uint64(len(r.slots))]
	r.n++
	k.entry = *e
	k.raw = append(k.raw[:0], e.Raw...)
	if e.Raw != nil {
		k.entry.Raw = k.raw
	}
	switch {
	case e.Event != nil:
		k.event = *e.Event
		k.entry.Event = &k.event
	case e.Effect != nil:
		k.effect = *e.Effect
		k.entry.Effect = &k.effect
	case e.HostEffect != nil:
		k.host = *e.HostEffect
		k.entry.HostEffect = &k.host
	case e.Agent != nil:
		k.agent = *e.Agent
		k.entry.Agent = &k.agent
	case e.Plan != nil:
		k.plan = *e.Plan
		k.entry.Plan = &k.plan
	case e.Poll != nil:
		k.poll = *e.Poll
		k.entry.Poll = &k.poll
	case e.Fault != nil:
		k.fault = *e.Fault
		k.entry.Fault = &k.fault
	case e.Rejection != nil:
		k.rejection = *e.Rejection
		k.entry.Rejection = &k.rejection
	}
}

// How many entries are shown around a finding.
const (
	shownBefore = 4
	shownLater  = 2
)

// about tells whether an entry may be shown with a finding about a rollout: it is of that one or of
// none, or the finding is of none.
func about(e *trace.Entry, id reducer.RolloutID) bool {
	return id == "" || e.Rollout == "" || e.Rollout == id
}

// shownTail is how many entries are shown before the log is left.
const shownTail = 12

// tail gives the last entries, the oldest first.
func (r *ring) tail(lines *trace.Lines, takes func(*trace.Entry) bool) []string {
	return r.some(lines, r.n, takes, shownTail)
}

// before gives the last entries that were added before the n-th one, the oldest first; fewer where
// they are no longer kept.
func (r *ring) before(lines *trace.Lines, n uint64, id reducer.RolloutID) []string {
	return r.some(lines, n, func(e *trace.Entry) bool { return about(e, id) }, shownBefore)
}

func (r *ring) some(
	lines *trace.Lines, n uint64, takes func(*trace.Entry) bool, most int,
) []string {
	var all []string
	oldest := uint64(0)
	if size := uint64(len(r.slots)); r.n > size {
		oldest = r.n - size
	}
	for i := n; i > oldest && len(all) < most; i-- {
		if e := &r.slots[(i-1)%uint64(len(r.slots))].entry; takes(e) {
			all = append(all, string(lines.Append(nil, e)))
		}
	}
	slices.Reverse(all)
	return all
}

// later gives the entries that were added after the n-th one, if none of those is lost already.
func (r *ring) later(lines *trace.Lines, n uint64, id reducer.RolloutID) []string {
	var all []string
	if r.n > n+uint64(len(r.slots)) {
		return nil
	}
	for i := n + 1; i < r.n && len(all) < shownLater; i++ {
		if e := &r.slots[i%uint64(len(r.slots))].entry; about(e, id) {
			all = append(all, string(lines.Append(nil, e)))
		}
	}
	return all
}

// around is what stands around an entry.
type around struct{ before, later []string }

// watched is an entry that leaves something open. That it never comes may be found long after the
// entry is out of the ring.
type watched struct {
	at   place
	r    *rollout
	slot int // of the host that it is about; below 0 where it is about none
}

// reach is for how many entries something is left open before what stands around it is kept.
const reach = 32

func (p *replay) watch(e *trace.Entry, r *rollout, slot int) {
	p.watched = append(p.watched, watched{at: p.here(e), r: r, slot: slot})
}

// keepAround keeps what stands around entries that have left something open for long.
func (p *replay) keepAround() {
	n := 0
	for ; n < len(p.watched) && p.ring.n > p.watched[n].at.ring+reach; n++ {
		w := &p.watched[n]
		if p.open == 0 || len(p.around) == MostFindings || !p.leavesOpen(w) {
			continue
		}
		if p.around == nil {
			p.around = make(map[uint64]around)
		}
		before := w.at.ring
		if w.slot >= 0 {
			before++ // as a finding about a host does not tell the entry otherwise
		}
		p.around[w.at.n] = around{
			p.ring.before(&p.lines, before, w.r.id),
			p.ring.later(&p.lines, w.at.ring, w.r.id),
		}
	}
	p.watched = slices.Delete(p.watched, 0, n)
}

// leavesOpen tells whether the log has yet to show what follows from an entry.
func (p *replay) leavesOpen(w *watched) bool {
	if work := w.r.work; work != nil && work.event.n == w.at.n &&
		(len(work.expected) > 0 || work.terminal != nil) {
		return true
	}
	if w.slot >= 0 && w.slot < len(w.r.members) {
		if m := &w.r.members[w.slot]; m.moved.n == w.at.n && (m.needMove || m.needEffect) {
			return true
		}
	}
	return slices.ContainsFunc(p.owed, func(o owedQuarantine) bool { return o.place.n == w.at.n })
}
