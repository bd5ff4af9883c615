package explore

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// together is how many successive seeds run again together. It is at most ahead, because a group
// waits for the last of its seeds.
const together = 16

// sampled is one in how many failing seeds runs again although the report does not name it.
const sampled = 16

// group is those of some successive seeds that must run again. They do so once all of the seeds
// have run, from the last to the first. So no seed follows the one that it follows in the sweep,
// and a seed that depends on the one before has another trace.
type group []*checked

// checked is a seed that must run again before its slot is filled.
type checked struct {
	finished
	slot chan finished
}

// check passes on the outcomes of seeds, in their order, after those that must run again have done
// so. known holds the failures that earlier seeds have.
func (s *Sweep) check(
	ctx context.Context, order <-chan chan finished, known map[signature]bool,
) <-chan chan finished {
	jobs := max(1, s.Jobs)
	results := make(chan chan finished, ahead*jobs)
	ready := make(chan group, jobs)
	for range jobs {
		go func() {
			for g := range ready {
				s.verify(ctx, g)
			}
		}()
	}
	go func() {
		defer close(results)
		defer close(ready)
		var g group
		seeds := 0
		for first := range order {
			f := <-first
			slot := make(chan finished, 1)
			results <- slot
			if f.err == nil && s.twice(&f, known) {
				g = append(g, &checked{f, slot})
			} else {
				slot <- f
			}
			if seeds++; seeds%together == 0 && len(g) > 0 {
				ready <- g
				g = nil
			}
		}
		if len(g) > 0 {
			ready <- g
		}
	}()
	return results
}

// twice reports whether a seed must run again: the report names it, because it is the first with a
// failure, or it is one of a sample. It adds the seed's failures to those that are known.
func (s *Sweep) twice(f *finished, known map[signature]bool) bool {
	if s.Again == nil {
		return false
	}
	failing, named := false, false
	f.failures(func(sig signature) {
		failing, named = true, named || !known[sig]
		known[sig] = true
	})
	return named || failing && hashOf(f.seed)%sampled == 0 || s.verifies(f.seed)
}

// verifies reports whether the sweep runs a seed twice even if it passes.
func (s *Sweep) verifies(seed uint64) bool { return hashOf(seed)%1000 < uint64(s.VerifyPerMille) }

// hashOf returns a hash that chooses seeds to run again.
func hashOf(seed uint64) uint64 { return xxhash.Sum64String(fmt.Sprintf("verify %d", seed)) }

// verify runs the seeds of a group again, and fills their slots.
func (s *Sweep) verify(ctx context.Context, g group) {
	slices.SortFunc(g, func(a, b *checked) int { return cmp.Compare(b.seed, a.seed) })
	err := s.compare(ctx, g)
	for _, c := range g {
		c.err = err
		c.slot <- c.finished
	}
}

// compare runs the seeds of a group again, and records which runs differ.
func (s *Sweep) compare(ctx context.Context, g group) error {
	seeds := make([]uint64, len(g))
	for i, c := range g {
		seeds[i] = c.seed
	}
	second, err := s.Again(ctx, seeds)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("seeds %v cannot run again: %w", seeds, err)
	case len(second) != len(seeds):
		return fmt.Errorf("%d of %d seeds have run again", len(second), len(seeds))
	}
	for i, c := range g {
		c.again = true
		if first := fingerprint(c.outcomes); second[i] != first {
			c.differs = fmt.Sprintf(
				"the first run has fingerprint %s, a second one in another process %s", first, second[i],
			)
		}
	}
	return nil
}

// checkNamed runs a seed again that the report is going to name and that has not run again. Such a
// seed exists only after one that the report would name otherwise, and whose second run differed.
func (s *Sweep) checkNamed(ctx context.Context, r *Result, f *finished) error {
	named := false
	f.failures(func(sig signature) { named = named || r.groups[sig] == nil })
	if s.Again == nil || f.again || !named {
		return nil
	}
	c := &checked{finished: *f}
	err := s.compare(ctx, group{c})
	*f = c.finished
	return err
}

// failures calls report with the signature of each failure of the seed.
func (f *finished) failures(report func(signature)) {
	for _, o := range f.outcomes {
		for i := range o.violations {
			if sig := o.signature(&o.violations[i]); sig.class == failure {
				report(sig)
			}
		}
	}
}
