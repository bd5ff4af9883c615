package story

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"rollsim/reducer"
)

var startSteps = []step{
	{
		topic: "Time", phase: sets,
		words: `(the )story starts on {date}( at {clock})`,
		doc: "The date and the time of day, in UTC, at which the story starts; without this sentence " +
			"it is 2026-01-01 at 00:00, a Thursday. Happenings at a time of day, such as at 03:00 and on " +
			"Saturday at 22:00, come at the next such time.",
		example: `the story starts on 2026-05-16 at 22:00`,
		do: func(w *world, day time.Time, ofDay time.Duration) error {
			if len(w.timeline.happenings) > 0 {
				return fmt.Errorf("the story has begun: say this before the first When")
			}
			w.fleet.Start = reducer.Time(day.UnixNano() + int64(ofDay))
			return w.give("the start of the story")
		},
	},
}

var outageExpectations = []step{
	{
		topic: "The control plane", phase: expects,
		words:   `(the )control plane is down{at}`,
		doc:     "The control plane has crashed and is not back yet, at the present or at another time.",
		example: `the control plane is down 1 minute after wave 0 is soaking`,
		solid:   "the control plane must be down",
		do:      func(w *world, v viewpoint) error { return expectDown(w, &v, true) },
	},
	{
		topic: "The control plane", phase: expects,
		words:   `(the )control plane is not down{at}`,
		doc:     "The control plane works, at the present or at another time.",
		example: `the control plane is not down 20 minutes after wave 0 is soaking`,
		vacuous: func(w *world, _ viewpoint) string { return neverDown(w) },
		do:      func(w *world, v viewpoint) error { return expectDown(w, &v, false) },
	},
	{
		topic: "The control plane", phase: expects, scope: allRun,
		words: `{count} host(s)( of (rollout ){rollout}) is/are dispatched while (the )control ` +
			`plane is down`,
		doc: "So many dispatches are sent, for that rollout or for any, while the control " +
			"plane is down.",
		example: `no host is dispatched while the control plane is down`,
		vacuous: func(w *world, n amount, id reducer.RolloutID) string {
			return cmp.Or(neverDown(w), anyDispatches(w, n, id), nothingWaits(w, n, id))
		},
		do: func(w *world, n amount, id reducer.RolloutID) error {
			return w.countDispatches(n, id, func(_ reducer.ChannelID, at time.Duration) bool {
				return w.history.isDown(at)
			})
		},
	},
}

// expectDown checks whether the control plane is down at the time at which a sentence looks.
func expectDown(w *world, v *viewpoint, want bool) error {
	return w.expectAt(v, want, func(at time.Duration) bool { return w.history.isDown(at) },
		func() []string {
			var times []string
			for _, o := range w.history.outages() {
				times = append(times, fmt.Sprintf("down from %s to %s", elapsed(o.from), elapsed(o.to)))
			}
			if times == nil {
				times = append(times, "it is never down")
			}
			return times
		})
}

// neverDown returns why an expectation about the control plane while it is down could not fail.
func neverDown(w *world) string {
	if len(w.history.outages()) > 0 {
		return ""
	}
	return "the control plane is never down in the whole run"
}

// nothingWaits returns why an expectation of how many hosts are dispatched in an outage could not
// fail: when the first one begins no host of a rollout under way is Pending, and none is dispatched
// afterwards.
func nothingWaits(w *world, n amount, id reducer.RolloutID) string {
	outages := w.history.outages()
	if len(outages) == 0 || !n.holds(0, 1) {
		return ""
	}
	down := outages[0]
	for _, r := range w.history.order {
		if id != "" && r.id != id {
			continue
		}
		state, _ := r.states.at(down.from)
		for _, h := range r.hosts {
			host, _ := h.states.at(down.from)
			if state.to.Underway() && host.to == reducer.HostPending ||
				slices.ContainsFunc(h.dispatches, func(d int) bool { return d > down.entry }) {
				return ""
			}
		}
	}
	return "no host waits for a dispatch when the control plane goes down, or after that"
}
