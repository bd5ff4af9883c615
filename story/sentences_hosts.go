package story

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"rollsim/reducer"
)

var hostExpectations = []step{
	{
		topic: "Hosts of a rollout", phase: expects,
		words: `host(s) {hosts} is/are/become(s) {host_state}( under (rollout ){rollout}){at}`,
		doc: "The hosts are in that state, under a rollout or else under the latest one that they " +
			"have joined: at the present, at another time, or they turn to it so long after that.",
		example: `host "stable-02" is Soaking under "stable@a1" while wave 1 of "stable@a1" is soaking`,
		solid:   "the hosts must be in that state",
		do: func(
			w *world, hosts []reducer.HostID, state reducer.HostState, id reducer.RolloutID, v viewpoint,
		) error {
			return eachHost(w, hosts, id, &v, func(s *subject[reducer.HostState]) error {
				return s.expect(w, state, &v)
			})
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words: `host(s) {hosts} has/have been {host_state}( under (rollout ){rollout})`,
		doc: "The hosts were in that state at some time up to the present, under that rollout or " +
			"else under any that they have joined.",
		example: `host "stable-02" has been Soaking`,
		solid:   "the state must have come",
		do: func(w *world, hosts []reducer.HostID, state reducer.HostState, id reducer.RolloutID) error {
			now := w.timeline.now
			return eachMembership(w, hosts, id, now, func(all []*subject[reducer.HostState]) error {
				var err error
				for _, s := range all {
					if err = s.expectBeen(w, state, now); err == nil {
						return nil
					}
				}
				return err
			})
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects, scope: allRun,
		words: `host(s) {hosts} is/are never {host_state}( under (rollout ){rollout})`,
		doc: "The hosts are never in that state in the whole run, under that rollout or else under " +
			"any that they join.",
		example: `host "stable-02" is never Failed under "stable@a1"`,
		vacuous: neverDispatched,
		do: func(w *world, hosts []reducer.HostID, state reducer.HostState, id reducer.RolloutID) error {
			end := w.history.end()
			return eachMembership(w, hosts, id, end, func(all []*subject[reducer.HostState]) error {
				for _, s := range all {
					if err := s.expectNever(w, state); err != nil {
						return err
					}
				}
				return nil
			})
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words: `every host of (rollout ){rollout} is {host_state}{at}`,
		doc: "Every host that joined the rollout is in that state, at the present, at another " +
			"time, or so long after that.",
		example: `every host of "stable@b2" is Converged`,
		solid:   "a rollout without hosts fails it",
		do: func(w *world, id reducer.RolloutID, state reducer.HostState, v viewpoint) error {
			return expectHosts(w, id, state, &v, func(n, all int) bool { return n == all && all > 0 })
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words: `{count}( of the) host(s) of (rollout ){rollout} is/are {host_state}{at}`,
		doc: "So many hosts of the rollout are in that state, at the present, at another time, or so " +
			"long after that.",
		example: `2 hosts of "stable@a1" are Soaking while wave 1 of "stable@a1" is soaking`,
		vacuous: func(w *world, n amount, id reducer.RolloutID, _ reducer.HostState, _ viewpoint) string {
			return anyAmount(w, n, id)
		},
		do: func(
			w *world, n amount, id reducer.RolloutID, state reducer.HostState, v viewpoint,
		) error {
			return expectHosts(w, id, state, &v, n.holds)
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects, scope: allRun,
		words: `{count}( of the) host(s) of (rollout ){rollout} is/are ever in flight`,
		doc: "So many hosts of the rollout are Activating or Soaking at once, at the time at which " +
			"most of them are, in the whole run.",
		example: `at most 2 hosts of "stable@a1" are ever in flight`,
		unrun:   true,
		vacuous: func(w *world, n amount, id reducer.RolloutID) string {
			return noneInFlight(w, n, sizeOf(w, id), ofRollout(id))
		},
		do: func(w *world, n amount, id reducer.RolloutID) error {
			r, err := w.history.rollout(id)
			if err != nil {
				return err
			}
			return expectInFlight(w, n, len(r.hosts), ofRollout(id))
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects, scope: allRun,
		words: `{count} of hosts {hosts} is/are ever in flight`,
		doc: "So many of these hosts are Activating or Soaking at once, at the time at which most of " +
			"them are, in the whole run, under any rollout. The state of a host under a rollout that it " +
			"no longer works for does not count.",
		example: `at most one of hosts "stable-*" is ever in flight`,
		unrun:   true,
		vacuous: func(w *world, n amount, hosts []reducer.HostID) string {
			hosts, _ = w.fleet.match(hosts) // the expectation holds: they exist
			return noneInFlight(w, n, len(hosts), ofHostsAmong(hosts))
		},
		do: func(w *world, n amount, hosts []reducer.HostID) error {
			hosts, err := w.fleet.match(hosts)
			if err != nil {
				return err
			}
			return expectInFlight(w, n, len(hosts), ofHostsAmong(hosts))
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects, scope: allRun,
		words:   `{count}( of the) host(s) of (rollout ){rollout} is/are (ever )dispatched`,
		doc:     "So many hosts of the rollout are dispatched in the whole run.",
		example: `6 hosts of "stable@a1" are dispatched`,
		vacuous: anyAmount,
		do: func(w *world, n amount, id reducer.RolloutID) error {
			return expectDispatches(w, n, id, 0, math.MaxInt)
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects, scope: allRun,
		words: `{count}( of the) host(s) of (rollout ){rollout} is/are (ever )dispatched after that`,
		doc: "So many hosts of the rollout are dispatched after that: after what the " +
			"previous sentence was about.",
		example: `no host of "stable@a1" is dispatched after that`,
		vacuous: func(w *world, n amount, id reducer.RolloutID) string {
			return nothingToDispatch(w, n, id, w.history.after(w.that))
		},
		do: func(w *world, n amount, id reducer.RolloutID) error {
			return expectDispatches(w, n, id, w.history.after(w.that), math.MaxInt)
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects, scope: allRun,
		words: `{count}( of the) host(s) of (rollout ){rollout} is/are (ever )dispatched after {fact}`,
		doc: "So many hosts of the rollout are dispatched after something is true for the " +
			"first time.",
		example: `no host of "stable@a1" is dispatched after "stable@a1" is Failed`,
		vacuous: func(w *world, n amount, id reducer.RolloutID, m moment) string {
			c, _ := w.firstTime(&m) // the expectation holds: it comes
			return nothingToDispatch(w, n, id, c.entry+1)
		},
		do: func(w *world, n amount, id reducer.RolloutID, m moment) error {
			c, err := w.firstTime(&m)
			if err != nil {
				return err
			}
			return expectDispatches(w, n, id, c.entry+1, math.MaxInt)
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words: `{count}( of the) host(s) of (rollout ){rollout} is/are (ever )dispatched before {fact}`,
		doc: "So many hosts of the rollout are dispatched before something is true for " +
			"the first time.",
		example: `no host of "stable@b2" is dispatched before "stable@a1" is Superseded`,
		vacuous: func(w *world, n amount, id reducer.RolloutID, _ moment) string {
			return noneDispatched(w, n, id)
		},
		do: func(w *world, n amount, id reducer.RolloutID, m moment) error {
			c, err := w.firstTime(&m)
			if err != nil {
				return err
			}
			return expectDispatches(w, n, id, 0, c.entry)
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words:   `host(s) {hosts} is/are dispatched under (rollout ){rollout}`,
		doc:     "The hosts are dispatched for the rollout.",
		example: `host "stable-02" is dispatched under "stable@a1"`,
		solid:   "the hosts must be dispatched",
		do: func(w *world, hosts []reducer.HostID, id reducer.RolloutID) error {
			hosts, err := hostsUnder(w, hosts, id)
			if err != nil {
				return err
			}
			for _, name := range hosts {
				_, h, err := hostOf(w, name, id, w.timeline.now)
				if err != nil {
					return err
				}
				if len(h.dispatches) == 0 {
					return w.failAbout(string(id), fmt.Sprintf("host %s is never dispatched", name))
				}
				if err := w.matchedEntry(h.dispatches[0]); err != nil {
					return err
				}
			}
			return nil
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects, scope: allRun,
		words: `host(s) {hosts} is/are dispatched {times}( under (rollout ){rollout})`,
		doc: "How often each of the hosts is dispatched in the whole run, under that rollout or else " +
			"under all that it joins: once, and again each 60 seconds until it acks.",
		example: `host "stable-01" is dispatched twice under "stable@a1"`,
		vacuous: func(w *world, hosts []reducer.HostID, n times, id reducer.RolloutID) string {
			hosts, _ = hostsUnder(w, hosts, id) // the expectation holds: they exist
			all := 0
			for _, name := range hosts {
				found, _ := dispatchesOf(w, name, id)
				all += len(found)
			}
			return zeroOf(all, n)
		},
		do: func(w *world, hosts []reducer.HostID, n times, id reducer.RolloutID) error {
			hosts, err := hostsUnder(w, hosts, id)
			if err != nil {
				return err
			}
			for _, name := range hosts {
				found, err := dispatchesOf(w, name, id)
				if err == nil {
					err = w.expectCount(found, n, fmt.Sprintf("host %s is not dispatched", name))
				}
				if err != nil {
					return err
				}
			}
			return nil
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects, scope: allRun,
		words:   `host(s) {hosts} is/are never dispatched( under (rollout ){rollout})`,
		doc:     "The hosts are not dispatched in the whole run, for that rollout or for any.",
		example: `host "stable-03" is never dispatched under "stable@a1"`,
		vacuous: func(w *world, hosts []reducer.HostID, _ reducer.RolloutID) string {
			return joinNothing(w, hosts)
		},
		do: func(w *world, hosts []reducer.HostID, id reducer.RolloutID) error {
			hosts, err := hostsUnder(w, hosts, id)
			if err != nil {
				return err
			}
			for _, name := range hosts {
				found, err := dispatchesOf(w, name, id)
				if err != nil {
					return err
				}
				if len(found) > 0 {
					under := w.history.entries[found[0]].Rollout
					return w.fail(
						found[0], w.sentence, fmt.Sprintf("host %s is dispatched under %s", name, under),
					)
				}
			}
			return nil
		},
	},
}

// hostsUnder returns the hosts that some names and patterns stand for, including those of raw
// events. It refuses a rollout that was never opened, unless id is empty.
func hostsUnder(w *world, hosts []reducer.HostID, id reducer.RolloutID) ([]reducer.HostID, error) {
	if id != "" {
		if _, err := w.history.rollout(id); err != nil {
			return nil, err
		}
	}
	var all []reducer.HostID
	for _, h := range hosts {
		if slices.Contains(w.names.hosts, h) {
			all = append(all, h)
			continue
		}
		named, err := w.fleet.match([]reducer.HostID{h})
		if err != nil {
			return nil, err
		}
		all = append(all, named...)
	}
	return all, nil
}

// eachHost calls a function with each host under a rollout, or else under the latest one that it
// has joined.
func eachHost(
	w *world, hosts []reducer.HostID, id reducer.RolloutID, v *viewpoint,
	do func(*subject[reducer.HostState]) error,
) error {
	at := w.timeline.now
	switch v.kind {
	case afterThat:
		at = w.that.at + v.to
		if err := w.runTo(at); err != nil {
			return err
		}
	case atClause:
		var err error
		if at, err = w.resolve(v); err != nil {
			return err
		}
	case atEnd:
		at = w.history.end()
	case atPresent:
	}
	hosts, err := hostsUnder(w, hosts, id)
	if err != nil {
		return err
	}
	for _, name := range hosts {
		r, h, err := hostOf(w, name, id, at)
		if err != nil {
			return err
		}
		if err := do(hostSubject(w, r, h)); err != nil {
			return err
		}
	}
	return nil
}

// eachMembership calls a function with each host, under a rollout or else under all that it has
// joined by a time. One that has joined none is an error.
func eachMembership(
	w *world, hosts []reducer.HostID, id reducer.RolloutID, by time.Duration,
	do func([]*subject[reducer.HostState]) error,
) error {
	hosts, err := hostsUnder(w, hosts, id)
	if err != nil {
		return err
	}
	for _, name := range hosts {
		// hostOf has the errors of a host that is not a member.
		if _, _, err := hostOf(w, name, id, by); err != nil {
			return err
		}
		var all []*subject[reducer.HostState]
		for _, r := range w.history.order {
			h := r.host(name)
			if h != nil && h.states[0].at <= by && (id == "" || id == r.id) {
				all = append(all, hostSubject(w, r, h))
			}
		}
		if err := do(all); err != nil {
			return err
		}
	}
	return nil
}

// hostSubject returns a host under a rollout as the subject of an expectation.
func hostSubject(w *world, r *rolloutHistory, h *hostHistory) *subject[reducer.HostState] {
	return &subject[reducer.HostState]{
		label:   fmt.Sprintf("host %s under %s: ", h.id, r.id),
		changes: h.states,
		whyNot:  func(s reducer.HostState) string { return w.explain().noHostState(r, s) },
	}
}

// dispatchesOf returns the entries that dispatch a host under a rollout, or else under any, in
// order.
func dispatchesOf(w *world, name reducer.HostID, id reducer.RolloutID) ([]int, error) {
	if id != "" {
		_, h, err := hostOf(w, name, id, w.timeline.now)
		if err != nil {
			return nil, err
		}
		return h.dispatches, nil
	}
	var found []int
	for _, r := range w.history.order {
		if h := r.host(name); h != nil {
			found = append(found, h.dispatches...)
		}
	}
	slices.Sort(found)
	return found, w.fleet.checkHosts([]reducer.HostID{name}, w.names.hosts...)
}

// hostOf returns a host of a rollout; without a rollout, of the latest one that it has joined by a
// time.
func hostOf(
	w *world, name reducer.HostID, id reducer.RolloutID, at time.Duration,
) (*rolloutHistory, *hostHistory, error) {
	if id != "" {
		r, err := w.history.rollout(id)
		if err != nil {
			return nil, nil, err
		}
		if h := r.host(name); h != nil {
			return r, h, nil
		}
		return nil, nil, w.noMember(name, r)
	}
	for _, r := range slices.Backward(w.history.order) {
		if h := r.host(name); h != nil && h.states[0].at <= at {
			return r, h, nil
		}
	}
	if err := w.fleet.checkHosts([]reducer.HostID{name}, w.names.hosts...); err != nil {
		return nil, nil, err
	}
	return nil, nil, fmt.Errorf("host %q has joined no rollout by %s", name, elapsed(at))
}

// expectHosts checks how many hosts of a rollout are in a state. holds reports whether n of all
// hosts is right.
func expectHosts(
	w *world, id reducer.RolloutID, state reducer.HostState, v *viewpoint, holds func(n, all int) bool,
) error {
	return expectHostsIn(
		w, id, oneOf[reducer.HostState]{states: []reducer.HostState{state}}, v, holds,
	)
}

// expectHostsIn is expectHosts for one of several states.
func expectHostsIn(
	w *world, id reducer.RolloutID, want oneOf[reducer.HostState], v *viewpoint,
	holds func(n, all int) bool,
) error {
	r, err := w.rollout(id, v)
	if err != nil {
		return err
	}
	if v.kind != afterThat {
		at, err := w.resolve(v)
		if err == nil && !holds(r.countIn(want, at), len(r.hosts)) {
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
		if d := c.at - w.that.at; d >= v.from && d <= v.to && holds(r.countIn(want, c.at), len(r.hosts)) {
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

// A counts reports whether a host under a rollout counts.
type counts func(reducer.HostID, reducer.RolloutID) bool

func ofRollout(id reducer.RolloutID) counts {
	return func(_ reducer.HostID, under reducer.RolloutID) bool { return under == id }
}

func ofHostsAmong(hosts []reducer.HostID) counts {
	return func(h reducer.HostID, _ reducer.RolloutID) bool { return slices.Contains(hosts, h) }
}

// expectInFlight checks how many of the hosts that count are Activating or Soaking at once.
func expectInFlight(w *world, n amount, all int, counts counts) error {
	inFlight := make(map[reducer.HostID]reducer.RolloutID)
	var names []string // of the most that are in flight at once
	entry := noEntry
	for i := range w.history.entries {
		e := &w.history.entries[i]
		if e.Event == nil || e.Event.Kind != reducer.HostStateChanged || w.history.refused(i) {
			continue
		}
		delete(inFlight, e.Event.Host)
		if e.Event.To.InFlight() && counts(e.Event.Host, e.Rollout) {
			inFlight[e.Event.Host] = e.Rollout
		}
		if len(inFlight) > len(names) {
			held := n.holds(len(names), all)
			names, entry = as[string](slices.Sorted(maps.Keys(inFlight))), i
			if held && !n.holds(len(names), all) {
				break // more of them would not help
			}
		}
	}
	if n.holds(len(names), all) {
		return nil
	}
	return w.fail(
		entry, w.sentence, fmt.Sprintf("%d in flight: %s", len(names), strings.Join(names, ", ")),
	)
}

// expectDispatches checks how many hosts of a rollout are dispatched from one entry on and before
// another.
func expectDispatches(w *world, n amount, id reducer.RolloutID, from, before int) error {
	r, err := w.history.rollout(id)
	if err != nil {
		return err
	}
	var hosts []string
	entry := noEntry
	for _, h := range r.hosts {
		for _, d := range h.dispatches {
			if d >= from && d < before {
				hosts = append(hosts, string(h.id))
				if entry == noEntry || d < entry {
					entry = d
				}
				break
			}
		}
	}
	if n.holds(len(hosts), len(r.hosts)) {
		return nil
	}
	const most = 5
	found := fmt.Sprintf("%d of %d dispatched", len(hosts), len(r.hosts))
	if len(hosts) > 0 {
		found += ": " + strings.Join(hosts[:min(most, len(hosts))], ", ")
	}
	if len(hosts) > most {
		found += ", …"
	}
	return w.fail(entry, w.sentence, found)
}
