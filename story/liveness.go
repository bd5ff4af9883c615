package story

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"rollsim/internal/nearest"
	"rollsim/invariant"
	"rollsim/reducer"
)

var livenessExpectations = []step{
	{
		topic: "What must happen in the end", phase: expects,
		words: `(rollout ){rollout} is stuck`,
		doc: "The rollout has hosts and never ends. A scenario in which something is stuck and no " +
			"sentence says so fails.",
		example: `"stable@a1" is stuck`,
		do: func(w *world, id reducer.RolloutID) error {
			return w.expectStuck(id, nil, "")
		},
	},
	{
		topic: "What must happen in the end", phase: expects,
		words:   `(rollout ){rollout} is stuck waiting for host(s) {hosts}`,
		doc:     "The same, and these are hosts that it waits for.",
		example: `"stable@a1" is stuck waiting for host "stable-02"`,
		do: func(w *world, id reducer.RolloutID, hosts []reducer.HostID) error {
			return w.expectStuck(id, hosts, "")
		},
	},
	{
		topic: "What must happen in the end", phase: expects,
		words: `(rollout ){rollout} is stuck waiting for host(s) {hosts}, which is/are {reason}`,
		doc: "The same, and why: a host is Activating, Deferred, Soaking or Failed, never acked, " +
			"lost, halted by a host that has Failed, or held back by a gate, as in held back by " +
			"disruption-budget.",
		example: `"stable@a1" is stuck waiting for host "stable-02", which is never acked`,
		do:      (*world).expectStuck,
	},
	{
		topic: "What must happen in the end", phase: expects,
		words: `(channel ){channel} is stranded( at (ref ){ref})`,
		doc: "The channel points at a ref whose rollout was superseded, and which will not be " +
			"opened again.",
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
					return w.fail(
						last.entry, w.current, fmt.Sprintf("%s is %v since %s", r.id, last.to, w.time(last.at)),
					)
				}
			}
			return nil
		},
	},
	{
		topic: "What must happen in the end", phase: expects,
		words: `every invariant holds`,
		doc: "Whatever must be true of every run is true of this one, what no sentence before has " +
			"expected otherwise. A scenario fails without it too: this is for those that expect nothing " +
			"else.",
		example: `every invariant holds`,
		do:      func(w *world) error { return w.checkViolations(func(invariant.Violation) bool { return true }) },
	},
	{
		topic: "What must happen in the end", phase: expects,
		words:   `(the )invariant {invariant} holds`,
		doc:     "The same of one of them.",
		example: `the invariant budget-kept holds`,
		do: func(w *world, name invariant.Name) error {
			return w.checkViolations(func(v invariant.Violation) bool { return v.Invariant == name })
		},
	},
	{
		topic: "What must happen in the end", phase: expects,
		words: `(the )invariant {invariant} does not hold of (rollout/channel ){subject}`,
		doc: "What must be true of every run is not true of this one. A scenario with a violation " +
			"that no sentence expects fails.",
		example: `the invariant one-standing does not hold of channel "stable"`,
		do: func(w *world, name invariant.Name, subject string) error {
			_, err := w.expectViolation(name, subject)
			return err
		},
	},
}

// expectViolation expects an invariant not to hold of a subject, and takes note that it was
// expected.
func (w *world) expectViolation(name invariant.Name, subject string) (invariant.Violation, error) {
	for _, v := range w.telling.result.Violations {
		if v.Invariant == name && v.Subject == subject {
			w.violations = append(w.violations, v)
			return v, nil
		}
	}
	found := w.listViolations()
	if r := w.telling.rollouts[reducer.RolloutID(subject)]; r != nil {
		last := r.states[len(r.states)-1]
		found += fmt.Sprintf("\n%s is %v since %s", r.id, last.to, w.time(last.at))
	}
	return invariant.Violation{}, w.fail(w.telling.about(subject), w.current, found)
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
			return w.fail(
				last.entry, w.current, fmt.Sprintf("%s is %v since %s", r.id, last.to, w.time(last.at)),
			)
		}
	}
	for _, v := range w.telling.result.Violations {
		if v.Invariant == invariant.Unpruned {
			w.violations = append(w.violations, v)
		}
	}
	return nil
}

// checkViolations refuses violations of some kind that no sentence expects.
func (w *world) checkViolations(of func(invariant.Violation) bool) error {
	for _, v := range w.telling.result.Violations {
		if of(v) && !slices.ContainsFunc(w.violations, v.Is) {
			return w.unexpected(v)
		}
	}
	return nil
}

// expectStuck expects a rollout to be stuck, waiting for hosts for a reason; empty for any.
func (w *world) expectStuck(id reducer.RolloutID, hosts []reducer.HostID, why reason) error {
	r, err := w.telling.rollout(id)
	if err != nil {
		return err
	}
	for _, h := range hosts {
		if r.host(h) == nil {
			return w.noMember(h, r)
		}
	}
	v, err := w.expectViolation(invariant.Stuck, string(id))
	if err != nil {
		return err
	}
	for _, h := range hosts {
		if !slices.ContainsFunc(strings.Split(v.Detail, "; "), func(part string) bool {
			return mentions(part, string(h)) && strings.Contains(part, string(why))
		}) {
			return w.fail(w.telling.about(string(id)), w.current, v.Detail)
		}
	}
	return nil
}

// reason is why a host keeps a rollout waiting, in the words of the simulator.
type reason string

// reasons by what sentences call them, as far as they are no gates.
var reasons = map[string]reason{
	"never acked": "dispatched, never acked", "lost": "the host is lost", "halted": "not dispatched while a host is Failed",
	"Activating": "Activating:", "Deferred": "Deferred:", "Soaking": "Soaking:", "Failed": "Failed:",
}

func parseReason(s string) (any, error) {
	if by, ok := strings.CutPrefix(s, "held back by "); ok {
		g, err := parseGate(strings.TrimPrefix(by, "the "))
		if err != nil {
			return nil, err
		}
		return reason("blocked by " + string(g.(gate))), nil
	}
	known := slices.Sorted(maps.Keys(reasons))
	for _, k := range known {
		if strings.EqualFold(k, s) {
			return reasons[k], nil
		}
	}
	return nil, fmt.Errorf(
		"%q is no reason to wait for a host%s", s, nearest.Hint(s, append(known, "held back by a gate")),
	)
}

// mentions tells whether a text holds a name.
func mentions(text, name string) bool {
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\n,;:", r) })
	return slices.ContainsFunc(
		words, func(word string) bool { return strings.TrimSuffix(word, ".") == name },
	)
}
