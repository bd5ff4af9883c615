package replay

import (
	"slices"

	"rollsim/reducer"
	"rollsim/trace"
)

// ringSize is how many entries a ring holds.
const ringSize = 64

// ring holds the last entries, for the context of findings. It copies them into its slots without
// allocating, as most entries are never shown. The zero value is empty.
type ring struct {
	slots [ringSize]copied
	n     uint64 // how many entries were ever added
}

// copied is a copy of an entry and of what it points to.
type copied struct {
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

// add adds an entry. It leaves out gate decisions, which repeat on every tick of the planner.
func (r *ring) add(e *trace.Entry) {
	if e.Kind == trace.KindGateDecision {
		return
	}
	k := &r.slots[r.n%ringSize]
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

// How many entries are shown around a finding, and before the entry of Options.Until.
const (
	shownBefore = 4
	shownLater  = 2
	shownTail   = 12
)

// isAbout reports whether an entry may be shown with a finding about a rollout: one of them belongs
// to no rollout, or both to the same.
func isAbout(e *trace.Entry, id reducer.RolloutID) bool {
	return id == "" || e.Rollout == "" || e.Rollout == id
}

// tail returns the last entries that a function accepts, the oldest first.
func (r *ring) tail(lines *trace.Lines, accept func(*trace.Entry) bool) []string {
	return r.newest(lines, r.n, shownTail, accept)
}

// before returns the last entries about a rollout among the first n that were added, the oldest
// first. It returns fewer where they are no longer held.
func (r *ring) before(lines *trace.Lines, n uint64, id reducer.RolloutID) []string {
	return r.newest(lines, n, shownBefore, func(e *trace.Entry) bool { return isAbout(e, id) })
}

func (r *ring) newest(
	lines *trace.Lines, n uint64, most int, accept func(*trace.Entry) bool,
) []string {
	var all []string
	oldest := uint64(0)
	if r.n > ringSize {
		oldest = r.n - ringSize
	}
	for i := n; i > oldest && len(all) < most; i-- {
		if e := &r.slots[(i-1)%ringSize].entry; accept(e) {
			all = append(all, string(lines.Append(nil, e)))
		}
	}
	slices.Reverse(all)
	return all
}

// later returns the entries about a rollout that were added after the n-th one, unless the first of
// them is no longer held.
func (r *ring) later(lines *trace.Lines, n uint64, id reducer.RolloutID) []string {
	var all []string
	if r.n > n+ringSize {
		return nil
	}
	for i := n + 1; i < r.n && len(all) < shownLater; i++ {
		if e := &r.slots[i%ringSize].entry; isAbout(e, id) {
			all = append(all, string(lines.Append(nil, e)))
		}
	}
	return all
}
