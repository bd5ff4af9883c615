package sim

import "rollsim/reducer"

// rollout is what the simulation knows of a rollout that the control plane has opened. It survives
// crashes of the control plane.
type rollout struct {
	id    reducer.RolloutID
	ref   reducer.ChannelRef
	key   uint64 // of its random streams
	timer uint32 // the generation of its retention timer; others are ignored

	// last is the event that was settled last, and logged the last one in the log. They differ after a
	// RolloutTerminal, which is settled before the event that it is derived from, until a restart
	// rebuilds the control plane from the log.
	last, logged reducer.EventKind

	aborted bool         // an operator has aborted it
	moved   reducer.Time // when a host joined or moved last

	terminalSetAt reducer.Opt[reducer.Time] // when it last moved into the terminal set
}

// closure returns the closure of the rollout, which has the name of its ref.
func (r *rollout) closure() reducer.ClosureHash { return reducer.ClosureHash(r.ref) }

// isOf reports whether the rollout is one of a channel.
func (r *rollout) isOf(channel reducer.ChannelID) bool {
	return len(r.id) == len(channel)+1+len(r.ref) && string(r.id[:len(channel)]) == string(channel)
}

// rollouts holds all rollouts in the order of opening. A number is an index into list.
type rollouts struct {
	list   []rollout
	number map[reducer.RolloutID]uint32
	recent uint32 // the one that was looked up last
	timers uint32 // generations of timers that were armed
}

// noRollout stands for the number of a rollout where none exists.
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

// arm replaces the timer of a rollout and returns the generation of the new one.
func (r *rollouts) arm(n uint32) uint32 {
	r.timers++
	r.list[n].timer = r.timers
	return r.timers
}

// restart stops all timers, and resets the last event of each rollout to the one in the log.
func (r *rollouts) restart() {
	for i := range r.list {
		r.list[i].timer = 0
		r.list[i].last = r.list[i].logged
	}
}
