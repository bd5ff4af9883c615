package prove

import (
	"errors"
	"math"
	"sync"

	"rollsim/internal/ordered"
)

// All is a bound above every number of deviations that a run can have.
const All = math.MaxUint8

// errAll reports that a search without a bound is not possible.
var errAll = errors.New("any number of deviations can be tried only where runs can be copied, " +
	"not in parts, and not after a counterexample")

// shared is a set of states that several tasks add to at once. The zero value is empty.
type shared struct {
	parts [1 << 6]struct {
		sync.Mutex
		seen
	}
}

// add adds a state, and reports whether it was not in the set.
func (s *shared) add(hash uint64) bool {
	p := &s.parts[hash>>58]
	p.Lock()
	defer p.Unlock()
	return p.seen.add(hash, 0)
}

// everything tries any number of deviations: from each state once, whichever run reaches it first.
// It reports whether all holds. If not, levels show what needs the fewest deviations.
func (s *search) everything() (bool, error) {
	all := new(shared)
	for _, state := range s.trunk {
		all.add(state)
	}
	level := Level{Deviations: All}
	var met uint64
	var found []finding
	var failure error
	jobs := s.opt.Jobs
	if len(s.classes) > 0 {
		// What is tried for such hosts depends on which run reaches a state first.
		jobs = 1
	}
	work := ordered.Work[*tree]{
		Jobs: jobs, Order: ordered.Singly(len(s.tasks)),
		Do: ordered.Each(func(i int) *tree {
			t := &tree{search: s, depth: All, shared: all}
			t.try(&s.tasks[i])
			return t
		}),
		Stops: func(t *tree) bool { return t.err != nil || len(t.found) > 0 },
		Deliver: func(_ int, t *tree, done bool) {
			if !done {
				return
			}
			level.Runs, level.States, met = level.Runs+t.runs, level.States+t.states, met|t.met
			if len(found) == 0 {
				found = t.found
			}
			if failure == nil && s.ctx.Err() == nil {
				failure = t.err
			}
			if s.Progress != nil {
				s.Progress(level.Runs, All)
			}
		},
	}
	work.Run(s.ctx)
	level.Complete = s.ctx.Err() == nil
	if failure != nil || len(found) > 0 && level.Complete {
		return false, failure
	}
	if len(found) > 0 { // there is no time to find fewer deviations
		if err := s.add(found[0].node.depth, found[:1], 0); err != nil {
			return false, err
		}
	}
	s.result.Levels = append(s.result.Levels[:1], level)
	s.result.Met |= met
	s.result.Unfinished = !level.Complete
	return level.Complete, nil
}
