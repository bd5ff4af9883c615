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
			"have joined: at the present, at another time, or they come to it so long after that, as " +
			"rollouts do.",
		example: `host "stable-02" is Soaking under "stable@a1" while wave 1 of "stable@a1" is soaking`,
		do: func(w *world, hosts []reducer.HostID, state reducer.HostState, id reducer.RolloutID, g glance) error {
			return w.eachHost(
				hosts, id, &g, func(s *subject[reducer.HostState]) error { return s.expect(w, state, &g) },
			)
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words:   `host(s) {hosts} has/have been {host_state}( under (rollout ){rollout})`,
		doc:     "The hosts came to that state at some time up to the present.",
		example: `host "stable-02" has been Soaking`,
		do: func(w *world, hosts []reducer.HostID, state reducer.HostState, id reducer.RolloutID) error {
			return w.eachHost(
				hosts,
				id,
				&glance{kind: atPresent},
				func(s *subject[reducer.HostState]) error {
					return s.expectBeen(w, state, w.now)
				},
			)
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words:   `host(s) {hosts} is/are never {host_state}( under (rollout ){rollout})`,
		doc:     "The hosts never come to that state, before or after.",
		example: `host "stable-02" is never Failed under "stable@a1"`,
		do: func(w *world, hosts []reducer.HostID, state reducer.HostState, id reducer.RolloutID) error {
			return w.eachHost(hosts, id, &glance{kind: inTheEnd}, func(s *subject[reducer.HostState]) error {
				return s.expectNever(w, state)
			})
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words: `every host of (rollout ){rollout} is {host_state}{at}`,
		doc: "Every host that joined the rollout is in that state, at the present, at another " +
			"time, or so long after that.",
		example: `every host of "stable@b2" is Converged`,
		do: func(w *world, id reducer.RolloutID, state reducer.HostState, g glance) error {
			return w.expectHosts(id, state, &g, func(n, all int) bool { return n == all && all > 0 })
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words: `{number} host(s) of (rollout ){rollout} is/are {host_state}{at}`,
		doc: "So many hosts of the rollout are in that state, no more and no fewer, at the " +
			"present, at another time, or so long after that.",
		example: `2 hosts of "stable@a1" are Soaking while wave 1 of "stable@a1" is soaking`,
		do: func(w *world, want uint64, id reducer.RolloutID, state reducer.HostState, g glance) error {
			return w.expectHosts(id, state, &g, func(n, _ int) bool { return uint64(n) == want })
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words:   `at most {number} host(s) of (rollout ){rollout} is/are ever in flight`,
		doc:     "At no time in the whole run are more hosts of the rollout Activating or Soaking.",
		example: `at most 2 hosts of "stable@a1" are ever in flight`,
		do: func(w *world, most uint64, id reducer.RolloutID) error {
			if _, err := w.telling.rollout(id); err != nil {
				return err
			}
			return w.expectInFlight(
				most, func(_ reducer.HostID, of reducer.RolloutID) bool { return of == id },
			)
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words: `at most {number} of hosts {hosts} is/are ever in flight`,
		doc: "The same of some hosts, under whatever rollouts. What becomes of a host under a " +
			"rollout that it no longer works for does not count.",
		example: `at most one of hosts "stable-*" is ever in flight`,
		do: func(w *world, most uint64, hosts []reducer.HostID) error {
			hosts, err := w.hostsNamed(hosts)
			if err != nil {
				return err
			}
			return w.expectInFlight(
				most, func(h reducer.HostID, _ reducer.RolloutID) bool { return slices.Contains(hosts, h) },
			)
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words:   `{number} host(s) of (rollout ){rollout} is/are (ever )dispatched`,
		doc:     "So many hosts of the rollout are dispatched in the whole run.",
		example: `6 hosts of "stable@a1" are dispatched`,
		do: func(w *world, n uint64, id reducer.RolloutID) error {
			return w.expectDispatches(n, id, 0, math.MaxInt)
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words: `{number} host(s) of (rollout ){rollout} is/are (ever )dispatched after that`,
		doc: "So many hosts of the rollout are dispatched after that: after what the sentence " +
			"before was about.",
		example: `no host of "stable@a1" is dispatched after that`,
		do: func(w *world, n uint64, id reducer.RolloutID) error {
			return w.expectDispatches(n, id, w.telling.after(w.that), math.MaxInt)
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words: `{number} host(s) of (rollout ){rollout} is/are (ever )dispatched after {fact}`,
		doc: "So many hosts of the rollout are dispatched after something is true for the first " +
			"time.",
		example: `no host of "stable@a1" is dispatched after "stable@a1" is Failed`,
		do: func(w *world, n uint64, id reducer.RolloutID, m moment) error {
			c, err := w.comesTrue(&m)
			if err != nil {
				return err
			}
			return w.expectDispatches(n, id, c.entry+1, math.MaxInt)
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words: `{number} host(s) of (rollout ){rollout} is/are (ever )dispatched before {fact}`,
		doc: "So many hosts of the rollout are dispatched before something is true for the first " +
			"time.",
		example: `no host of "stable@b2" is dispatched before "stable@a1" is Superseded`,
		do: func(w *world, n uint64, id reducer.RolloutID, m moment) error {
			c, err := w.comesTrue(&m)
			if err != nil {
				return err
			}
			return w.expectDispatches(n, id, 0, c.entry)
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words:   `host(s) {hosts} is/are dispatched under (rollout ){rollout}`,
		doc:     "The hosts are dispatched for the rollout.",
		example: `host "stable-02" is dispatched under "stable@a1"`,
		do: func(w *world, hosts []reducer.HostID, id reducer.RolloutID) error {
			hosts, err := w.hostsUnder(hosts, id)
			if err != nil {
				return err
			}
			for _, name := range hosts {
				_, h, err := w.hostOf(name, id, w.now)
				if err != nil {
					return err
				}
				if len(h.dispatches) == 0 {
					return w.fail(w.telling.about(string(id)), w.current, fmt.Sprintf("host %s is never "+
						"dispatched", name))
				}
				first := h.dispatches[0]
				if err := w.matched(w.at(first), first); err != nil {
					return err
				}
			}
			return nil
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words: `host {host} is dispatched {times}( under (rollout ){rollout})`,
		doc: "How often the host is dispatched in the whole run, under that rollout or else under " +
			"the latest that it has joined: once, and again each 60 seconds until it acks.",
		example: `host "stable-01" is dispatched twice under "stable@a1"`,
		do: func(w *world, name reducer.HostID, n times, id reducer.RolloutID) error {
			_, h, err := w.hostOf(name, id, w.now)
			if err != nil {
				return err
			}
			return w.expectCount(h.dispatches, n, "")
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words:   `host(s) {hosts} is/are never dispatched( under (rollout ){rollout})`,
		doc:     "The hosts are not dispatched in the whole run, for that rollout or else for any.",
		example: `host "stable-03" is never dispatched under "stable@a1"`,
		do: func(w *world, hosts []reducer.HostID, id reducer.RolloutID) error {
			hosts, err := w.hostsUnder(hosts, id)
			if err != nil {
				return err
			}
			for _, r := range w.telling.order {
				for _, h := range r.hosts {
					if (id == "" || id == r.id) && slices.Contains(hosts, h.id) && len(h.dispatches) > 0 {
						return w.fail(
							h.dispatches[0], w.current, fmt.Sprintf("host %s is dispatched under %s", h.id, r.id),
						)
					}
				}
			}
			return nil
		},
	},
}

// hostsUnder gives the hosts that are named, be it by a pattern or only by raw events, and checks
// the rollout, if there is one.
func (w *world) hostsUnder(hosts []reducer.HostID, id reducer.RolloutID) ([]reducer.HostID, error) {
	if id != "" {
		if _, err := w.telling.rollout(id); err != nil {
			return nil, err
		}
	}
	var all []reducer.HostID
	for _, h := range hosts {
		if slices.Contains(w.guests, h) {
			all = append(all, h)
			continue
		}
		named, err := w.hostsNamed([]reducer.HostID{h})
		if err != nil {
			return nil, err
		}
		all = append(all, named...)
	}
	return all, nil
}

// eachHost does something with what became of each host under a rollout, or else under the latest
// one that it has joined.
func (w *world) eachHost(
	hosts []reducer.HostID, id reducer.RolloutID, g *glance,
	do func(*subject[reducer.HostState]) error,
) error {
	at := w.now
	switch g.kind {
	case comesAfter:
		at = w.that.at + g.to
		if err := w.reach(at); err != nil {
			return err
		}
	case atOther:
		var err error
		if at, err = w.lookAt(g); err != nil {
			return err
		}
	case inTheEnd:
		at = w.telling.since(w.telling.result.End)
	case atPresent:
	}
	hosts, err := w.hostsUnder(hosts, id)
	if err != nil {
		return err
	}
	for _, name := range hosts {
		r, h, err := w.hostOf(name, id, at)
		if err != nil {
			return err
		}
		err = do(&subject[reducer.HostState]{
			is: fmt.Sprintf("host %s under %s: ", name, r.id), past: h.states,
			never: func(s reducer.HostState) string { return w.whyHostNever(r, s) },
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// hostOf finds a host of a rollout; without a rollout, of the latest one that it has joined by a
// time.
func (w *world) hostOf(
	name reducer.HostID, id reducer.RolloutID, at time.Duration,
) (*rolloutPast, *hostPast, error) {
	if id != "" {
		r, err := w.telling.rollout(id)
		if err != nil {
			return nil, nil, err
		}
		if h := r.host(name); h != nil {
			return r, h, nil
		}
		return nil, nil, w.noMember(name, r)
	}
	for _, r := range slices.Backward(w.telling.order) {
		if h := r.host(name); h != nil && h.states[0].at <= at {
			return r, h, nil
		}
	}
	if err := w.checkHosts([]reducer.HostID{name}, w.guests...); err != nil {
		return nil, nil, err
	}
	return nil, nil, fmt.Errorf("host %q has joined no rollout by %s", name, w.time(at))
}

// expectHosts expects that so many hosts of a rollout are in a state as holds says, of how many in
// all.
func (w *world) expectHosts(
	id reducer.RolloutID, state reducer.HostState, g *glance, holds func(n, all int) bool,
) error {
	r, err := w.rolloutAt(id, g)
	if err != nil {
		return err
	}
	if g.kind != comesAfter {
		at, err := w.lookAt(g)
		if err == nil && !holds(r.count(state, at), len(r.hosts)) {
			err = w.fail(w.telling.about(string(id)), w.current, r.census(at))
		}
		return err
	}
	var moves past[reducer.HostState]
	for _, h := range r.hosts {
		moves = append(moves, h.states...)
	}
	slices.SortFunc(moves, func(a, b change[reducer.HostState]) int { return a.entry - b.entry })
	for _, c := range moves {
		if d := c.at - w.that.at; d >= g.from && d <= g.to && holds(r.count(state, c.at), len(r.hosts)) {
			w.pass(c.at)
			return w.matched(c.at, c.entry)
		}
	}
	return w.fail(w.telling.about(string(id)), w.current+", counted from "+w.time(w.that.at),
		r.census(w.that.at+g.to)+" at "+w.time(w.that.at+g.to))
}

// count tells how many hosts of a rollout are in a state at a time.
func (r *rolloutPast) count(state reducer.HostState, at time.Duration) int {
	n := 0
	for _, h := range r.hosts {
		if c, joined := h.states.at(at); joined && c.to == state {
			n++
		}
	}
	return n
}

// census says how many hosts of a rollout are in which state at a time.
func (r *rolloutPast) census(at time.Duration) string {
	var parts []string
	for _, s := range reducer.HostStates() {
		if n := r.count(s, at); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %v", n, s))
		}
	}
	if len(parts) == 0 {
		return "no host has joined"
	}
	return strings.Join(parts, ", ")
}

// expectInFlight expects that of some hosts no more than so many are ever Activating or Soaking at
// once.
func (w *world) expectInFlight(
	most uint64, counts func(reducer.HostID, reducer.RolloutID) bool,
) error {
	flying := make(map[reducer.HostID]reducer.RolloutID)
	for i := range w.telling.entries {
		e := &w.telling.entries[i]
		if e.Event == nil || e.Event.Kind != reducer.HostStateChanged || w.telling.refused(i) {
			continue
		}
		delete(flying, e.Event.Host)
		if e.Event.To.InFlight() && counts(e.Event.Host, e.Rollout) {
			flying[e.Event.Host] = e.Rollout
		}
		if uint64(len(flying)) > most {
			names := as[string](slices.Sorted(maps.Keys(flying)))
			return w.fail(
				i, w.current, fmt.Sprintf("%d in flight: %s", len(flying), strings.Join(names, ", ")),
			)
		}
	}
	return nil
}

// expectDispatches expects so many hosts of a rollout to be dispatched from an entry on, and before
// another one.
func (w *world) expectDispatches(n uint64, id reducer.RolloutID, from, before int) error {
	r, err := w.telling.rollout(id)
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
	if uint64(len(hosts)) == n {
		return nil
	}
	const most = 5
	found := fmt.Sprintf("%d dispatched", len(hosts))
	if len(hosts) > 0 {
		found += ": " + strings.Join(hosts[:min(most, len(hosts))], ", ")
	}
	if len(hosts) > most {
		found += ", …"
	}
	return w.fail(entry, w.current, found)
}
