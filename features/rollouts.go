package features

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rollsim/invariant"
	"rollsim/reducer"
)

var rolloutExpectations = []step{
	{
		topic: "Rollouts", phase: expects,
		words:   `(rollout ){rollout} is {state}`,
		doc:     "The rollout is in that state at the present.",
		example: `rollout "stable@a1" is Superseded`,
		do:      (*world).expectState,
	},
	{
		topic: "Rollouts", phase: expects,
		words:   `(rollout ){rollout} has been {state}`,
		doc:     "The rollout came to that state at some time up to the present.",
		example: `"stable@a1" has been Failed`,
		do: func(w *world, id reducer.RolloutID, state reducer.State) error {
			r, err := w.telling.rollout(id)
			if err != nil {
				return err
			}
			for _, c := range r.states {
				if c.to == state && c.at <= w.now {
					return w.matched(c.at, c.entry)
				}
			}
			return w.failState(r, state)
		},
	},
	{
		topic: "Rollouts", phase: expects,
		words:   `(rollout ){rollout} is/becomes {state} {duration} later`,
		doc:     "The rollout comes to that state exactly so long after that: after what the sentence before was about. The story goes on until then.",
		example: `"stable@a1" is pruned 7 days later`,
		do: func(w *world, id reducer.RolloutID, state reducer.State, after time.Duration) error {
			return w.expectLater(id, state, after, after)
		},
	},
	{
		topic: "Rollouts", phase: expects,
		words:   `(rollout ){rollout} is/becomes {state} about {duration} later`,
		doc:     "The same, give or take a tenth.",
		example: `"stable@a1" is Terminal about 35 minutes later`,
		do: func(w *world, id reducer.RolloutID, state reducer.State, after time.Duration) error {
			return w.expectLater(id, state, after-after/10, after+after/10)
		},
	},
	{
		topic: "Rollouts", phase: expects,
		words:   `(rollout ){rollout} is/becomes {state} within {duration}`,
		doc:     "The same, at any time from that until so long after it.",
		example: `"stable@a1" is Superseded within 1 minute`,
		do: func(w *world, id reducer.RolloutID, state reducer.State, within time.Duration) error {
			return w.expectLater(id, state, 0, within)
		},
	},
	{
		topic: "Rollouts", phase: expects,
		words:   `(rollout ){rollout} is {state} in the end`,
		doc:     "The rollout is in that state when everything has settled and every retention has ended.",
		example: `"stable@a1" is Pruned in the end`,
		do: func(w *world, id reducer.RolloutID, state reducer.State) error {
			w.stand(w.telling.since(w.telling.result.End))
			return w.expectState(id, state)
		},
	},
	{
		topic: "Rollouts", phase: expects,
		words:   `(rollout ){rollout} is never {state}`,
		doc:     "The rollout never comes to that state, before or after. That it is never pruned may be said of one that would have to be.",
		example: `"stable@a1" is never Terminal`,
		do: func(w *world, id reducer.RolloutID, state reducer.State) error {
			r, err := w.telling.rollout(id)
			if err != nil {
				return err
			}
			for _, c := range r.states {
				if c.to == state {
					return w.fail(c.entry, w.current, fmt.Sprintf("%v at %s", state, w.time(c.at)))
				}
			}
			if state == reducer.Pruned {
				w.violations = append(w.violations, invariant.Violation{Invariant: invariant.Unpruned, Subject: string(id)})
			}
			return nil
		},
	},
	{
		topic: "Rollouts", phase: expects,
		words:   `(rollout ){rollout} is {state} before (rollout ){rollout} is {state}`,
		doc:     "The first comes to its state before the second does, each for the first time.",
		example: `"stable@a1" is Superseded before "stable@b2" is Active`,
		do: func(w *world, first reducer.RolloutID, is reducer.State, second reducer.RolloutID, was reducer.State) error {
			a, err := w.comes(first, is)
			if err != nil {
				return err
			}
			b, err := w.comes(second, was)
			if err != nil {
				return err
			}
			if a.entry < b.entry {
				return w.matched(b.at, b.entry)
			}
			return w.fail(a.entry, w.current, fmt.Sprintf("%s is %v at %s, %s was %v at %s", first, is, w.time(a.at), second, was,
				w.time(b.at)))
		},
	},
	{
		topic: "Rollouts", phase: expects,
		words:   `(rollout ){rollout} is at wave {number}`,
		doc:     "The rollout's current_wave at the present. Waves count from 0.",
		example: `"stable@a1" is at wave 1`,
		do: func(w *world, id reducer.RolloutID, wave uint64) error {
			r, err := w.telling.rollout(id)
			if err != nil {
				return err
			}
			c, _ := r.waves.at(w.now)
			if uint64(c.to) == wave {
				return w.matched(c.at, c.entry)
			}
			return w.fail(c.entry, w.current, fmt.Sprintf("current_wave %d since %s", c.to, w.time(c.at)))
		},
	},
	{
		topic: "Rollouts", phase: expects,
		words:   `(rollout ){rollout} is never opened`,
		doc:     "The control plane opens no such rollout.",
		example: `"stable@c3" is never opened`,
		do: func(w *world, id reducer.RolloutID) error {
			if err := w.checkRollout(id); err != nil {
				return err
			}
			if r := w.telling.rollouts[id]; r != nil {
				return w.fail(r.states[0].entry, w.current, fmt.Sprintf("opened at %s", w.time(r.states[0].at)))
			}
			return nil
		},
	},
	{
		topic: "Rollouts", phase: expects,
		words:   `only (rollout ){rollout} stands for (channel ){channel}`,
		doc:     "Of all rollouts of the channel this one alone is neither Superseded nor Pruned at the present.",
		example: `only "stable@b2" stands for channel "stable"`,
		do: func(w *world, id reducer.RolloutID, channel reducer.ChannelID) error {
			if _, err := w.telling.rollout(id); err != nil {
				return err
			}
			var standing []string
			for _, r := range w.telling.order {
				if c, open := r.states.at(w.now); open && r.channel == channel && c.to.Standing() {
					standing = append(standing, fmt.Sprintf("%s is %v", r.id, c.to))
				}
			}
			if len(standing) == 1 && strings.HasPrefix(standing[0], string(id)+" is ") {
				return nil
			}
			if len(standing) == 0 {
				standing = []string{"none"}
			}
			return w.fail(w.telling.about(string(id)), w.current, strings.Join(standing, "\n"))
		},
	},
}

// matched notes what an expectation was about: that.
func (w *world) matched(at time.Duration, entry int) error {
	w.that = anchor{at, entry}
	return nil
}

// expectState expects a rollout to be in a state at the present.
func (w *world) expectState(id reducer.RolloutID, state reducer.State) error {
	r, err := w.telling.rollout(id)
	if err != nil {
		return err
	}
	c, open := r.states.at(w.now)
	if open && c.to == state {
		return w.matched(c.at, c.entry)
	}
	return w.failState(r, state)
}

// failState says in what state a rollout is instead, and when it is in the one that was expected.
func (w *world) failState(r *rolloutPast, state reducer.State) error {
	c, open := r.states.at(w.now)
	found := "not opened yet"
	if open {
		found = fmt.Sprintf("%v since %s", c.to, w.time(c.at))
	}
	hint := fmt.Sprintf("it is never %v", state)
	if state == reducer.Pruned && w.machine.Name() == "v0.2" {
		hint += ": under v0.2 nothing is pruned, unless a raw RetentionExpired does it"
	}
	for i, x := range r.states {
		if x.to != state {
			continue
		}
		hint = fmt.Sprintf("it is %v from %s", state, w.time(x.at))
		if i+1 < len(r.states) {
			hint += " to " + w.time(r.states[i+1].at)
		}
		if x.at > w.now {
			hint += ", and the story has come to " + w.time(w.now)
			break
		}
	}
	return w.fail(c.entry, w.current, found+"; "+hint)
}

// expectLater expects a rollout to come to a state between two times after that, and goes on until then.
func (w *world) expectLater(id reducer.RolloutID, state reducer.State, from, to time.Duration) error {
	if err := w.reach(w.that.at + to); err != nil {
		return err
	}
	r, err := w.telling.rollout(id)
	if err != nil {
		return err
	}
	for _, c := range r.states {
		if d := c.at - w.that.at; c.to == state && d >= from && d <= to {
			if c.at >= w.now {
				w.stand(c.at + breath) // what happens next comes after it
			}
			return w.matched(c.at, c.entry)
		}
	}
	last := r.states[len(r.states)-1]
	for _, c := range slices.Backward(r.states) {
		if c.to == state {
			return w.fail(c.entry, w.current+", counted from "+w.time(w.that.at),
				fmt.Sprintf("%v at %s, %s", state, w.time(c.at), w.apart(c.at-w.that.at)))
		}
	}
	return w.fail(last.entry, w.current, fmt.Sprintf("never %v: the rollout goes through %s", state, r.path()))
}

// apart says how long after that something is.
func (w *world) apart(d time.Duration) string {
	if d < 0 {
		return w.time(-d) + " before"
	}
	return w.time(d) + " later"
}

// comes finds when a rollout comes to a state for the first time.
func (w *world) comes(id reducer.RolloutID, state reducer.State) (change[reducer.State], error) {
	r, err := w.telling.rollout(id)
	if err != nil {
		return change[reducer.State]{}, err
	}
	for _, c := range r.states {
		if c.to == state {
			return c, nil
		}
	}
	last := r.states[len(r.states)-1]
	return last, w.fail(last.entry, w.current, fmt.Sprintf("%s is never %v: it goes through %s", id, state, r.path()))
}
