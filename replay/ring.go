package replay

import (
	"slices"

	"rollsim/reducer"
	"rollsim/trace"
)

// ring keeps the last entries, so that a finding can show what stands around it. What is kept are copies, made without
// allocating: most entries are never shown.
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

// about tells whether an entry may be shown with a finding about a rollout: it is of that one or of none, or the finding is
// of none.
func about(e *trace.Entry, id reducer.RolloutID) bool {
	return id == "" || e.Rollout == "" || e.Rollout == id
}

// shownTail is how many entries are shown before the log is left.
const shownTail = 12

// tail gives the last entries, the oldest first.
func (r *ring) tail(lines *trace.Lines, takes func(*trace.Entry) bool) []string {
	return r.some(lines, r.n, takes, shownTail)
}

// before gives the last entries that were added before the n-th one, the oldest first; fewer where they are no longer kept.
func (r *ring) before(lines *trace.Lines, n uint64, id reducer.RolloutID) []string {
	return r.some(lines, n, func(e *trace.Entry) bool { return about(e, id) }, shownBefore)
}

func (r *ring) some(lines *trace.Lines, n uint64, takes func(*trace.Entry) bool, most int) []string {
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
