package story

import (
	"fmt"
	"slices"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/sim"
)

const topicRuns = "Two runs"

var runSteps = []step{
	{
		topic: topicRuns, phase: happens,
		words: `(the )same story runs under (the )machine {machine} as {run}`,
		doc: "Everything that is said before this happens once more in a run of its own, with the same " +
			"seed, under another machine. What is tied to a moment is tied to that moment of each run; a " +
			"moment that comes in one run only is an error. Nothing more may happen afterwards.",
		example: `the same story runs under machine v0.2 as "shipped"`,
		do: func(w *world, m *reducer.Table, run runName) error {
			if m.Name() == w.simulator.machine.Name() {
				return fmt.Errorf("the story runs under machine %s already", m.Name())
			}
			return w.runAgain(run, func(again *world) error {
				again.simulator.machine, again.machineChosen = m, true
				return nil
			})
		},
	},
	{
		topic: topicRuns, phase: happens,
		words:   `(the )same story runs under the {planner} control plane as {run}`,
		doc:     "The same story once more under another control plane.",
		example: `the same story runs under the shipped control plane as "production"`,
		do: func(w *world, p controlplane.Name, run runName) error {
			return w.runAgain(run, func(again *world) error {
				if again.fleet.ControlPlane == p {
					return fmt.Errorf("the story runs under the %s control plane already", p)
				}
				again.fleet.ControlPlane, again.fleet.Mended = p, nil
				return nil
			})
		},
	},
	{
		topic: topicRuns, phase: happens,
		words:   `(the )same story runs with policy {policy} for channel {channel} as {run}`,
		doc:     "The same story once more, and a host that fails does something else to its rollout.",
		example: `the same story runs with policy rollback-and-halt for channel "stable" as "careful"`,
		do: func(w *world, p reducer.HealthPolicy, id reducer.ChannelID, run runName) error {
			return w.runChanged(run, id, func(c *sim.Channel) error {
				if c.Policy.OnHealthFailure == p {
					return fmt.Errorf("channel %q has policy %v already", id, p)
				}
				c.Policy.OnHealthFailure = p
				return nil
			})
		},
	},
	{
		topic: topicRuns, phase: happens,
		words: `(the )same story runs with waves of {numbers} host(s) for channel {channel} as {run}`,
		doc: "The same story once more with another wave plan for the same hosts. A wave soaks as long " +
			"as the wave of its number did, and a further one as long as the last.",
		example: `the same story runs with waves of 3 hosts for channel "stable" as "all at once"`,
		do: func(w *world, counts []uint64, id reducer.ChannelID, run runName) error {
			return w.runChanged(run, id, func(c *sim.Channel) error { return divideWaves(c, counts) })
		},
	},
	{
		topic: topicRuns, phase: happens,
		words:   `(the )same story runs with a soak of {duration} for channel {channel} as {run}`,
		doc:     "The same story once more, and the hosts of each wave soak for another length of time.",
		example: `the same story runs with a soak of 2 hours for channel "stable" as "patient"`,
		do: func(w *world, soak time.Duration, id reducer.ChannelID, run runName) error {
			return w.runChanged(run, id, func(c *sim.Channel) error { return setSoak(c, soak) })
		},
	},
}

// runChanged is runAgain with a change of one channel.
func (w *world) runChanged(
	run runName, id reducer.ChannelID, change func(*sim.Channel) error,
) error {
	return w.runAgain(run, func(again *world) error {
		c, err := again.fleet.channel(id)
		if err != nil {
			return err
		}
		if err := change(c); err != nil {
			return err
		}
		for _, wave := range c.Waves {
			again.fleet.allowSilence(wave.Soak) // which may be longer than before
		}
		return nil
	})
}

// divideWaves divides the hosts of the waves of a channel into other waves.
func divideWaves(c *sim.Channel, counts []uint64) error {
	var hosts []reducer.HostID
	for i := range c.Waves {
		hosts = append(hosts, c.Waves[i].Hosts...)
	}
	var waves []sim.Wave
	var sum uint64
	for i, n := range counts {
		if sum += n; n == 0 || sum > uint64(len(hosts)) {
			break
		}
		wave := c.Waves[min(i, len(c.Waves)-1)]
		wave.Hosts = hosts[sum-n : sum]
		waves = append(waves, wave)
	}
	if sum != uint64(len(hosts)) || len(waves) != len(counts) {
		return fmt.Errorf("the waves of channel %q have %d hosts: expected waves of 1 host or more that "+
			"have as many together", c.ID, len(hosts))
	}
	c.Waves = waves
	return nil
}

// setSoak sets how long the hosts of every wave soak.
func setSoak(c *sim.Channel, soak time.Duration) error {
	waves := slices.Clone(c.Waves)
	same := true
	for i := range waves {
		same = same && waves[i].Soak == soak
		waves[i].Soak = soak
	}
	if same {
		return fmt.Errorf("the hosts of channel %q soak for %s already", c.ID, InWords(soak))
	}
	c.Waves = waves
	return nil
}

var runExpectations = []step{
	{
		topic: topicRuns, phase: expects,
		words: `{run}: {sentence}`,
		doc: "The sentence after the colon is about another run of the story, which a sentence such as " +
			"\"the same story runs under machine v0.2\" has named.",
		example: `"shipped": "stable@a1" is Failed`,
		solid:   "the sentence decides",
		do:      func(*world, runName, string) error { return errCarriedOut },
		wraps:   true,
	},
	{
		topic: topicRuns, phase: expects,
		words: `(rollout ){rollout} converges (at least {duration} )sooner than in (the run ){run}`,
		doc: "The time from the opening of the rollout until it is Terminal is shorter than in another " +
			"run. A rollout that is never Terminal converges later than any other.",
		example: `"stable@a1" converges sooner than in "shipped"`,
		solid:   "the other run may be as fast",
		do: func(w *world, id reducer.RolloutID, least time.Duration, run runName) error {
			return w.expectSooner(id, least, run, false)
		},
	},
	{
		topic: topicRuns, phase: expects,
		words: `(rollout ){rollout} converges (at least {duration} )later than in (the run ){run}`,
		doc: "The time from the opening of the rollout until it is Terminal is longer than in another " +
			"run. A rollout that is never Terminal converges later than any other.",
		example: `"stable@a1" converges at least 1 minute later than in "shipped"`,
		solid:   "the other run may be as slow",
		do: func(w *world, id reducer.RolloutID, least time.Duration, run runName) error {
			return w.expectSooner(id, least, run, true)
		},
	},
	{
		topic: topicRuns, phase: expects,
		words: `(rollout ){rollout} goes through the same states as in (the run ){run}`,
		doc: "The rollout is in the same states, one after the other, in both runs, at whatever times. " +
			"Whether it is pruned is not compared.",
		example: `"stable@a1" goes through the same states as in "shipped"`,
		solid:   "the other run may have other states",
		do:      expectSameStates,
	},
	{
		topic: topicRuns, phase: expects,
		words: `fewer hosts of (rollout ){rollout} have been {host_state} than in (the run ){run}`,
		doc: "How many hosts have been in a state in the whole run is a smaller number than in another " +
			"run.",
		example: `fewer hosts of "stable@a1" have been Failed than in "all at once"`,
		solid:   "the other run may have as few",
		scope:   allRun,
		do: func(w *world, id reducer.RolloutID, s reducer.HostState, run runName) error {
			return w.expectFewer(id, s, run, false)
		},
	},
	{
		topic: topicRuns, phase: expects,
		words: `more hosts of (rollout ){rollout} have been {host_state} than in (the run ){run}`,
		doc: "How many hosts have been in a state in the whole run is a larger number than in another " +
			"run.",
		example: `more hosts of "stable@a1" have been Converged than in "careful"`,
		solid:   "the other run may have as many",
		scope:   allRun,
		do: func(w *world, id reducer.RolloutID, s reducer.HostState, run runName) error {
			return w.expectFewer(id, s, run, true)
		},
	},
}

// inBoth returns a rollout in the story's own run and in another one.
func (w *world) inBoth(
	id reducer.RolloutID, run runName,
) (own, other *rolloutHistory, err error) {
	o, err := w.inRun(run)
	if err != nil {
		return nil, nil, err
	}
	if own, err = w.history.rollout(id); err != nil {
		return nil, nil, err
	}
	if other, err = o.world.history.rollout(id); err != nil {
		return nil, nil, o.blame(w, err)
	}
	return own, other, nil
}

// expectSooner checks that a rollout converges sooner than in another run; if later is set, that it
// converges later.
func (w *world) expectSooner(
	id reducer.RolloutID, least time.Duration, run runName, later bool,
) error {
	own, other, err := w.inBoth(id, run)
	if err != nil {
		return err
	}
	a, ended := convergence(own)
	b, otherEnded := convergence(other)
	sooner, slower, first, second := a, b, ended, otherEnded
	if later {
		sooner, slower, first, second = b, a, otherEnded, ended
	}
	if first && (!second || slower.at > sooner.at && slower.at-sooner.at >= least) {
		return w.matchedEntry(a.entry)
	}
	took := func(o occurrence, ever bool, r *rolloutHistory) string {
		if !ever {
			return fmt.Sprintf("it never converges, and goes through %s", r.states)
		}
		return "it takes " + elapsed(o.at)
	}
	return w.fail(a.entry, w.sentence, fmt.Sprintf("%s; in the run %q %s", took(a, ended, own), run,
		took(b, otherEnded, other)))
}

func expectSameStates(w *world, id reducer.RolloutID, run runName) error {
	own, other, err := w.inBoth(id, run)
	if err != nil {
		return err
	}
	if slices.Equal(statesOf(own), statesOf(other)) {
		return w.matchedEntry(own.states[len(own.states)-1].entry)
	}
	return w.failAbout(string(id), fmt.Sprintf(
		"it goes through %s; in the run %q through %s", own.states, run, other.states,
	))
}

// statesOf returns the states of a rollout, without Pruned, because a run may end before that.
func statesOf(r *rolloutHistory) []reducer.State {
	var all []reducer.State
	for _, c := range r.states {
		if c.to != reducer.Pruned {
			all = append(all, c.to)
		}
	}
	return all
}

// expectFewer checks that fewer hosts of a rollout have been in a state than in another run; if
// more is set, that more have.
func (w *world) expectFewer(
	id reducer.RolloutID, state reducer.HostState, run runName, more bool,
) error {
	own, other, err := w.inBoth(id, run)
	if err != nil {
		return err
	}
	a, b := beenIn(own, state), beenIn(other, state)
	if a < b && !more || a > b && more {
		return nil
	}
	return w.failAbout(string(id), fmt.Sprintf(
		"%d of its hosts have been %v, and %d in the run %q", a, state, b, run,
	))
}
