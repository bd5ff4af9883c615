package story

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/trace"
)

var membershipSteps = []step{
	{
		topic: "Fleet", phase: sets,
		words: `host(s) {hosts} is/are not in the fleet at first`,
		doc: "The hosts, which belong to a wave of their channel, are not in the fleet at the start. " +
			"They join no rollout before a sentence says that they join the fleet.",
		example: `host "stable-03" is not in the fleet at first`,
		do:      setAbsent,
	},
	{
		topic: "Happenings", phase: happens,
		words: `host(s) {hosts} join(s) the fleet{when}`,
		doc: "The hosts, which were not in the fleet at first, join the rollout of their channel that " +
			"is under way, in their wave, and later ones.",
		example: `host "stable-03" joins the fleet while wave 0 is soaking`,
		do: func(w *world, hosts []reducer.HostID, when timing) error {
			return changeFleet(w, hosts, when, controlplane.AddHost)
		},
	},
	{
		topic: "Happenings", phase: happens,
		words: `host(s) {hosts} leave(s) the fleet{when}`,
		doc: "The hosts leave the fleet for good, and their agents stop. They are dispatched no more " +
			"and join no later rollout. One that they have joined still waits for them, until an " +
			"operator aborts it or the channel moves on. Budgets do not count them.",
		example: `host "stable-02" leaves the fleet while wave 0 is soaking`,
		do: func(w *world, hosts []reducer.HostID, when timing) error {
			return changeFleet(w, hosts, when, controlplane.RemoveHost)
		},
	},
}

// setAbsent removes hosts from the fleet at the start.
func setAbsent(w *world, hosts []reducer.HostID) error {
	hosts, err := w.fleet.match(hosts)
	if err != nil {
		return err
	}
	if w.fleet.ControlPlane == controlplane.Shipped {
		return errors.New("hosts neither join nor leave the fleet of the shipped control plane")
	}
	for _, h := range hosts {
		c := w.fleet.channelOf(h)
		if slices.Contains(c.Absent, h) {
			return fmt.Errorf("host %q is absent already", h)
		}
		c.Absent = append(slices.Clone(c.Absent), h)
	}
	return nil
}

// changeFleet lets hosts join the fleet or leave it.
func changeFleet(
	w *world, hosts []reducer.HostID, when timing, kind controlplane.OrderKind,
) error {
	hosts, err := w.fleet.match(hosts)
	if err != nil {
		return err
	}
	for n, h := range hosts {
		if kind == controlplane.AddHost && !slices.Contains(w.fleet.channelOf(h).Absent, h) {
			return fmt.Errorf("host %q is in the fleet from the start; say before this: Given host %q "+
				"is not in the fleet at first", h, h)
		}
		if n > 0 {
			when = timing{kind: together}
		}
		if err := order(w, when, sim.Order{Kind: kind, Host: h}); err != nil {
			return err
		}
	}
	return nil
}

var membershipExpectations = []step{
	{
		topic: "The control plane", phase: expects,
		words: `host(s) {hosts} is/are in the fleet{at}`,
		doc: "The hosts are in the fleet: they were there from the start or have joined it, and have " +
			"not left.",
		example: `host "stable-03" is in the fleet 1 hour after wave 0 is soaking`,
		vacuous: func(w *world, hosts []reducer.HostID, _ viewpoint) string {
			return nobodyMoves(w, hosts)
		},
		do: func(w *world, hosts []reducer.HostID, v viewpoint) error {
			return expectInFleet(w, hosts, &v, true)
		},
	},
	{
		topic: "The control plane", phase: expects,
		words: `host(s) {hosts} is/are not in the fleet{at}`,
		doc: "The hosts have not joined the fleet yet, or have left it. Nothing is dispatched to them " +
			"then: that is the invariant fleet-kept.",
		example: `host "stable-02" is not in the fleet 1 hour after wave 0 is soaking`,
		vacuous: func(w *world, hosts []reducer.HostID, _ viewpoint) string {
			return nobodyMoves(w, hosts)
		},
		do: func(w *world, hosts []reducer.HostID, v viewpoint) error {
			return expectInFleet(w, hosts, &v, false)
		},
	},
}

// moves returns the entries of the hosts that join the fleet or leave it.
func (h *history) moves() []int {
	return h.orders(trace.RemoteAddHost, trace.RemoteRemoveHost)
}

// nobodyMoves returns why an expectation about the fleet could not fail: none of the hosts joins or
// leaves it.
func nobodyMoves(w *world, hosts []reducer.HostID) string {
	hosts, err := w.fleet.match(hosts)
	if err != nil || slices.ContainsFunc(w.history.moves(), func(i int) bool {
		return slices.Contains(hosts, w.history.entries[i].HostEffect.Host)
	}) {
		return ""
	}
	return "none of these hosts joins the fleet or leaves it in the whole run"
}

// expectInFleet checks whether each of some hosts is in the fleet at the time at which a sentence
// looks.
func expectInFleet(w *world, hosts []reducer.HostID, v *viewpoint, want bool) error {
	hosts, err := w.fleet.match(hosts)
	if err != nil {
		return err
	}
	return w.expectAt(v, true, func(at time.Duration) bool {
		return !slices.ContainsFunc(
			hosts, func(h reducer.HostID) bool { return w.inFleet(h, at) != want },
		)
	}, func() []string {
		return w.history.listOrders(trace.RemoteAddHost, trace.RemoteRemoveHost)
	})
}

// inFleet reports whether a host is in the fleet at a time.
func (w *world) inFleet(h reducer.HostID, at time.Duration) bool {
	in := !slices.Contains(w.fleet.channelOf(h).Absent, h)
	for _, i := range w.history.moves() {
		if e := w.history.entries[i].HostEffect; e.Host == h && w.history.at(i) <= at {
			in = e.Effect == trace.RemoteAddHost
		}
	}
	return in
}

// channelOf returns the name of the channel of a host; empty if it has none.
func (w *world) channelOf(h reducer.HostID) reducer.ChannelID {
	if c := w.fleet.channelOf(h); c != nil {
		return c.ID
	}
	return ""
}
