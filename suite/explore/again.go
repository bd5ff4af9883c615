package explore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
)

// together is how many successive seeds run again together. It is at most ahead, because a group
// waits for the last of its seeds.
const together = 16

// job is a seed to run.
type job struct {
	seed  uint64
	slot  chan finished
	group *group
}

// group is some successive seeds. Those that must run again do so once all of them have run, from
// the last to the first. So no seed follows the one that it follows in the sweep, and a seed that
// depends on the one before has another trace.
type group struct {
	mu    sync.Mutex
	left  int // how many have not run
	again []*checked
}

// checked is a seed that must run again before its slot is filled.
type checked struct {
	finished
	slot chan finished
}

// done records that a seed has run, and what must run again. It reports whether the seed was the
// last one and something must.
func (g *group) done(c *checked) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c != nil {
		g.again = append(g.again, c)
	}
	g.left--
	return g.left == 0 && len(g.again) > 0
}

// leave records that the last seeds of the group will not run, and reports the same as done.
func (g *group) leave(seeds int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left -= seeds
	return g.left == 0 && len(g.again) > 0
}

// verify runs the seeds of a group again that must, and fills their slots.
func (s *Sweep) verify(ctx context.Context, g *group) {
	slices.SortFunc(g.again, func(a, b *checked) int { return cmp.Compare(b.seed, a.seed) })
	seeds := make([]uint64, len(g.again))
	for i, c := range g.again {
		seeds[i] = c.seed
	}
	second, err := s.Again(ctx, seeds)
	switch {
	case ctx.Err() != nil:
		err = ctx.Err()
	case err != nil:
		err = fmt.Errorf("seeds %v cannot run again: %w", seeds, err)
	case len(second) != len(seeds):
		err = fmt.Errorf("%d of %d seeds have run again", len(second), len(seeds))
	}
	for i, c := range g.again {
		if c.err = err; err == nil {
			if first := fingerprint(c.outcomes); second[i] != first {
				c.differs = fmt.Sprintf(
					"the first run has fingerprint %s, a second one in another process %s", first, second[i],
				)
			}
		}
		c.slot <- c.finished
	}
}
