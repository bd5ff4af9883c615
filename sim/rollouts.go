package sim

import (
	"rollsim/reducer"
)

// rollout is what the simulated world knows of a rollout that the control plane has opened. It
// outlives the control plane's own memory.
type rollout struct {
	id    reducer.RolloutID
	ref   reducer.ChannelRef
	key   uint64 // of its random streams
	timer uint32 // the generation of its retention timer: others are void

	// The last event that the control plane, and that the log, knows. They differ while the control
	// plane that derived a RolloutTerminal lives: the one after a restart reads it from the log.
	last, logged reducer.EventKind

	terminalSetAt reducer.Opt[reducer.Time] // when it last moved into the terminal set
}

// closure returns what the rollout's hosts switch to: there is one closure a ref.
func (r *rollout) closure() reducer.ClosureHash { return reducer.ClosureHash(r.ref) }

// rollouts holds all rollouts in the order of opening. A number is an index into list.
type rollouts struct {
	list   []rollout
	number map[reducer.RolloutID]uint32
	recent uint32 // the one that was looked up last
	timers uint32 // generations of timers that were armed
}

// noRollout is the number of no rollout.
const noRollout = ^uint32(0)

// open adds a rollout, unless it was opened before.
func (r *rollouts) open(id reducer.RolloutID, ref reducer.ChannelRef) {
	if _, known := r.number[id]; known {
		return
	}
	if r.number == nil {
		r.number = make(map[reducer.RolloutID]uint32)
	}
	r.number[id] = uint32(len(r.list))
	r.list = append(r.list, rollout{id: id, ref: ref, key: streamKey(string(id))})
}

// at returns a rollout that was opened.
func (r *rollouts) at(id reducer.RolloutID) *rollout { return &r.list[r.find(id)] }

// find returns the number of a rollout that was opened.
func (r *rollouts) find(id reducer.RolloutID) uint32 {
	if r.list[r.recent].id != id {
		r.recent = r.number[id]
	}
	return r.recent
}

// arm voids the timer of a rollout and returns the generation of the next one.
func (r *rollouts) arm(n uint32) uint32 {
	r.timers++
	r.list[n].timer = r.timers
	return r.timers
}

// restart voids all timers, and forgets what the log does not know.
func (r *rollouts) restart() {
	for i := range r.list {
		r.list[i].timer = 0
		r.list[i].last = r.list[i].logged
	}
}
