package story

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"rollsim/reducer"
)

// maxSeeds bounds for how many seeds one scenario is told.
const maxSeeds = 10_000

var seedSteps = []step{
	{
		topic: "Fleet", phase: sets,
		words: `(the )seed (is ){number}`,
		doc: "What every random draw comes from. The default is 1. A tag such as @seed:7 says the " +
			"same.",
		example: `seed 7`,
		do:      func(w *world, seed uint64) error { return w.setSeed(seed) },
	},
	{
		topic: "Fleet", phase: sets,
		words: `each of (the )seeds {number} to {number}`,
		doc: "The whole scenario is told once for each of these seeds, and all that it expects " +
			"must hold under every one. A failure names the smallest seed that fails, and how to run " +
			"that alone.",
		example: `each of the seeds 1 to 20`,
		do: func(w *world, first, last uint64) error {
			if first > last || last-first >= maxSeeds {
				return fmt.Errorf("expected a smaller seed and then a larger one, %d of them at most", maxSeeds)
			}
			return w.setSeed(first)
		},
	},
}

// setSeed sets the seed, unless this telling has one already: of several that the scenario is told
// for, or that was asked for.
func (w *world) setSeed(seed uint64) error {
	if w.seeded {
		return errors.New("a sentence before this one says which seed")
	}
	w.seeded, w.chosen.seed = true, true
	w.scenario.Seed = seed
	if w.seed.Set {
		w.scenario.Seed = w.seed.Value
	}
	return nil
}

// eachSeed is the step that tells a scenario for many seeds.
var eachSeed = sync.OnceValue(func() *step {
	s := seedSteps[1]
	s.expr, s.values = pattern(s.words)
	return &s
})

// seeds gives the first and the last seed for each of which the scenario is told; false for one
// that is told once.
func (c *scenarioCase) seeds() (first, last uint64, many bool) {
	for _, s := range c.pickle.Steps {
		values, worded, err := eachSeed().read(plainly(s.Text))
		if !worded || err != nil {
			continue
		}
		first, last = values[0].(uint64), values[1].(uint64)
		return first, last, first <= last && last-first < maxSeeds
	}
	return 0, 0, false
}

// tell tells the scenario, once or for every seed until one fails, and gives what came of it and
// the world in which it did.
func (c *Case) tell(
	ctx context.Context, through func(reducer.Machine) reducer.Machine,
) (Scenario, *world, error) {
	first, last, many := c.scenario.seeds()
	if c.seed.Set || !many {
		return c.tellOnce(through, c.seed)
	}
	for seed := first; ; seed++ {
		result, w, err := c.tellOnce(through, reducer.Some(seed))
		var unmet *unmetError
		if errors.As(err, &unmet) {
			result.Seed = reducer.Some(seed)
			result.Message += fmt.Sprintf("\nseed      %d is the smallest of the seeds %d to %d that "+
				"fails", seed, first, last)
		}
		if err != nil || seed == last {
			return result, w, err
		}
		if ctx.Err() != nil {
			result = c.scenario.begun()
			result.Status = Unrun
			return result, w, nil
		}
	}
}

func (c *Case) tellOnce(
	through func(reducer.Machine) reducer.Machine, seed reducer.Opt[uint64],
) (Scenario, *world, error) {
	w := c.scenario.world()
	w.through, w.seed = through, seed
	if seed.Set {
		w.scenario.Seed = seed.Value
	}
	result := c.scenario.begun()
	err := c.scenario.carryOut(&result, w)
	return result, w, err
}
