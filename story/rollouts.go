package story

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"rollsim/internal/nearest"
	"rollsim/invariant"
	"rollsim/reducer"
)

var rolloutExpectations = []step{
	{
		topic: "Rollouts", phase: expects,
		words: `(rollout ){rollout} is/becomes {state}{at}`,
		doc: "The rollout is in that state at the present; or at another time (in the end, while " +
			"or 10 minutes after something); or comes to it so long after that, which is what the " +
			"sentence before was about: 7 days later, about 35 minutes later, 5 minutes later, give or " +
			"take 10 seconds, within 2 hours. What comes later carries the story on until then.",
		example: `"stable@a1" is Terminal within 2 hours`,
		do: func(w *world, id reducer.RolloutID, state reducer.State, g glance) error {
			r, err := w.rolloutAt(id, &g)
			if err != nil {
				return err
			}
			return w.subject(r).expect(w, state, &g)
		},
	},
	{
		topic: "Rollouts", phase: expects,
		words:   `(rollout ){rollout} has been {state}`,
		doc:     "The rollout came to that state at some time up to the present.",
		example: `"stable@a1" has been Converging`,
		do: func(w *world, id reducer.RolloutID, state reducer.State) error {
			r, err := w.telling.rollout(id)
			if err != nil {
				return err
			}
			return w.subject(r).expectBeen(w, state, w.now)
		},
	},
	{
		topic: "Rollouts", phase: expects,
		words: `(rollout ){rollout} is never {state}`,
		doc: "The rollout never comes to that state, before or after. That it is never pruned may " +
			"be said of one that would have to be.",
		example: `"stable@a1" is never Failed`,
		do: func(w *world, id reducer.RolloutID, state reducer.State) error {
			r, err := w.telling.rollout(id)
			if err != nil {
				return err
			}
			if err := w.subject(r).expectNever(w, state); err != nil {
				return err
			}
			if state == reducer.Pruned {
				w.violations = append(
					w.violations, invariant.Violation{Invariant: invariant.Unpruned, Subject: string(id)},
				)
			}
			return nil
		},
	},
	{
		topic: "Rollouts", phase: expects,
		words:   `(rollout ){rollout} is/becomes {state} {times}`,
		doc:     "How often the rollout comes to that state in the whole run.",
		example: `"stable@a1" becomes Active twice`,
		do: func(w *world, id reducer.RolloutID, state reducer.State, n times) error {
			r, err := w.telling.rollout(id)
			if err != nil {
				return err
			}
			var found []int
			for _, c := range r.states {
				if c.to == state {
					found = append(found, c.entry)
				}
			}
			return w.expectCount(found, n, w.whyNever(r, state))
		},
	},
	{
		topic: "Rollouts", phase: expects,
		words: `{fact} before {fact}`,
		doc: "Something is true before something else is, each for the first time: of a rollout, " +
			"of a host, which may also be dispatched, or of a wave.",
		example: `"stable@a1" is Superseded before host "stable-01" under "stable@b2" is dispatched`,
		do:      (*world).expectOrder,
	},
	{
		topic: "Rollouts", phase: expects,
		words:   `{fact} after {fact}`,
		doc:     "The same, the other way round.",
		example: `wave 1 of "stable@b2" is activating after wave 0 of "stable@b2" is converged`,
		do:      func(w *world, second, first moment) error { return w.expectOrder(first, second) },
	},
	{
		topic: "Rollouts", phase: expects,
		words:   `(rollout ){rollout} is at wave {number}{at}`,
		doc:     "The rollout's current_wave, at the present or at another time. Waves count from 0.",
		example: `"stable@a1" is at wave 1`,
		do: func(w *world, id reducer.RolloutID, wave uint64, g glance) error {
			r, err := w.rolloutAt(id, &g)
			if err != nil {
				return err
			}
			cursor := subject[uint32]{
				is:    "current_wave ",
				past:  r.waves,
				never: func(n uint32) string { return whyNoWave(r, n) },
			}
			return cursor.expect(w, uint32(min(wave, math.MaxUint32)), &g)
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
		words: `only (rollout ){rollout} stands for (channel ){channel}{at}`,
		doc: "Of all rollouts of the channel this one alone is neither Superseded nor Pruned, at " +
			"the present or at another time.",
		example: `only "stable@b2" stands for channel "stable"`,
		do: func(w *world, id reducer.RolloutID, channel reducer.ChannelID, g glance) error {
			if _, err := w.telling.rollout(id); err != nil {
				return err
			}
			return w.expectStanding(channel, id, &g)
		},
	},
	{
		topic: "Rollouts", phase: expects,
		words: `no rollout stands for (channel ){channel}{at}`,
		doc: "All rollouts of the channel are Superseded or Pruned, or there is none, at the " +
			"present or at another time.",
		example: `no rollout stands for channel "edge"`,
		do: func(w *world, channel reducer.ChannelID, g glance) error {
			return w.expectStanding(channel, "", &g)
		},
	},
	{
		topic: "Rollouts", phase: expects,
		words:   `{number} rollout(s) is/are opened( for (channel ){channel})`,
		doc:     "How many rollouts are opened in the whole run, of that channel or else of all.",
		example: `2 rollouts are opened for channel "stable"`,
		do: func(w *world, n uint64, channel reducer.ChannelID) error {
			if channel != "" {
				if _, err := w.channel(channel); err != nil {
					return err
				}
			}
			var opened []string
			for _, r := range w.telling.order {
				if channel == "" || r.channel == channel {
					opened = append(opened, fmt.Sprintf("%s at %s", r.id, w.time(r.states[0].at)))
				}
			}
			if uint64(len(opened)) == n {
				return nil
			}
			return w.fail(
				noEntry, w.current, strings.Join(append(opened, fmt.Sprintf("%d in all", len(opened))), "\n"),
			)
		},
	},
	{
		topic: "Rollouts", phase: expects,
		words:   `(channel ){channel} points at (ref ){ref}{at}`,
		doc:     "The ref that the control plane's last poll saw, at the present or at another time.",
		example: `channel "stable" points at ref "b2"`,
		do: func(w *world, id reducer.ChannelID, ref reducer.ChannelRef, g glance) error {
			if _, err := w.channel(id); err != nil {
				return err
			}
			if g.kind == comesAfter {
				if err := w.reach(w.that.at + g.to); err != nil {
					return err
				}
			}
			seen := subject[reducer.ChannelRef]{
				is: "ref ", past: w.telling.refs[id],
				never: func(ref reducer.ChannelRef) string {
					var seen []string
					for _, c := range w.telling.refs[id] {
						seen = append(seen, string(c.to))
					}
					return "no poll saw it" + nearest.Hint(string(ref), seen)
				},
			}
			return seen.expect(w, ref, &g)
		},
	},
}

// matched notes what an expectation was about: that.
func (w *world) matched(at time.Duration, entry int) error {
	w.that = anchor{at, entry}
	return nil
}

// rolloutAt finds what became of a rollout, once the story has been told as far as a sentence
// looks.
func (w *world) rolloutAt(id reducer.RolloutID, g *glance) (*rolloutPast, error) {
	if g.kind == comesAfter {
		if err := w.reach(w.that.at + g.to); err != nil {
			return nil, err
		}
	}
	return w.telling.rollout(id)
}

func (w *world) subject(r *rolloutPast) *subject[reducer.State] {
	return &subject[reducer.State]{
		past:  r.states,
		never: func(s reducer.State) string { return w.whyNever(r, s) },
	}
}

// apart says how long after that something is.
func (w *world) apart(d time.Duration) string {
	if d < 0 {
		return w.time(-d) + " before"
	}
	return w.time(d) + " later"
}

// expectOrder expects one thing to be true before another is.
func (w *world) expectOrder(first, second moment) error {
	a, err := w.comesTrue(&first)
	if err != nil {
		return err
	}
	b, err := w.comesTrue(&second)
	if err != nil {
		return err
	}
	if a.entry < b.entry {
		return w.matched(b.at, b.entry)
	}
	return w.fail(
		a.entry, w.current,
		fmt.Sprintf("%v at %s\n%v at %s", &first, w.time(a.at), &second, w.time(b.at)),
	)
}

// expectStanding expects one rollout to stand for a channel, or none.
func (w *world) expectStanding(channel reducer.ChannelID, id reducer.RolloutID, g *glance) error {
	if _, err := w.channel(channel); err != nil &&
		!slices.ContainsFunc(w.telling.order, func(r *rolloutPast) bool { return r.channel == channel }) {
		return err
	}
	at, err := w.lookAt(g)
	if err != nil {
		return err
	}
	var standing []string
	holds := id == ""
	for _, r := range w.telling.order {
		if c, open := r.states.at(at); open && r.channel == channel && c.to.Standing() {
			standing = append(standing, fmt.Sprintf("%s is %v", r.id, c.to))
			holds = r.id == id && len(standing) == 1
		}
	}
	if holds {
		return nil
	}
	if len(standing) == 0 {
		standing = []string{"none"}
	}
	subject := string(id)
	if id == "" {
		subject = string(channel)
	}
	return w.fail(w.telling.about(subject), w.current, strings.Join(standing, "\n"))
}
