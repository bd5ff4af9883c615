package replay

import (
	"slices"

	"rollsim/invariant"
	"rollsim/reducer"
)

// maxEnded is how many of the rollouts that have ended are kept.
const maxEnded = 500

// registry holds the rollouts of a log. Those that have ended are evicted in time: their records
// move to the archive, from where they come back when an entry is about them.
type registry struct {
	only     *Filter
	evidence *evidence
	fleet    *reducer.Fleet     // nil until the machine is known
	checker  *invariant.Checker // nil for a simulated trace

	byID   map[reducer.RolloutID]*rollout
	recent *rollout   // that get returned last
	opened []*rollout // in the order of opening, without evicted ones
	never  []*rollout // those that were never opened, in the order of their first entries

	ended     []*rollout // those that nothing more is expected of, in that order
	idle      int        // how many others are kept because their hosts may still move
	keep      int        // how many of them stay
	endedKept int        // how many of the others stay because of a finding
	evicted   uint64     // how many were evicted that Options.Only selects

	archive  archive
	openings map[int]uint64 // the seq of the openings of those not archived, by Rollout.Number
}

// get returns the rollout with an id. It restores one that was evicted, and adds one that was never
// opened.
func (g *registry) get(id reducer.RolloutID) *rollout {
	if g.recent != nil && g.recent.id == id {
		return g.recent
	}
	r := g.byID[id]
	if r == nil {
		r = g.restore(id)
	}
	if r == nil {
		r = &rollout{id: id}
		g.byID[id] = r
		g.never = append(g.never, r)
		g.evidence.rollouts++
	}
	g.recent = r
	return r
}

// lookup returns the rollout with an id, or nil. For an evicted rollout it returns a copy that has
// only its record.
func (g *registry) lookup(id reducer.RolloutID) *rollout {
	if r := g.byID[id]; r != nil || g.fleet == nil {
		return r
	}
	fold := g.fleet.Rollout(id)
	if fold == nil {
		k := g.archive.find(id)
		if k == nil {
			return nil
		}
		fold = &reducer.Rollout{Record: g.archive.record(k)}
	}
	return &rollout{
		id:      id,
		fold:    fold,
		summary: Summary{States: []StateChange{{State: fold.Record.State}}},
	}
}

// channelOf returns the channel of a rollout, or "" where it is not known.
func (g *registry) channelOf(id reducer.RolloutID) reducer.ChannelID {
	if r := g.lookup(id); r != nil && r.fold != nil {
		return r.fold.Record.Channel
	}
	return ""
}

// open records that the entry with that seq opens a rollout.
func (g *registry) open(r *rollout, seq uint64) {
	if r.fold == nil {
		g.never = slices.DeleteFunc(g.never, func(n *rollout) bool { return n == r })
	}
	r.fold = g.fleet.Rollout(r.id)
	g.opened = append(g.opened, r)
	g.openings[r.fold.Number()] = seq
	r.summary.States = []StateChange{{State: reducer.Opening, At: r.fold.Record.OpenedAt}}
}

// selects reports whether Options.Only selects a rollout.
func (g *registry) selects(r *rollout) bool {
	rec := &r.fold.Record
	switch {
	case !g.only.matchesRollout(r.id),
		g.only.Channel != "" && g.only.Channel != rec.Channel,
		g.only.Host != "" && !r.asked,
		g.only.Since.Set && !rec.State.Underway() &&
			max(r.lastState().At, r.lastMove) < g.only.Since.Value:
		return false
	}
	return true
}

// surplus returns the next rollout to evict, or nil. It keeps the last ones that have ended, and of
// the earlier ones some with a finding.
func (g *registry) surplus() *rollout {
	for len(g.ended) > 0 && len(g.ended)+g.idle > g.keep {
		r := g.ended[0]
		g.ended = slices.Delete(g.ended, 0, 1)
		if g.selects(r) && (r.found && g.endedKept < maxEnded || g.only.Rollout != "") {
			g.endedKept++
			continue
		}
		return r
	}
	return nil
}

// evict evicts a rollout that has ended. Only its record stays, in the archive or else in the
// fleet.
func (g *registry) evict(r *rollout) {
	if g.byID[r.id] == r {
		delete(g.byID, r.id)
	}
	if g.checker != nil {
		g.checker.Forget(r.fold)
	}
	if n := r.fold.Number(); r.replaced {
		delete(g.openings, n)
	} else if g.archive.put(&r.fold.Record, n, g.openings[n]) {
		delete(g.openings, n)
		g.fleet.Drop(r.fold)
	}
	if g.recent == r {
		g.recent = nil
	}
	if i := slices.Index(g.opened, r); i >= 0 {
		g.opened = slices.Delete(g.opened, i, i+1)
		if g.selects(r) {
			g.evicted++
		}
	}
}

// restore brings back a rollout that was evicted. It returns nil if none had that id.
func (g *registry) restore(id reducer.RolloutID) *rollout {
	r := g.lookup(id)
	if r == nil {
		return nil
	}
	if g.fleet.Rollout(id) == nil {
		k := g.archive.find(id)
		k.flags |= isRestored
		r.fold = g.fleet.Restore(r.fold.Record, int(k.number))
		g.openings[r.fold.Number()] = k.seq
	}
	if g.checker != nil {
		g.checker.Resume(r.fold)
	}
	g.byID[id] = r
	g.ended = append(g.ended, r)
	return r
}

// knows reports whether the log has a rollout that a filter names.
func (g *registry) knows(only *Filter) bool {
	names := func(r *rollout) bool { return only.matchesRollout(r.id) }
	return slices.ContainsFunc(g.opened, names) || slices.ContainsFunc(g.never, names)
}
