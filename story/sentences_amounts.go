package story

import (
	"fmt"

	"rollsim/reducer"
)

var amountExpectations = []step{
	{
		topic: "Hosts of a rollout", phase: expects,
		words: `{amount}( of the) host(s) of (rollout ){rollout} is/are {host_state}{at}`,
		doc: "So many hosts of the rollout are in that state: at least 2, at most 2, more than 2, " +
			"fewer than 2, between 2 and 4, about 10, all but one, or shares such as at least 50%.",
		example: `at least 50% of the hosts of "stable@a1" are Converged`,
		vacuous: func(
			w *world, n amount, id reducer.RolloutID, _ reducer.HostState, _ viewpoint,
		) string {
			return anyAmount(w, n, id)
		},
		do: func(
			w *world, n amount, id reducer.RolloutID, state reducer.HostState, v viewpoint,
		) error {
			return expectHosts(w, id, state, &v, n.holds)
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words: `{amount}( of the) host(s) of (rollout ){rollout} is/are {host_states_or}{at}`,
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
		topic: "Hosts of a rollout", phase: expects, scope: allRun,
		words:   `{amount}( of the) host(s) of (rollout ){rollout} is/are (ever )dispatched`,
		doc:     "So many hosts of the rollout are dispatched in the whole run.",
		example: `all but 2 hosts of "stable@a1" are dispatched`,
		vacuous: anyAmount,
		do: func(w *world, n amount, id reducer.RolloutID) error {
			r, err := w.history.rollout(id)
			if err != nil {
				return err
			}
			dispatched := 0
			entry := noEntry
			for _, h := range r.hosts {
				if len(h.dispatches) > 0 {
					dispatched++
					entry = h.dispatches[0]
				}
			}
			if n.holds(dispatched, len(r.hosts)) {
				return nil
			}
			return w.fail(entry, w.sentence, fmt.Sprintf("%d of %d dispatched", dispatched, len(r.hosts)))
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
			r, err := w.rollout(id, &v)
			if err != nil {
				return err
			}
			var later oneOf[uint32]
			for _, c := range r.waves {
				if uint64(c.to) >= wave {
					later.states = append(later.states, c.to)
				}
			}
			cursor := subject[uint32]{
				label: "current_wave ", changes: r.waves,
				whyNot: func(n uint32) string { return noWave(r, n) },
			}
			return cursor.expectOneOf(w, later, &v)
		},
	},
}

// anyAmount returns why an expectation of how many hosts of a rollout there are could not fail: any
// number of them would do.
func anyAmount(w *world, n amount, id reducer.RolloutID) string {
	r := w.history.rollouts[id]
	if r == nil || !n.certain(len(r.hosts)) {
		return ""
	}
	return fmt.Sprintf("rollout %q has %d hosts, and any number of them would do", id, len(r.hosts))
}
