package story

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"rollsim/internal/nearest"
	"rollsim/invariant"
	"rollsim/reducer"
)

var rolloutExpectations = []step{
	{
		topic: "Rollouts", phase: expects,
		words: `(rollout ){rollout} is/becomes {state}{at}`,
		doc: "The rollout is in that state: at the present, at another time (in the end, while or " +
			"10 minutes after something), or so long after what the previous sentence was about (7 days " +
			"later, about 35 minutes later, 5 minutes later, give or take 10 seconds, within 2 hours). A " +
			"sentence that says how much later moves the present there.",
		example: `"stable@a1" is Terminal within 2 hours`,
		solid:   "the rollout must be in that state",
		do: func(w *world, id reducer.RolloutID, state reducer.State, v viewpoint) error {
			r, err := w.rollout(id, &v)
			if err != nil {
				return err
			}
			return rolloutSubject(w, r).expect(w, state, &v)
		},
	},
	{
		topic: "Rollouts", phase: expects,
		words:   `(rollout ){rollout} has been {state}`,
		doc:     "The rollout was in that state at some time up to the present.",
		example: `"stable@a1" has been Converging`,
		solid:   "the state must have come",
		do: func(w *world, id reducer.RolloutID, state reducer.State) error {
			r, err := w.history.rollout(id)
			if err != nil {
				return err
			}
			return rolloutSubject(w, r).expectBeen(w, state, w.timeline.now)
		},
	},
	{
		topic: "Rollouts", phase: expects, scope: allRun,
		words: `(rollout ){rollout} is never {state}`,
		doc: "The rollout is never in that state, in the whole run. It may be never Pruned " +
			"although its retention ended.",
		example: `"stable@a1" is never Failed`,
		vacuous: impossibleState,
		do: func(w *world, id reducer.RolloutID, state reducer.State) error {
			r, err := w.history.rollout(id)
			if err != nil {
				return err
			}
			if err := rolloutSubject(w, r).expectNever(w, state); err != nil {
				return err
			}
			if state == reducer.Pruned {
				unpruned := invariant.Violation{Invariant: invariant.Unpruned, Subject: string(id)}
				w.allowed.violations = append(w.allowed.violations, unpruned)
			}
			return nil
		},
	},
	{
		topic: "Rollouts", phase: expects, scope: allRun,
		words:   `(rollout ){rollout} is/becomes {state} {times}`,
		doc:     "How often the rollout turns to that state in the whole run.",
		example: `"stable@a1" becomes Active twice`,
		vacuous: func(w *world, id reducer.RolloutID, state reducer.State, n times) string {
			found := 0
			for _, c := range w.history.rollouts[id].states {
				if c.to == state {
					found++
				}
			}
			return zeroOf(found, n)
		},
		do: func(w *world, id reducer.RolloutID, state reducer.State, n times) error {
			r, err := w.history.rollout(id)
			if err != nil {
				return err
			}
			var found []int
			for _, c := range r.states {
				if c.to == state {
					found = append(found, c.entry)
				}
			}
			return w.expectCount(found, n, w.explain().noState(r, state))
		},
	},
	{
		topic: "Rollouts", phase: expects,
		words: `{fact} before {fact}`,
		doc: "Something is true before something else is, each for the first time. Both are about " +
			"a rollout, a wave, or a host, which may also be dispatched.",
		example: `"stable@a1" is Superseded before host "stable-01" under "stable@b2" is dispatched`,
		solid:   "both must happen",
		do:      expectOrder,
	},
	{
		topic: "Rollouts", phase: expects,
		words:   `{fact} after {fact}`,
		doc:     "Something is true after something else is, each for the first time.",
		example: `wave 1 of "stable@b2" is activating after wave 0 of "stable@b2" is converged`,
		solid:   "both must happen",
		do:      func(w *world, second, first moment) error { return expectOrder(w, first, second) },
	},
	{
		topic: "Rollouts", phase: expects,
		words:   `(rollout ){rollout} is at wave {number}{at}`,
		doc:     "The rollout's current_wave, at the present or at another time. Waves count from 0.",
		example: `"stable@a1" is at wave 1`,
		solid:   "the rollout must be at that wave",
		do: func(w *world, id reducer.RolloutID, wave uint64, v viewpoint) error {
			r, err := w.rollout(id, &v)
			if err != nil {
				return err
			}
			cursor := subject[uint32]{
				label:   "current_wave ",
				changes: r.waves,
				whyNot:  func(n uint32) string { return noWave(r, n) },
			}
			return cursor.expect(w, uint32(min(wave, math.MaxUint32)), &v)
		},
	},
	{
		topic: "Rollouts", phase: expects, scope: allRun,
		words:   `(rollout ){rollout} is never opened`,
		doc:     "The control plane never opens the rollout.",
		example: `"stable@c3" is never opened`,
		vacuous: func(w *world, id reducer.RolloutID) string {
			if slices.Contains(w.names.rollouts, id) {
				return ""
			}
			return "no sentence makes its channel point at that ref"
		},
		do: func(w *world, id reducer.RolloutID) error {
			if err := w.names.checkRollout(id); err != nil {
				return err
			}
			if r := w.history.rollouts[id]; r != nil {
				first := r.states[0]
				return w.fail(first.entry, w.sentence, "opened at "+elapsed(first.at))
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
		solid:   "the rollout must stand",
		do: func(w *world, id reducer.RolloutID, channel reducer.ChannelID, v viewpoint) error {
			if _, err := w.history.rollout(id); err != nil {
				return err
			}
			return expectStanding(w, channel, id, &v)
		},
	},
	{
		topic: "Rollouts", phase: expects,
		words: `no rollout stands for (channel ){channel}{at}`,
		doc: "All rollouts of the channel are Superseded or Pruned, or the channel has none, at the " +
			"present or at another time.",
		example: `no rollout stands for channel "edge"`,
		vacuous: func(w *world, id reducer.ChannelID, _ viewpoint) string { return neverMoves(w, id) },
		do: func(w *world, channel reducer.ChannelID, v viewpoint) error {
			return expectStanding(w, channel, "", &v)
		},
	},
	{
		topic: "Rollouts", phase: expects, scope: allRun,
		words:   `{count} rollout(s) is/are opened( for (channel ){channel})`,
		doc:     "How many rollouts are opened in the whole run, for that channel or for all.",
		example: `2 rollouts are opened for channel "stable"`,
		vacuous: func(w *world, n amount, id reducer.ChannelID) string {
			if n.certain(maxHosts) {
				return "any number of rollouts would do"
			}
			if !n.holds(0, 0) {
				return ""
			}
			return neverMoves(w, id)
		},
		do: func(w *world, n amount, channel reducer.ChannelID) error {
			if n.percent || n.allBut {
				return errors.New("the number of all rollouts is not known: say for example at least 2")
			}
			if channel != "" {
				if _, err := w.fleet.channel(channel); err != nil {
					return err
				}
			}
			var opened []string
			for _, r := range w.history.order {
				if channel == "" || r.channel == channel {
					opened = append(opened, fmt.Sprintf("%s at %s", r.id, elapsed(r.states[0].at)))
				}
			}
			if n.holds(len(opened), len(opened)) {
				return nil
			}
			opened = append(opened, fmt.Sprintf("%d in all", len(opened)))
			return w.fail(noEntry, w.sentence, strings.Join(opened, "\n"))
		},
	},
	{
		topic: "Rollouts", phase: expects,
		words:   `(channel ){channel} points at (ref ){ref}{at}`,
		doc:     "The ref that the control plane's last poll saw, at the present or at another time.",
		example: `channel "stable" points at ref "b2"`,
		solid:   "a poll must have seen the ref",
		do: func(w *world, id reducer.ChannelID, ref reducer.ChannelRef, v viewpoint) error {
			if _, err := w.fleet.channel(id); err != nil {
				return err
			}
			if v.kind == afterThat {
				if err := w.runTo(w.that.at + v.to); err != nil {
					return err
				}
			}
			seen := subject[reducer.ChannelRef]{
				label: "ref ", changes: w.history.refs[id],
				whyNot: func(ref reducer.ChannelRef) string {
					var seen []string
					for _, c := range w.history.refs[id] {
						seen = append(seen, string(c.to))
					}
					return "no poll saw it" + nearest.Hint(string(ref), seen)
				},
			}
			return seen.expect(w, ref, &v)
		},
	},
}

// expectOrder checks that one moment comes before another.
func expectOrder(w *world, first, second moment) error {
	a, err := w.firstTime(&first)
	if err != nil {
		return err
	}
	b, err := w.firstTime(&second)
	if err != nil {
		return err
	}
	if a.entry < b.entry {
		return w.matched(b.at, b.entry)
	}
	return w.fail(
		a.entry, w.sentence,
		fmt.Sprintf("%v at %s\n%v at %s", &first, elapsed(a.at), &second, elapsed(b.at)),
	)
}

// expectStanding checks that one rollout alone stands for a channel, or none if the rollout is
// empty.
func expectStanding(w *world, channel reducer.ChannelID, id reducer.RolloutID, v *viewpoint) error {
	ofChannel := func(r *rolloutHistory) bool { return r.channel == channel }
	if _, err := w.fleet.channel(channel); err != nil &&
		!slices.ContainsFunc(w.history.order, ofChannel) {
		return err
	}
	at, err := w.resolve(v)
	if err != nil {
		return err
	}
	var standing []string
	holds := id == ""
	for _, r := range w.history.order {
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
	return w.fail(w.history.lastAbout(subject), w.sentence, strings.Join(standing, "\n"))
}
