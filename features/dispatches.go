package features

import (
	"fmt"
	"slices"
	"strings"

	"rollsim/reducer"
)

var hostExpectations = []step{
	{
		topic: "Hosts of a rollout", phase: expects,
		words:   `host(s) {hosts} is/are {host_state}( under (rollout ){rollout})`,
		doc:     "The hosts are in that state at the present, under a rollout or else under the latest one that they joined.",
		example: `host "stable-02" is Soaking under "stable@a1"`,
		do: func(w *world, hosts []reducer.HostID, state reducer.HostState, id reducer.RolloutID) error {
			for _, name := range hosts {
				r, h, err := w.hostOf(name, id)
				if err != nil {
					return err
				}
				c, joined := h.states.at(w.now)
				if !joined || c.to != state {
					found := "not joined yet"
					if joined {
						found = fmt.Sprintf("host %s is %v under %s since %s", name, c.to, r.id, w.time(c.at))
					}
					return w.fail(c.entry, w.current, found)
				}
				if err := w.matched(c.at, c.entry); err != nil {
					return err
				}
			}
			return nil
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words:   `every host of (rollout ){rollout} is {host_state}`,
		doc:     "Every host that joined the rollout is in that state at the present.",
		example: `every host of "stable@a1" is Converged`,
		do: func(w *world, id reducer.RolloutID, state reducer.HostState) error {
			r, err := w.telling.rollout(id)
			if err != nil {
				return err
			}
			if n := w.count(r, state); len(r.hosts) == 0 || n < len(r.hosts) {
				return w.fail(w.telling.about(string(id)), w.current, w.census(r))
			}
			return nil
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words:   `{number} host(s) of (rollout ){rollout} is/are {host_state}`,
		doc:     "So many hosts of the rollout are in that state at the present, no more and no fewer.",
		example: `5 hosts of "stable@a1" are Soaking`,
		do: func(w *world, n uint64, id reducer.RolloutID, state reducer.HostState) error {
			r, err := w.telling.rollout(id)
			if err != nil {
				return err
			}
			if uint64(w.count(r, state)) != n {
				return w.fail(w.telling.about(string(id)), w.current, w.census(r))
			}
			return nil
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words:   `{number} host(s) of (rollout ){rollout} is/are (ever )dispatched`,
		doc:     "So many hosts of the rollout are dispatched in the whole run.",
		example: `6 hosts of "stable@a1" are dispatched`,
		do: func(w *world, n uint64, id reducer.RolloutID) error {
			return w.expectDispatches(n, id, 0)
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words:   `{number} host(s) of (rollout ){rollout} is/are (ever )dispatched after that`,
		doc:     "So many hosts of the rollout are dispatched after that: after what the sentence before was about.",
		example: `no host of "stable@a1" is dispatched after that`,
		do: func(w *world, n uint64, id reducer.RolloutID) error {
			return w.expectDispatches(n, id, w.telling.after(w.that))
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words:   `host(s) {hosts} is/are dispatched under (rollout ){rollout}`,
		doc:     "The hosts are dispatched for the rollout.",
		example: `host "stable-02" is dispatched under "stable@a1"`,
		do: func(w *world, hosts []reducer.HostID, id reducer.RolloutID) error {
			for _, name := range hosts {
				_, h, err := w.hostOf(name, id)
				if err != nil {
					return err
				}
				if len(h.dispatches) == 0 {
					return w.fail(w.telling.about(string(id)), w.current, fmt.Sprintf("host %s is never dispatched", name))
				}
				first := h.dispatches[0]
				if err := w.matched(w.telling.since(w.telling.entries[first].At), first); err != nil {
					return err
				}
			}
			return nil
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words:   `host(s) {hosts} is/are never dispatched( under (rollout ){rollout})`,
		doc:     "The hosts are not dispatched in the whole run, for that rollout or else for any.",
		example: `host "stable-07" is never dispatched under "stable@a1"`,
		do: func(w *world, hosts []reducer.HostID, id reducer.RolloutID) error {
			if err := w.checkHosts(hosts); err != nil {
				return err
			}
			if id != "" {
				if _, err := w.telling.rollout(id); err != nil {
					return err
				}
			}
			for _, r := range w.telling.order {
				for _, h := range r.hosts {
					if (id == "" || id == r.id) && slices.Contains(hosts, h.id) && len(h.dispatches) > 0 {
						return w.fail(h.dispatches[0], w.current, fmt.Sprintf("host %s is dispatched under %s", h.id, r.id))
					}
				}
			}
			return nil
		},
	},
}

// hostOf finds a host of a rollout; without a rollout, of the latest one that it has joined by the present.
func (w *world) hostOf(name reducer.HostID, id reducer.RolloutID) (*rolloutPast, *hostPast, error) {
	if id != "" {
		r, err := w.telling.rollout(id)
		if err != nil {
			return nil, nil, err
		}
		if h := r.host(name); h != nil {
			return r, h, nil
		}
		return nil, nil, fmt.Errorf("host %q never joins rollout %q", name, id)
	}
	for _, r := range slices.Backward(w.telling.order) {
		if h := r.host(name); h != nil && h.states[0].at <= w.now {
			return r, h, nil
		}
	}
	if err := w.checkHosts([]reducer.HostID{name}); err != nil {
		return nil, nil, err
	}
	return nil, nil, fmt.Errorf("host %q has joined no rollout by now", name)
}

// count tells how many hosts of a rollout are in a state at the present.
func (w *world) count(r *rolloutPast, state reducer.HostState) int {
	n := 0
	for _, h := range r.hosts {
		if c, joined := h.states.at(w.now); joined && c.to == state {
			n++
		}
	}
	return n
}

// census says how many hosts of a rollout are in which state at the present.
func (w *world) census(r *rolloutPast) string {
	var parts []string
	for _, s := range reducer.HostStates() {
		if n := w.count(r, s); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %v", n, s))
		}
	}
	if len(parts) == 0 {
		return "no host has joined"
	}
	return strings.Join(parts, ", ")
}

// expectDispatches expects so many hosts of a rollout to be dispatched from an entry on.
func (w *world) expectDispatches(n uint64, id reducer.RolloutID, from int) error {
	r, err := w.telling.rollout(id)
	if err != nil {
		return err
	}
	var hosts []string
	entry := noEntry
	for _, h := range r.hosts {
		for _, d := range h.dispatches {
			if d >= from {
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
