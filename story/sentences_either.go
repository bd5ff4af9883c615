package story

import (
	"time"

	"rollsim/reducer"
)

var eitherExpectations = []step{
	{
		topic: "Rollouts", phase: expects,
		words: `(rollout ){rollout} is {states_or}{at}`,
		doc: "The rollout is in one of several states, or in none of them: Failed or Reverted, not " +
			"Failed, neither Failed nor Reverted.",
		example: `"stable@a1" is Converging or Terminal`,
		solid:   "the rollout must be in such a state",
		do: func(w *world, id reducer.RolloutID, want oneOf[reducer.State], v viewpoint) error {
			r, err := w.rollout(id, &v)
			if err != nil {
				return err
			}
			return rolloutSubject(w, r).expectOneOf(w, want, &v)
		},
	},
	{
		topic: "Rollouts", phase: expects,
		words: `(rollout ){rollout} has ended{at}`,
		doc: "The rollout is Terminal, Superseded, Failed, Reverted or Pruned, at the present, at " +
			"another time, or so long after that.",
		example: `"stable@a1" has ended within 1 hour`,
		solid:   "the rollout must have ended",
		do: func(w *world, id reducer.RolloutID, v viewpoint) error {
			r, err := w.rollout(id, &v)
			if err != nil {
				return err
			}
			return rolloutSubject(w, r).expectOneOf(w, oneOf[reducer.State]{states: endedStates()}, &v)
		},
	},
	{
		topic: "Rollouts", phase: expects,
		words: `(rollout ){rollout} has not ended{at}`,
		doc: "The rollout is open: Opening, Active or Converging, at the present, at another time, " +
			"or so long after that.",
		example: `"stable@a1" has not ended while wave 1 is soaking`,
		solid:   "the rollout must be open",
		do: func(w *world, id reducer.RolloutID, v viewpoint) error {
			r, err := w.rollout(id, &v)
			if err != nil {
				return err
			}
			open := oneOf[reducer.State]{not: true, states: endedStates()}
			return rolloutSubject(w, r).expectOneOf(w, open, &v)
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words: `host(s) {hosts} is/are {host_states_or}( under (rollout ){rollout}){at}`,
		doc: "The hosts are each in one of several states, or in none of them: Failed or Reverted, " +
			"not Failed, neither Failed nor Reverted.",
		example: `hosts "stable-02" and "stable-03" are Soaking or Converged`,
		solid:   "the hosts must be in such a state",
		do: func(
			w *world, hosts []reducer.HostID, want oneOf[reducer.HostState], id reducer.RolloutID,
			v viewpoint,
		) error {
			return eachHost(w, hosts, id, &v, func(s *subject[reducer.HostState]) error {
				return s.expectOneOf(w, want, &v)
			})
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words: `every host of (rollout ){rollout} is {host_states_or}{at}`,
		doc: "Every host that joined the rollout is in one of several states, or in none of them, at " +
			"the present, at another time, or so long after that.",
		example: `every host of "stable@a1" is Soaking or Converged`,
		solid:   "a rollout without hosts fails it",
		do: func(w *world, id reducer.RolloutID, want oneOf[reducer.HostState], v viewpoint) error {
			return expectHostsIn(w, id, want, &v, func(n, all int) bool { return n == all && all > 0 })
		},
	},
	{
		topic: "Rollouts", phase: expects,
		words: `(rollout ){rollout} stays {state} for {duration}`,
		doc: "Once the rollout is in that state for the first time, it stays in it for that long or " +
			"longer.",
		example: `"stable@a1" stays Terminal for 7 days`,
		solid:   "the rollout must be in that state",
		do: func(w *world, id reducer.RolloutID, state reducer.State, lasts time.Duration) error {
			if _, err := w.history.rollout(id); err != nil {
				return err
			}
			if first := w.history.rollouts[id].states.first(state); first != noEntry {
				if err := w.runTo(w.history.at(first) + lasts); err != nil {
					return err
				}
			}
			return rolloutSubject(w, w.history.rollouts[id]).expectStays(w, state, lasts)
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words: `host(s) {hosts} stay(s) {host_state}( under (rollout ){rollout}) for {duration}`,
		doc: "Once a host is in that state for the first time, under the rollout or else under the " +
			"latest one that it has joined, it stays in it for that long or longer.",
		example: `host "stable-01" stays Soaking for 5 minutes`,
		solid:   "the hosts must be in that state",
		do: func(
			w *world, hosts []reducer.HostID, state reducer.HostState, id reducer.RolloutID,
			lasts time.Duration,
		) error {
			if w.simulator.limit == 0 {
				if err := w.runTo(w.timeline.now + lasts); err != nil {
					return err
				}
			}
			v := viewpoint{kind: atPresent}
			return eachHost(w, hosts, id, &v, func(s *subject[reducer.HostState]) error {
				return s.expectStays(w, state, lasts)
			})
		},
	},
}
