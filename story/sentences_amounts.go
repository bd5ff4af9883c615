package story

import (
	"fmt"
	"slices"

	"rollsim/reducer"
)

var amountExpectations = []step{
	{
		topic: "Hosts of a rollout", phase: expects,
		words: `{count}( of the) host(s) of (rollout ){rollout} is/are {host_states_or}{at}`,
		doc: "So many hosts of the rollout are in one of several states, or in none of them; in flight " +
			"means Activating or Soaking.",
		example: `at most 2 hosts of "stable@a1" are in flight while wave 1 is activating`,
		vacuous: func(
			w *world, n amount, id reducer.RolloutID, _ oneOf[reducer.HostState], _ viewpoint,
		) string {
			return anyAmount(w, n, id)
		},
		do: func(
			w *world, n amount, id reducer.RolloutID, want oneOf[reducer.HostState], v viewpoint,
		) error {
			return expectHostsIn(w, id, want, &v, n.holds)
		},
	},
	{
		topic: "Rollouts", phase: expects,
		words: `(rollout ){rollout} is at wave {number} or later{at}`,
		doc: "The rollout's current_wave is that one or a later one, at the present or at another " +
			"time.",
		example: `"stable@a1" is at wave 1 or later while wave 1 is soaking`,
		solid:   "the rollout must be at that wave or at a later one",
		do: func(w *world, id reducer.RolloutID, wave uint64, v viewpoint) error {
			return expectCursor(w, id, &v, func(n uint32) bool { return uint64(n) >= wave })
		},
	},
	{
		topic: "Rollouts", phase: expects,
		words: `(rollout ){rollout} is at wave {number} or earlier{at}`,
		doc: "The rollout's current_wave is that one or an earlier one, at the present or at another " +
			"time.",
		example: `"stable@a1" is at wave 0 or earlier while wave 0 is soaking`,
		vacuous: func(w *world, id reducer.RolloutID, wave uint64, _ viewpoint) string {
			r := w.history.rollouts[id]
			if r == nil || slices.ContainsFunc(
				r.hosts, func(h *hostHistory) bool { return uint64(h.wave) > wave },
			) {
				return ""
			}
			return fmt.Sprintf("no wave of %q is later", id)
		},
		do: func(w *world, id reducer.RolloutID, wave uint64, v viewpoint) error {
			return expectCursor(w, id, &v, func(n uint32) bool { return uint64(n) <= wave })
		},
	},
}

// expectCursor checks that a rollout's current_wave is one of some waves.
func expectCursor(
	w *world, id reducer.RolloutID, v *viewpoint, among func(uint32) bool,
) error {
	r, err := w.rollout(id, v)
	if err != nil {
		return err
	}
	var want oneOf[uint32]
	for _, c := range r.waves {
		if among(c.to) {
			want.states = append(want.states, c.to)
		}
	}
	cursor := subject[uint32]{
		label: "current_wave ", changes: r.waves, whyNot: func(n uint32) string { return noWave(r, n) },
	}
	return cursor.expectOneOf(w, want, v)
}

// anyAmount returns why an expectation of how many hosts of a rollout there are could not fail: any
// number of them would do.
func anyAmount(w *world, n amount, id reducer.RolloutID) string {
	r := w.history.rollouts[id]
	switch {
	case r == nil || !n.certain(len(r.hosts)):
		return ""
	case len(r.hosts) == 0:
		return fmt.Sprintf("rollout %q has no hosts", id)
	}
	return fmt.Sprintf("rollout %q has %d hosts, and any number of them would do", id, len(r.hosts))
}
