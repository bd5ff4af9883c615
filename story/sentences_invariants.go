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

var invariantExpectations = []step{
	{
		topic: "What must happen in the end", phase: expects, scope: endOfRun,
		words: `(rollout ){rollout} is stuck`,
		doc: "The rollout has hosts and never ends. A stuck rollout that no sentence expects " +
			"fails the scenario.",
		example: `"stable@a1" is stuck`,
		solid:   "the rollout must be stuck",
		do: func(w *world, id reducer.RolloutID) error {
			return expectStuck(w, id, nil, "")
		},
	},
	{
		topic: "What must happen in the end", phase: expects, scope: endOfRun,
		words:   `(rollout ){rollout} is stuck waiting for host(s) {hosts}`,
		doc:     "The rollout never ends, and these are hosts that it waits for.",
		example: `"stable@a1" is stuck waiting for host "stable-02"`,
		solid:   "the rollout must be stuck",
		do: func(w *world, id reducer.RolloutID, hosts []reducer.HostID) error {
			return expectStuck(w, id, hosts, "")
		},
	},
	{
		topic: "What must happen in the end", phase: expects, scope: endOfRun,
		words: `(rollout ){rollout} is stuck waiting for host(s) {hosts}, which is/are {reason}`,
		doc: "The rollout never ends, and this is why it waits for these hosts: Activating, " +
			"Deferred, Soaking or Failed, never acked, lost, halted by a host that has Failed, or held " +
			"back by a gate, as in held back by disruption-budget.",
		example: `"stable@a1" is stuck waiting for host "stable-02", which is never acked`,
		solid:   "the rollout must be stuck",
		do:      expectStuck,
	},
	{
		topic: "What must happen in the end", phase: expects, scope: endOfRun,
		words: `(channel ){channel} is stranded( at (ref ){ref})`,
		doc: "The channel points at a ref whose rollout was superseded, and which will not be " +
			"opened again.",
		example: `channel "stable" is stranded at ref "a1"`,
		solid:   "the channel must be stranded",
		do: func(w *world, id reducer.ChannelID, ref reducer.ChannelRef) error {
			if _, err := w.fleet.channel(id); err != nil {
				return err
			}
			v, err := expectViolation(w, invariant.Stranded, string(id))
			if err == nil && ref != "" && !mentions(v.Detail, string(ref)) {
				return w.fail(w.history.lastAbout(string(id)), w.sentence, v.Detail)
			}
			return err
		},
	},
	{
		topic: "What must happen in the end", phase: expects, scope: endOfRun,
		words:   `nothing is ever pruned`,
		doc:     "No rollout is pruned, although its retention ended, as under v0.2.",
		example: `nothing is ever pruned`,
		vacuous: func(w *world) string {
			if why := impossiblePruning(w); why != "" {
				return why
			}
			return noPopulation(w, invariant.Unpruned)
		},
		do: func(w *world) error { return expectUnpruned(w, "") },
	},
	{
		topic: "What must happen in the end", phase: expects, scope: endOfRun,
		words:   `only (rollout ){rollout} is ever pruned`,
		doc:     "No other rollout is pruned, although its retention ended.",
		example: `only "stable@a1" is ever pruned`,
		vacuous: func(w *world, _ reducer.RolloutID) string {
			if len(w.history.order) == 1 {
				return "there is no other rollout"
			}
			return ""
		},
		do: func(w *world, id reducer.RolloutID) error {
			if _, err := w.history.rollout(id); err != nil {
				return err
			}
			return expectUnpruned(w, id)
		},
	},
	{
		topic: "What must happen in the end", phase: expects, scope: endOfRun,
		words:   `every rollout is pruned in the end`,
		doc:     "Every rollout that was opened is Pruned when every retention has ended.",
		example: `every rollout is pruned in the end`,
		vacuous: func(w *world) string { return noPopulation(w, invariant.NotReopened) },
		do: func(w *world) error {
			for _, r := range w.history.order {
				if last := r.last(); last.to != reducer.Pruned {
					return w.fail(last.entry, w.sentence, r.lastState())
				}
			}
			return nil
		},
	},
	{
		topic: "What must happen in the end", phase: expects, scope: allRun,
		words: `every invariant holds`,
		doc: "Every invariant holds, apart from violations that an earlier sentence expects. " +
			"Every scenario checks this at its end: the sentence is for those that expect nothing else.",
		example: `every invariant holds`,
		solid:   "some invariant is about anything that happens",
		do: func(w *world) error {
			return w.checkViolations(func(invariant.Violation) bool { return true })
		},
	},
	{
		topic: "What must happen in the end", phase: expects, scope: allRun,
		words:   `(the )invariant {invariant} holds`,
		doc:     "The invariant holds, apart from violations that an earlier sentence expects.",
		example: `the invariant budget-kept holds`,
		unrun:   true,
		vacuous: noPopulation,
		do: func(w *world, name invariant.Name) error {
			return w.checkViolations(func(v invariant.Violation) bool { return v.Invariant == name })
		},
	},
	{
		topic: "What must happen in the end", phase: expects, scope: endOfRun,
		words: `(the )invariant {invariant} does not hold of (rollout/channel ){subject}`,
		doc: "The run violates the invariant. A violation that no sentence expects fails the " +
			"scenario.",
		example: `the invariant one-standing does not hold of channel "stable"`,
		solid:   "the run must violate the invariant",
		do: func(w *world, name invariant.Name, subject string) error {
			_, err := expectViolation(w, name, subject)
			return err
		},
	},
}

// expectViolation checks that an invariant does not hold of a subject, and allows the violation.
func expectViolation(w *world, name invariant.Name, subject string) (invariant.Violation, error) {
	for _, v := range w.history.result.Violations {
		if v.Invariant == name && v.Subject == subject {
			w.allowed.violations = append(w.allowed.violations, v)
			return v, nil
		}
	}
	found := listViolations(w)
	if r := w.history.rollouts[reducer.RolloutID(subject)]; r != nil {
		found += "\n" + r.lastState()
	}
	return invariant.Violation{}, w.fail(w.history.lastAbout(subject), w.sentence, found)
}

// listViolations lists the violations of the run.
func listViolations(w *world) string {
	var lines []string
	for _, v := range w.history.result.Violations {
		lines = append(lines, fmt.Sprintf("%v: %s", v, v.Detail))
	}
	if len(lines) == 0 {
		return "no invariant is violated"
	}
	return "only " + strings.Join(lines, "\n")
}

// expectUnpruned checks that no rollout is ever pruned except one, and allows the violations.
func expectUnpruned(w *world, except reducer.RolloutID) error {
	for _, r := range w.history.order {
		last := r.last()
		if pruned := last.to == reducer.Pruned; pruned != (r.id == except) {
			return w.fail(last.entry, w.sentence, r.lastState())
		}
	}
	for _, v := range w.history.result.Violations {
		if v.Invariant == invariant.Unpruned {
			w.allowed.violations = append(w.allowed.violations, v)
		}
	}
	return nil
}

// expectStuck checks that a rollout is stuck and waits for some hosts for a reason. An empty one
// stands for any reason.
func expectStuck(w *world, id reducer.RolloutID, hosts []reducer.HostID, why reason) error {
	r, err := w.history.rollout(id)
	if err != nil {
		return err
	}
	for _, h := range hosts {
		if r.host(h) == nil {
			return w.noMember(h, r)
		}
	}
	v, err := expectViolation(w, invariant.Stuck, string(id))
	if err != nil {
		return err
	}
	for _, h := range hosts {
		if !slices.ContainsFunc(strings.Split(v.Detail, "; "), func(part string) bool {
			return mentions(part, string(h)) && strings.Contains(part, string(why))
		}) {
			return w.fail(w.history.lastAbout(string(id)), w.sentence, v.Detail)
		}
	}
	return nil
}

// A reason is why a rollout waits for a host, in the words of the invariant.
type reason string

// reasons are the reasons other than gates, by the words of a sentence.
var reasons = map[string]reason{
	"never acked": "dispatched, never acked",
	"lost":        "the host is lost",
	"gone":        "the host has left the fleet",
	"halted":      "not dispatched while a host is Failed",
	"Activating":  "Activating:",
	"Deferred":    "Deferred:",
	"Soaking":     "Soaking:",
	"Failed":      "Failed:",
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
		"no reason to wait for a host is named %q%s", s,
		nearest.Hint(s, append(known, "held back by a gate")),
	)
}

// mentions reports whether a text has a name as one of its words.
func mentions(text, name string) bool {
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\n,;:", r) })
	return slices.ContainsFunc(words, func(word string) bool {
		return strings.TrimSuffix(word, ".") == name
	})
}
