package story

import (
	"fmt"
	"slices"

	"rollsim/reducer"
	"rollsim/story/gherkin"
)

var transitionExpectations = []step{
	{
		topic: "Transitions", phase: expects,
		words:   `(rollout ){rollout} goes/went through {states}`,
		doc:     "All states of the rollout up to the present, in order, from Opening.",
		example: `"edge@a1" goes through Opening, Active, Converging and Terminal`,
		solid:   "the states must have come",
		do: func(w *world, id reducer.RolloutID, states []reducer.State) error {
			r, err := w.history.rollout(id)
			if err != nil {
				return err
			}
			var seen changes[reducer.State]
			for _, c := range r.states {
				if c.at <= w.timeline.now {
					seen = append(seen, c)
				}
			}
			for i, c := range seen {
				if i >= len(states) || c.to != states[i] {
					return w.fail(c.entry, w.sentence, seen.String())
				}
			}
			last, _ := seen.at(w.timeline.now)
			if len(seen) < len(states) {
				return w.fail(last.entry, w.sentence, seen.String())
			}
			return w.matched(last.at, last.entry)
		},
	},
	{
		topic: "Transitions", phase: expects,
		words: `these transitions happen:`,
		doc: "All transitions up to the present of the rollouts in the table, in order. The " +
			"column later is how long a row comes after the row above it.",
		example: `these transitions happen:`,
		table:   []string{"rollout", "from", "to", "later?"},
		sample: [][]string{
			{"rollout", "from", "to"},
			{"stable@a1", "Opening", "Active"},
			{"stable@a1", "Active", "Superseded"},
			{"stable@b2", "Opening", "Active"},
		},
		solid: "the transitions must have happened",
		do:    expectTransitions,
	},
}

// expectTransitions compares the transitions of some rollouts with a table.
func expectTransitions(w *world, t gherkin.Table) error {
	ids, err := rolloutsOf(w, t)
	if err != nil {
		return err
	}
	var found []finding
	for i, e := range w.history.until(w.timeline.now) {
		if e.Effect != nil && e.Effect.Kind == reducer.RecordRolloutTransition &&
			slices.Contains(ids, e.Rollout) {
			text := fmt.Sprintf("%s  %v → %v", e.Rollout, e.Effect.From, e.Effect.To)
			found = append(found, finding{i, text})
		}
	}
	compare := func(r gherkin.Row, entry int) (want string, same bool, err error) {
		from, err := gherkin.Cell(r, "from", parseState)
		if err != nil {
			return "", false, err
		}
		to, err := gherkin.Cell(r, "to", parseState)
		if err != nil {
			return "", false, err
		}
		want = fmt.Sprintf("%s  %v → %v", r["rollout"], from, to)
		if entry == noEntry {
			return want, false, nil
		}
		e := &w.history.entries[entry]
		same = string(e.Rollout) == r["rollout"] && e.Effect.From == from && e.Effect.To == to
		return want, same, nil
	}
	return expectRows(w, t, found, "transitions", compare)
}
