package replay

import (
	"slices"

	"rollsim/reducer"
)

// Watch shows what a replay has found so far. Its methods may be called while the replay waits for
// an entry, by the function that the reader calls.
type Watch struct {
	replay *replay
	found  uint64 // how many findings were made when Fresh was called last
}

// Standing is a rollout that is not superseded, as it stands.
type Standing struct {
	Channel reducer.ChannelID
	Ref     reducer.ChannelRef
	State   reducer.State
	Hosts   []HostCount
}

// Fresh returns the findings since the last call that are not accepted and that the log supports so
// far. They are as the replay has them at present: entries after them may add to them, and may even
// explain one, so that the result does not have it.
func (w *Watch) Fresh() []Finding {
	p := w.replay
	if p == nil || p.findings.found == w.found {
		return nil
	}
	var fresh []*Finding
	for _, g := range p.findings.titles {
		if !p.findings.evidence.supports(g.title) {
			continue
		}
		for _, f := range slices.Backward(g.kept) {
			if f.order <= w.found {
				break
			}
			fresh = append(fresh, f)
		}
	}
	w.found = p.findings.found
	return inLogOrder(fresh)
}

// Last returns the last entry that was read, and how many were.
func (w *Watch) Last() (last Where, entries uint64) {
	if w.replay == nil {
		return Where{}, 0
	}
	return w.replay.cursor.last(), w.replay.result.Entries
}

// Findings returns how many findings there are that are not accepted.
func (w *Watch) Findings() uint64 {
	if w.replay == nil {
		return 0
	}
	var n uint64
	for _, g := range w.replay.findings.titles {
		if w.replay.findings.evidence.supports(g.title) {
			n += g.Count
		}
	}
	return n
}

// Standing returns the last rollout of each channel, in the order of their names.
func (w *Watch) Standing() []Standing {
	if w.replay == nil {
		return nil
	}
	var all []Standing
	for _, c := range w.replay.channels.sorted() {
		if c.rollout == nil || c.rollout.fold == nil {
			continue
		}
		rec := &c.rollout.fold.Record
		all = append(all, Standing{
			Channel: c.id, Ref: rec.TargetRef, State: rec.State, Hosts: hostCounts(c.rollout),
		})
	}
	return all
}

// hostCounts returns how many hosts of a rollout are in each state.
func hostCounts(r *rollout) []HostCount {
	var all []HostCount
	for _, state := range reducer.HostStates() {
		if n := r.fold.Count(state); n > 0 {
			all = append(all, HostCount{State: state, Count: n})
		}
	}
	return all
}
