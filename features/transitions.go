package features

import (
	"fmt"
	"slices"
	"strings"

	"rollsim/reducer"
)

var transitionExpectations = []step{
	{
		topic: "Transitions", phase: expects,
		words:   `(rollout ){rollout} goes/went through {states}`,
		doc:     "The states that the rollout goes through until the present: all of them, in order, from Opening.",
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
		words:   `these transitions happen:`,
		doc:     "The transitions until the present of all rollouts that the table names: all of them, in order. The column later holds how long a row comes after the row above it.",
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
	var ids []reducer.RolloutID
	for _, r := range t {
		id := reducer.RolloutID(r["rollout"])
		if _, err := w.telling.rollout(id); err != nil {
			return err
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	type transition struct {
		id reducer.RolloutID
		change[reducer.State]
	}
	var found []transition
	for _, id := range ids {
		for _, c := range w.telling.rollouts[id].states[1:] {
			if c.at <= w.now {
				found = append(found, transition{id, c})
			}
		}
	}
	slices.SortFunc(found, func(a, b transition) int { return a.entry - b.entry })

	list := func() string {
		var lines []string
		for _, f := range found {
			lines = append(lines, fmt.Sprintf("%s  %s  %v → %v", w.time(f.at), f.id, f.from, f.to))
		}
		return strings.Join(append(lines, fmt.Sprintf("%d transitions", len(found))), "\n")
	}
	for i, r := range t {
		from, err := cell(r, "from", parseState)
		if err != nil {
			return fmt.Errorf("row %d: %w", i+1, err)
		}
		to, err := cell(r, "to", parseState)
		if err != nil {
			return fmt.Errorf("row %d: %w", i+1, err)
		}
		pause, err := cell(r, "later", parseDuration)
		if err != nil {
			return fmt.Errorf("row %d: %w", i+1, err)
		}
		expected := fmt.Sprintf("row %d: %s  %v → %v", i+1, r["rollout"], from, to)
		if i >= len(found) {
			return w.fail(noEntry, expected, list())
		}
		f := found[i]
		if string(f.id) != r["rollout"] || f.from != from || f.to != to {
			return w.fail(f.entry, expected, list())
		}
		if i > 0 && r["later"] != "" && f.at-found[i-1].at != pause {
			return w.fail(f.entry, expected+", "+r["later"]+" later", w.apart(f.at-found[i-1].at))
		}
	}
	if len(found) > len(t) {
		return w.fail(found[len(t)].entry, fmt.Sprintf("no more than %d transitions", len(t)), list())
	}
	return w.matched(found[len(found)-1].at, found[len(found)-1].entry)
}
