package features

import (
	"fmt"
	"regexp"
	"strings"

	"rollsim/invariant"
	"rollsim/reducer"
)

var livenessExpectations = []step{
	{
		topic: "What must happen in the end", phase: expects,
		words:   `(rollout ){rollout} is stuck`,
		doc:     "The rollout has hosts and never ends. A scenario in which something is stuck and no sentence says so fails.",
		example: `"stable@a1" is stuck`,
		do: func(w *world, id reducer.RolloutID) error {
			return w.expectStuck(id, nil)
		},
	},
	{
		topic: "What must happen in the end", phase: expects,
		words:   `(rollout ){rollout} is stuck waiting for host(s) {hosts}`,
		doc:     "The same, and these are hosts that it waits for.",
		example: `"stable@a1" is stuck waiting for host "stable-02"`,
		do:      (*world).expectStuck,
	},
	{
		topic: "What must happen in the end", phase: expects,
		words:   `(channel ){channel} is stranded( at (ref ){ref})`,
		doc:     "The channel points at a ref whose rollout was superseded, and which will not be opened again.",
		example: `channel "stable" is stranded at ref "a1"`,
		do: func(w *world, id reducer.ChannelID, ref reducer.ChannelRef) error {
			if _, err := w.channel(id); err != nil {
				return err
			}
			v, err := w.expectViolation(invariant.Stranded, string(id))
			if err == nil && ref != "" && !mentions(v.Detail, string(ref)) {
				return w.fail(w.telling.about(string(id)), w.current, v.Detail)
			}
			return err
		},
	},
	{
		topic: "What must happen in the end", phase: expects,
		words:   `nothing is ever pruned`,
		doc:     "No rollout is pruned, though its retention ended, as under v0.2.",
		example: `nothing is ever pruned`,
		do:      func(w *world) error { return w.expectUnpruned("") },
	},
	{
		topic: "What must happen in the end", phase: expects,
		words:   `only (rollout ){rollout} is ever pruned`,
		doc:     "The same of all other rollouts.",
		example: `only "stable@a1" is ever pruned`,
		do: func(w *world, id reducer.RolloutID) error {
			if _, err := w.telling.rollout(id); err != nil {
				return err
			}
			return w.expectUnpruned(id)
		},
	},
	{
		topic: "What must happen in the end", phase: expects,
		words:   `every rollout is pruned in the end`,
		doc:     "Every rollout that was opened is Pruned when every retention has ended.",
		example: `every rollout is pruned in the end`,
		do: func(w *world) error {
			for _, r := range w.telling.order {
				if last := r.states[len(r.states)-1]; last.to != reducer.Pruned {
					return w.fail(last.entry, w.current, fmt.Sprintf("%s is %v since %s", r.id, last.to, w.time(last.at)))
				}
			}
			return nil
		},
	},
	{
		topic: "What must happen in the end", phase: expects,
		words:   `(the )invariant {invariant} does not hold of (rollout/channel ){subject}`,
		doc:     "What must be true of every run is not true of this one. A scenario with a violation that no sentence expects fails.",
		example: `the invariant one-standing does not hold of channel "stable"`,
		do: func(w *world, name invariant.Name, subject string) error {
			_, err := w.expectViolation(name, subject)
			return err
		},
	},
}

// expectViolation expects an invariant not to hold of a subject, and takes note that it was expected.
func (w *world) expectViolation(name invariant.Name, subject string) (invariant.Violation, error) {
	for _, v := range w.telling.result.Violations {
		if v.Invariant == name && v.Subject == subject {
			w.violations = append(w.violations, v)
			return v, nil
		}
	}
	return invariant.Violation{}, w.fail(w.telling.about(subject), w.current, w.listViolations())
}

// listViolations says which invariants are violated.
func (w *world) listViolations() string {
	var lines []string
	for _, v := range w.telling.result.Violations {
		lines = append(lines, fmt.Sprintf("%v: %s", v, v.Detail))
	}
	if len(lines) == 0 {
		return "no invariant is violated"
	}
	return "only " + strings.Join(lines, "\n")
}

// expectUnpruned expects that no rollout is ever pruned, and one of them is.
func (w *world) expectUnpruned(but reducer.RolloutID) error {
	for _, r := range w.telling.order {
		last := r.states[len(r.states)-1]
		if pruned := last.to == reducer.Pruned; pruned != (r.id == but) {
			return w.fail(last.entry, w.current, fmt.Sprintf("%s is %v since %s", r.id, last.to, w.time(last.at)))
		}
	}
	for _, v := range w.telling.result.Violations {
		if v.Invariant == invariant.Unpruned {
			w.violations = append(w.violations, v)
		}
	}
	return nil
}

func (w *world) expectStuck(id reducer.RolloutID, hosts []reducer.HostID) error {
	r, err := w.telling.rollout(id)
	if err != nil {
		return err
	}
	for _, h := range hosts {
		if r.host(h) == nil {
			return fmt.Errorf("host %q never joins rollout %q", h, id)
		}
	}
	v, err := w.expectViolation(invariant.Stuck, string(id))
	if err != nil {
		return err
	}
	for _, h := range hosts {
		if !mentions(v.Detail, string(h)) {
			return w.fail(w.telling.about(string(id)), w.current, v.Detail)
		}
	}
	return nil
}

// mentions tells whether a text holds a name.
func mentions(text, name string) bool {
	for _, word := range regexp.MustCompile(`[^\s,;:]+`).FindAllString(text, -1) {
		if strings.TrimSuffix(word, ".") == name {
			return true
		}
	}
	return false
}
