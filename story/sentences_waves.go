package story

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
)

var waveExpectations = []step{
	{
		topic: "Hosts of a rollout", phase: expects,
		words: `wave {number} of (rollout ){rollout} is {host_state}{at}`,
		doc: "The wave is in that state: one of its hosts is, and none of them is in an earlier one. " +
			"It is so at the present, at another time, or so long after that.",
		example: `wave 1 of "stable@a1" is Soaking`,
		solid:   "the wave must be in that state",
		do: func(
			w *world, wave uint64, id reducer.RolloutID, state reducer.HostState, v viewpoint,
		) error {
			return expectWave(w, id, wave, &v, func(r *rolloutHistory, at time.Duration) bool {
				return r.reached(state, at)
			})
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words: `every host of wave {number} of (rollout ){rollout} is {host_state}{at}`,
		doc: "Every host of the wave is in that state, at the present, at another time, or so long " +
			"after that.",
		example: `every host of wave 0 of "stable@a1" is Converged`,
		solid:   "a wave without hosts fails it",
		do: func(
			w *world, wave uint64, id reducer.RolloutID, state reducer.HostState, v viewpoint,
		) error {
			return expectWave(w, id, wave, &v, func(r *rolloutHistory, at time.Duration) bool {
				return r.countIn(only(state), at) == len(r.hosts)
			})
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words: `{count}( of the) host(s) of wave {number} of (rollout ){rollout} is/are {host_state}{at}`,
		doc: "So many hosts of the wave are in that state, at the present, at another time, " +
			"or so long after that.",
		example: `2 hosts of wave 1 of "stable@a1" are Pending while wave 0 is soaking`,
		vacuous: func(
			w *world, n amount, wave uint64, id reducer.RolloutID, _ reducer.HostState, _ viewpoint,
		) string {
			return anyOfWave(w, n, wave, id)
		},
		do: func(
			w *world, n amount, wave uint64, id reducer.RolloutID, state reducer.HostState, v viewpoint,
		) error {
			return expectWave(w, id, wave, &v, func(r *rolloutHistory, at time.Duration) bool {
				return n.holds(r.countIn(only(state), at), len(r.hosts))
			})
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects, scope: allRun,
		words: `{count}( of the) host(s) of wave {number} of (rollout ){rollout} is/are (ever )` +
			`dispatched`,
		doc: "So many hosts of the wave are dispatched in the whole run.",

		example: `no hosts of wave 1 of "stable@a1" are dispatched`,
		vacuous: anyOfWave,
		do: func(w *world, n amount, wave uint64, id reducer.RolloutID) error {
			r, err := w.history.rollout(id)
			if err == nil {
				r, err = r.ofWave(wave)
			}
			if err != nil {
				return err
			}
			var found []string
			entry := noEntry
			for _, h := range r.hosts {
				if len(h.dispatches) > 0 {
					entry = h.dispatches[0]
					found = append(found, fmt.Sprintf("%s  %s", elapsed(w.history.at(entry)), h.id))
				}
			}
			if n.holds(len(found), len(r.hosts)) {
				return nil
			}
			found = append(found, fmt.Sprintf("%d of %d dispatched", len(found), len(r.hosts)))
			return w.fail(entry, w.sentence, strings.Join(found, "\n"))
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words: `host(s) {hosts} run(s) (ref ){ref}{at}`,
		doc: "The hosts run the closure of that ref, as their agents have reported it last: at the end " +
			"of a switch or of a rollback.",
		example: `hosts "stable-01" and "stable-02" run ref "a1"`,
		solid:   "the hosts must run that ref",
		do:      expectRunning,
	},
}

// anyOfWave returns why an expectation of how many hosts of a wave there are could not fail: any
// number of them would do. A wave without hosts fails it.
func anyOfWave(w *world, n amount, wave uint64, id reducer.RolloutID) string {
	r := w.history.rollouts[id]
	if r == nil {
		return ""
	}
	part, err := r.ofWave(wave)
	if err != nil || !n.certain(len(part.hosts)) {
		return ""
	}
	return fmt.Sprintf(
		"wave %d of %q has %d hosts, and any number of them would do", wave, id, len(part.hosts),
	)
}

// only returns a choice of one state.
func only(state reducer.HostState) oneOf[reducer.HostState] {
	return oneOf[reducer.HostState]{states: []reducer.HostState{state}}
}

// ofWave returns a rollout with the hosts of one wave alone.
func (r *rolloutHistory) ofWave(wave uint64) (*rolloutHistory, error) {
	part := *r
	part.hosts = nil
	for _, h := range r.hosts {
		if uint64(h.wave) == wave {
			part.hosts = append(part.hosts, h)
		}
	}
	if part.hosts == nil {
		return nil, fmt.Errorf("wave %d of %s has no hosts", wave, r.id)
	}
	return &part, nil
}

// reached reports whether a host is in a state at a time, and no host is behind it.
func (r *rolloutHistory) reached(state reducer.HostState, at time.Duration) bool {
	there := false
	for _, h := range r.hosts {
		c, joined := h.states.at(at)
		if !joined || sim.Progress(c.to) < sim.Progress(state) {
			return false
		}
		there = there || c.to == state
	}
	return there
}

// expectWave checks something of the hosts of a wave, at the time at which a sentence looks or,
// counted from what the sentence before was about, at some time of a span.
func expectWave(
	w *world, id reducer.RolloutID, wave uint64, v *viewpoint,
	holds func(r *rolloutHistory, at time.Duration) bool,
) error {
	r, err := w.rollout(id, v)
	if err == nil {
		r, err = r.ofWave(wave)
	}
	if err != nil {
		return err
	}
	if v.kind != afterThat {
		at, err := w.resolve(v)
		if err == nil && !holds(r, at) {
			err = w.fail(w.history.lastAbout(string(id)), w.sentence, r.census(at))
		}
		return err
	}
	var moves changes[reducer.HostState]
	for _, h := range r.hosts {
		moves = append(moves, h.states...)
	}
	slices.SortFunc(moves, func(a, b change[reducer.HostState]) int { return a.entry - b.entry })
	for _, c := range moves {
		if d := c.at - w.that.at; d >= v.from && d <= v.to && holds(r, c.at) {
			w.timeline.passTo(c.at)
			return w.matched(c.at, c.entry)
		}
	}
	until := w.that.at + v.to
	return w.fail(
		w.history.lastAbout(string(id)), w.sentence+", counted from "+elapsed(w.that.at),
		r.census(until)+" at "+elapsed(until),
	)
}

// expectRunning checks what hosts run at the time at which a sentence looks.
func expectRunning(
	w *world, hosts []reducer.HostID, ref reducer.ChannelRef, v viewpoint,
) error {
	hosts, err := hostsUnder(w, hosts, "")
	if err != nil {
		return err
	}
	at, err := w.resolveOne(&v)
	if err != nil {
		return err
	}
	for _, h := range hosts {
		closure, entry := runningAt(w, h, at)
		if closure != reducer.ClosureHash(ref) {
			found := fmt.Sprintf("host %s runs %s at %s", h, closure, elapsed(at))
			if closure == "" {
				found = fmt.Sprintf("host %s has reported no closure until %s", h, elapsed(at))
			}
			return w.fail(entry, w.sentence, found)
		}
	}
	return w.matched(at, noEntry)
}

// runningAt returns the closure that a host has reported last by a time, and the entry of that.
func runningAt(w *world, host reducer.HostID, at time.Duration) (reducer.ClosureHash, int) {
	for i := len(w.history.until(at)) - 1; i >= 0; i-- {
		e := &w.history.entries[i]
		if e.Agent == nil || e.Host != host {
			continue
		}
		switch e.Agent.Kind {
		case reducer.ActivationCompleted, reducer.RollbackComplete, reducer.ProbesPassed:
			return e.Agent.Closure, i
		case reducer.DispatchAck, reducer.ActivationStarted, reducer.ActivationDeferred,
			reducer.ActivationFailed, reducer.ProbeTopologyDeclared, reducer.ProbeObservedFirst,
			reducer.ProbeResult, reducer.ProbeFailureFirst, reducer.ProbesFailed:
		}
	}
	return "", noEntry
}
