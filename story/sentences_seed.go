package story

import "fmt"

// maxSeeds bounds the number of seeds that one scenario runs for.
const maxSeeds = 10_000

var seedSteps = []step{
	{
		topic: "Fleet", phase: sets,
		words:   `(the )seed (is ){number}`,
		doc:     "The seed of every random draw. The default is 1. A tag such as @seed:7 does the same.",
		example: `seed 7`,
		do: func(w *world, seed uint64) error {
			return setSeed(w, seed, fmt.Sprint(seed), w.sentence, false, false)
		},
		seeds: func(values []any) (first, last uint64, err error) {
			return values[0].(uint64), values[0].(uint64), nil
		},
	},
	{
		topic: "Fleet", phase: sets,
		words: `each of (the )seeds {number} to {number}`,
		doc: "The whole scenario runs once for each of these seeds, and every expectation must " +
			"hold under every seed. A failure names the smallest seed that fails, and the command that " +
			"runs it alone.",
		example: `each of the seeds 1 to 20`,
		do: func(w *world, first, last uint64) error {
			if err := checkSeeds(first, last); err != nil {
				return err
			}
			return setSeed(w, first, fmt.Sprintf("%d to %d", first, last), w.sentence, false, true)
		},
		seeds: func(values []any) (first, last uint64, err error) {
			first, last = values[0].(uint64), values[1].(uint64)
			return first, last, checkSeeds(first, last)
		},
		isRange: true,
	},
}

// checkSeeds refuses a range of seeds that is empty or too large.
func checkSeeds(first, last uint64) error {
	if first > last || last-first >= maxSeeds {
		return fmt.Errorf("expected a smaller seed and then a larger one, %d of them at most", maxSeeds)
	}
	return nil
}

// setSeed sets the seed of the scenario, as a tag or a sentence says.
func setSeed(w *world, seed uint64, value, by string, tag, many bool) error {
	counts, err := w.giveNearest("the seed", by, value, tag)
	if !counts {
		return err
	}
	w.seed.chosen, w.seed.many = true, many
	w.fleet.Seed = seed
	if w.seed.override.Set {
		w.fleet.Seed = w.seed.override.Value
	}
	return nil
}
