package story

import (
	"fmt"
	"slices"

	"rollsim/reducer"
)

var transitionExpectations = []step{
	{
		topic: "Transitions", phase: expects,
		words: `(rollout ){rollout} goes/went through {states}`,
		doc: "The states that the rollout goes through until the present: all of them, in order, " +
			"from Opening.",
		example: `"edge@a1" goes through Opening, Active, Converging and Terminal`,
		do: func(w *world, id reducer.RolloutID, states []reducer.State) error {
			r, err := w.telling.rollout(id)
			if err != nil {
				return err
			}
			var seen past[reducer.State]
			for _, c := range r.states {
				if c.at <= w.now {
					seen = append(seen, c)
				}
			}
			for i, c := range seen {
				if i >= len(states) || c.to != states[i] {
					return w.fail(c.entry, w.current, seen.path())
				}
			}
			last, _ := seen.at(w.now)
			if len(seen) < len(states) {
				return w.fail(last.entry, w.current, seen.path())
			}
			return w.matched(last.at, last.entry)
		},
	},
	{
		topic: "Transitions", phase: expects,
		words: `these transitions happen:`,
		doc: "The transitions until the present of all rollouts that the table names: all of " +
			"them, in order. The column later holds how long a row comes after the row above it.",
		example: `these transitions happen:`,
		table:   []string{"rollout", "from", "to", "later?"},
		sample: [][]string{
			{"rollout", "from", "to"},
			{"stable@a1", "Opening", "Active"},
			{"stable@a1", "Active", "Superseded"},
			{"stable@b2", "Opening", "Active"},
		},
		do: (*world).expectTransitions,
	},
}

// expectTransitions holds the transitions of some rollouts against a table.
func (w *world) expectTransitions(t table) error {
	ids, err := w.rolloutsOf(t)
	if err != nil {
		return err
	}
	var found []finding
	for i, e := range w.telling.entries[:w.telling.until(w.now)] {
		if e.Effect != nil && e.Effect.Kind == reducer.RecordRolloutTransition &&
			slices.Contains(ids, e.Rollout) {
			found = append(
				found, finding{i, fmt.Sprintf("%s  %v → %v", e.Rollout, e.Effect.From, e.Effect.To)},
			)
		}
	}
	return w.expectRows(t, found, "transitions", func(r row, entry int) (string, bool, error) {
		from, err := cell(r, "from", parseState)
		if err != nil {
			return "", false, err
		}
		to, err := cell(r, "to", parseState)
		if err != nil {
			return "", false, err
		}
		want := fmt.Sprintf("%s  %v → %v", r["rollout"], from, to)
		if entry == noEntry {
			return want, false, nil
		}
		e := &w.telling.entries[entry]
		return want, string(e.Rollout) == r["rollout"] && e.Effect.From == from && e.Effect.To == to, nil
	})
}
