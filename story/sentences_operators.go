package story

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/trace"
)

var operatorSteps = []step{
	{
		topic: "Happenings", phase: happens,
		words: `(the/an )operator pauses dispatching( on (channel ){channel}){when}`,
		doc: "An operator pauses dispatching, on a channel or on all: nothing is dispatched there, " +
			"also not again, until an operator resumes it. What was dispatched before is finished.",
		example: `the operator pauses dispatching on channel "stable" while wave 0 is soaking`,
		do: func(w *world, id reducer.ChannelID, when timing) error {
			return order(w, when, sim.Order{Kind: controlplane.PauseDispatch, Channel: id})
		},
	},
	{
		topic: "Happenings", phase: happens,
		words: `(the/an )operator resumes dispatching( on (channel ){channel}){when}`,
		doc: "An operator resumes dispatching on a channel. Without a channel it is resumed on every " +
			"one.",
		example: `the operator resumes dispatching on channel "stable" 1 hour later`,
		do: func(w *world, id reducer.ChannelID, when timing) error {
			return order(w, when, sim.Order{Kind: controlplane.ResumeDispatch, Channel: id})
		},
	},
	{
		topic: "Happenings", phase: happens,
		words: `(the/an )operator quarantines (ref ){ref} on (channel ){channel}{when}`,
		doc: "An operator puts the ref into the quarantine of the channel: its closure is not " +
			"dispatched there until an operator lifts that.",
		example: `the operator quarantines ref "a1" on channel "stable" while wave 0 is soaking`,
		do: func(w *world, ref reducer.ChannelRef, id reducer.ChannelID, when timing) error {
			return order(w, when, sim.Order{
				Kind:  controlplane.QuarantineByHand,
				Entry: sim.QuarantineEntry{Channel: id, Closure: reducer.ClosureHash(ref)},
			})
		},
	},
	{
		topic: "Happenings", phase: happens,
		words: `(the/an )operator aborts (rollout ){rollout}{when}`,
		doc: "An operator aborts a rollout that has not ended: nothing more is dispatched for it, and " +
			"it is not stuck. What was dispatched before is finished, and the next ref supersedes it.",
		example: `the operator aborts "stable@a1" while wave 0 is soaking`,
		do: func(w *world, id reducer.RolloutID, when timing) error {
			return order(w, when, sim.Order{Kind: controlplane.AbortRollout, Rollout: id})
		},
	},
	{
		topic: "What holds hosts back", phase: sets,
		words: `(channel ){channel} has (a/the/another )maintenance window from {clock} to {clock}` +
			`( on {days})`,
		doc: "The channel is dispatched, also again, only while one of its maintenance windows is " +
			"open. A window is in UTC, every day or on the days on which it opens: weekdays, weekends, " +
			"Monday to Friday, or a list. The hour to which it is open may be on the next day.",
		example: `channel "stable" has a maintenance window from 22:00 to 04:00 on Saturday and Sunday`,
		do:      addWindow,
	},
}

// order adds an order of an operator to the story.
func order(w *world, when timing, o sim.Order) error {
	for _, id := range []reducer.ChannelID{o.Channel, o.Entry.Channel} {
		if id == "" {
			continue
		}
		if _, err := w.fleet.channel(id); err != nil {
			return err
		}
	}
	about := w.names.last
	if o.Rollout != "" {
		if err := w.names.checkRollout(o.Rollout); err != nil {
			return err
		}
		about = o.Rollout
	}
	if w.fleet.ControlPlane == controlplane.Shipped {
		return fmt.Errorf("the shipped control plane has no such order of an operator: %v", o.Kind)
	}
	return w.schedule(when, about, &sim.Action{Order: &o})
}

// addWindow adds a maintenance window to a channel.
func addWindow(
	w *world, id reducer.ChannelID, from, to time.Duration, days []time.Weekday,
) error {
	c, err := w.fleet.channel(id)
	if err != nil {
		return err
	}
	if w.fleet.ControlPlane == controlplane.Shipped {
		return fmt.Errorf("the shipped control plane has no maintenance windows")
	}
	const day = 24 * time.Hour
	if to <= from {
		to += day
	}
	w.fleet.allowSilence(day)
	if days != nil {
		w.fleet.allowSilence(7 * day)
	}
	c.Windows = append(
		slices.Clone(c.Windows), sim.Window{From: from, For: to - from, Days: days},
	)
	return nil
}

var operatorExpectations = []step{
	{
		topic: "The control plane", phase: expects,
		words:   `dispatching is paused( on (channel ){channel}){at}`,
		doc:     "An operator has paused dispatching on the channel, or on all, and has not resumed it.",
		example: `dispatching is paused on channel "stable" 1 minute after wave 0 is soaking`,
		solid:   "dispatching must be paused",
		do: func(w *world, id reducer.ChannelID, v viewpoint) error {
			return expectPaused(w, id, &v, true)
		},
	},
	{
		topic: "The control plane", phase: expects,
		words: `dispatching is not paused( on (channel ){channel}){at}`,
		doc: "No operator has paused dispatching on the channel or on all, or an operator has resumed " +
			"it.",
		example: `dispatching is not paused on channel "stable" 2 hours after wave 0 is soaking`,
		vacuous: func(w *world, _ reducer.ChannelID, _ viewpoint) string { return neverPaused(w) },
		do: func(w *world, id reducer.ChannelID, v viewpoint) error {
			return expectPaused(w, id, &v, false)
		},
	},
	{
		topic: "The control plane", phase: expects, scope: allRun,
		words: `{count} host(s)( of (rollout ){rollout}) is/are dispatched while dispatching is ` +
			`paused`,
		doc: "So many dispatches are sent, for that rollout or for any, while dispatching is " +
			"paused on its channel.",
		example: `no host is dispatched while dispatching is paused`,
		vacuous: func(w *world, n amount, id reducer.RolloutID) string {
			return cmp.Or(
				neverPaused(w), anyDispatches(w, n, id), neverHeldBack(w, n, id, trace.GateDispatchPause),
			)
		},
		do: func(w *world, n amount, id reducer.RolloutID) error {
			return w.countDispatches(n, id, func(c reducer.ChannelID, at time.Duration) bool {
				return w.history.isPaused(c, at)
			})
		},
	},
	{
		topic: "The control plane", phase: expects, scope: allRun,
		words: `{count} host(s)( of (rollout ){rollout}) is/are dispatched outside (the )` +
			`maintenance windows`,
		doc: "So many dispatches are sent, for that rollout or for any, while no maintenance " +
			"window of its channel is open.",
		example: `no host is dispatched outside the maintenance windows`,
		vacuous: noWindows,
		do: func(w *world, n amount, id reducer.RolloutID) error {
			return w.countDispatches(n, id, func(c reducer.ChannelID, at time.Duration) bool {
				conf, err := w.fleet.channel(c)
				return err == nil && len(conf.Windows) > 0 &&
					!controlplane.Open(conf.Windows, w.history.start+reducer.Time(at))
			})
		},
	},
	{
		topic: "Rollouts", phase: expects,
		words:   `(rollout ){rollout} is aborted{at}`,
		doc:     "An operator has aborted the rollout.",
		example: `"stable@a1" is aborted 1 minute after wave 0 is soaking`,
		solid:   "an operator must have aborted the rollout",
		do: func(w *world, id reducer.RolloutID, v viewpoint) error {
			return expectAborted(w, id, &v, true)
		},
	},
	{
		topic: "Rollouts", phase: expects,
		words:   `(rollout ){rollout} is not aborted{at}`,
		doc:     "No operator has aborted the rollout.",
		example: `"stable@b2" is not aborted`,
		vacuous: func(w *world, _ reducer.RolloutID, _ viewpoint) string {
			if len(w.history.orders(trace.RemoteAbortRollout)) > 0 {
				return ""
			}
			return "no rollout is aborted in the whole run"
		},
		do: func(w *world, id reducer.RolloutID, v viewpoint) error {
			return expectAborted(w, id, &v, false)
		},
	},
}

// orders returns the entries of the orders of some kinds.
func (h *history) orders(effects ...string) []int {
	var found []int
	for i := range h.entries {
		if e := h.entries[i].HostEffect; e != nil && slices.Contains(effects, e.Effect) {
			found = append(found, i)
		}
	}
	return found
}

// isPaused reports whether dispatching is paused on a channel at a time, or on all channels if id
// is empty.
func (h *history) isPaused(id reducer.ChannelID, at time.Duration) bool {
	all, own := false, false
	for _, i := range h.orders(trace.RemotePauseDispatch, trace.RemoteResumeDispatch) {
		e := h.entries[i].HostEffect
		paused := e.Effect == trace.RemotePauseDispatch
		switch {
		case h.at(i) > at:
		case e.Channel == "":
			all, own = paused, own && paused
		case e.Channel == id:
			own = paused
		}
	}
	return all || own
}

// neverPaused returns why an expectation about dispatching while it is paused could not fail.
func neverPaused(w *world) string {
	if len(w.history.orders(trace.RemotePauseDispatch)) > 0 {
		return ""
	}
	return "dispatching is never paused in the whole run"
}

// noWindows returns why an expectation about maintenance windows could not fail.
func noWindows(w *world, n amount, id reducer.RolloutID) string {
	for i := range w.fleet.Channels {
		c := &w.fleet.Channels[i]
		if len(c.Windows) > 0 && (id == "" || channelIn(id) == c.ID) {
			return cmp.Or(
				anyDispatches(w, n, id), neverHeldBack(w, n, id, trace.GateMaintenanceWindow),
			)
		}
	}
	return "no channel that this is about has a maintenance window"
}

// neverHeldBack returns why an expectation could not fail that counts the dispatches which a gate
// should hold back: there would be none without the gate either.
func neverHeldBack(w *world, n amount, id reducer.RolloutID, gate string) string {
	if !n.holds(0, 1) {
		return ""
	}
	for i := range w.history.entries {
		e := &w.history.entries[i]
		if e.Gate != nil && e.Gate.Gate == gate && (id == "" || e.Gate.Rollout == id) {
			return ""
		}
	}
	return fmt.Sprintf("the gate %s holds no host back in the whole run", gate)
}

// expectPaused checks whether dispatching is paused at the time at which a sentence looks.
func expectPaused(w *world, id reducer.ChannelID, v *viewpoint, want bool) error {
	if id != "" {
		if _, err := w.fleet.channel(id); err != nil {
			return err
		}
	}
	return w.expectAt(
		v, want, func(at time.Duration) bool { return w.history.isPaused(id, at) },
		func() []string {
			return w.history.listOrders(trace.RemotePauseDispatch, trace.RemoteResumeDispatch)
		},
	)
}

// expectAborted checks whether a rollout is aborted at the time at which a sentence looks.
func expectAborted(w *world, id reducer.RolloutID, v *viewpoint, want bool) error {
	if _, err := w.history.rollout(id); err != nil {
		return err
	}
	return w.expectAt(v, want, func(at time.Duration) bool {
		return slices.ContainsFunc(w.history.orders(trace.RemoteAbortRollout), func(i int) bool {
			return w.history.entries[i].HostEffect.Rollout == id && w.history.at(i) <= at
		})
	}, func() []string { return w.history.listOrders(trace.RemoteAbortRollout) })
}

// listOrders lists the orders of some kinds, for a failure.
func (h *history) listOrders(effects ...string) []string {
	var found []string
	for _, i := range h.orders(effects...) {
		e := h.entries[i].HostEffect
		found = append(found, strings.TrimSpace(fmt.Sprintf(
			"%s  %s  %s", elapsed(h.at(i)), e.Effect,
			cmp.Or(string(e.Host), string(e.Channel)+string(e.Rollout)),
		)))
	}
	if found == nil {
		found = append(found, "it never happens")
	}
	return found
}

// channelIn returns the channel in the name of a rollout.
func channelIn(id reducer.RolloutID) reducer.ChannelID {
	channel, _, _ := strings.Cut(string(id), "@")
	return reducer.ChannelID(channel)
}

var dayWords = regexp.MustCompile(dayForm)

// parseDays parses days of the week: a list such as "Saturday and Sunday", a range such as "Monday
// to Friday" or "Saturday to Monday", weekdays or weekends.
func parseDays(s string) (any, error) {
	switch s {
	case "weekdays":
		s = "Monday to Friday"
	case "weekends":
		s = "Saturday and Sunday"
	}
	var days []time.Weekday
	for _, word := range dayWords.FindAllString(s, -1) {
		for d := time.Sunday; d <= time.Saturday; d++ {
			if d.String() == word && !slices.Contains(days, d) {
				days = append(days, d)
			}
		}
	}
	if len(days) == 2 && strings.Contains(s, " to ") {
		last := days[1]
		for d := days[0]; ; {
			if d = (d + 1) % 7; d == last {
				break
			}
			days = append(days, d)
		}
	}
	return days, nil
}

// ownEntries returns the entries that the orders of a sentence write. A run without the sentence
// does not have them.
func (w *world) ownEntries(r *removal) []trace.HostEffect {
	var own []trace.HostEffect
	for _, i := range r.actions {
		o := w.timeline.actions[i].Order
		if o == nil {
			continue
		}
		own = append(own,
			trace.HostEffect{Effect: trace.RemotePauseDispatch, Channel: o.Channel},
			trace.HostEffect{Effect: trace.RemoteResumeDispatch, Channel: o.Channel},
			trace.HostEffect{Effect: trace.RemoteAbortRollout, Rollout: o.Rollout},
			trace.HostEffect{Effect: trace.RemoteAddHost, Host: o.Host, Channel: w.channelOf(o.Host)},
			trace.HostEffect{Effect: trace.RemoteRemoveHost, Host: o.Host, Channel: w.channelOf(o.Host)},
			trace.HostEffect{
				Effect: trace.RemoteInsertQuarantine, Channel: o.Entry.Channel, Closure: o.Entry.Closure,
			},
		)
	}
	return own
}
