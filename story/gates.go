package story

import (
	"fmt"
	"slices"
	"strings"

	"rollsim/reducer"
	"rollsim/sim"
)

var gateSteps = []step{
	{
		topic: "What holds hosts back", phase: sets,
		words: `(the/a )budget of {number} for host(s) {hosts}`,
		doc: "At most so many of the hosts, of whatever channels, may be in flight at once: " +
			"Activating, Soaking, or dispatched and not yet acked. It is asked at each dispatch and " +
			"never else: a host that soaks after the reboot it waited for counts, and stops nobody who " +
			"was dispatched meanwhile.",
		example: `a budget of one for hosts "stable-*"`,
		do: func(w *world, most uint64, hosts []reducer.HostID) error {
			named, err := w.hostsNamed(hosts)
			if err != nil {
				return err
			}
			// by what the sentence calls them
			return w.addBudget(strings.Join(as[string](hosts), "+"), most, named)
		},
	},
	{
		topic: "What holds hosts back", phase: sets,
		words:   `(the/a )budget of {number} for channel(s) {channels}`,
		doc:     "The same of all hosts of some channels.",
		example: `a budget of two for channel "stable"`,
		do: func(w *world, most uint64, channels []reducer.ChannelID) error {
			var hosts []reducer.HostID
			var name []string
			for _, id := range channels {
				c, err := w.channel(id)
				if err != nil {
					return err
				}
				for _, wave := range c.Waves {
					hosts = append(hosts, wave.Hosts...)
				}
				name = append(name, string(id))
			}
			return w.addBudget(strings.Join(name, "+"), most, hosts)
		},
	},
	{
		topic: "What holds hosts back", phase: sets,
		words: `host(s) {hosts} wait(s) for host(s) {hosts}`,
		doc: "The first are dispatched only when the others, of the same channel, are Converged " +
			"or Deferred under the same rollout.",
		example: `host "stable-03" waits for host "stable-02"`,
		do:      (*world).awaitHosts,
	},
	{
		topic: "What holds hosts back", phase: sets,
		words: `(channel ){channel} waits for channel(s) {channels}`,
		doc: "No host of the channel is dispatched before the rollouts of what those point at " +
			"have been Terminal, or are Superseded.",
		example: `channel "stable" waits for channel "edge"`,
		do:      (*world).awaitChannels,
	},
	{
		topic: "What holds hosts back", phase: sets,
		words: `(the )quarantine of (channel ){channel} holds ref(s) {refs}`,
		doc: "The refs are quarantined on the channel from the start: what they build is not " +
			"dispatched.",
		example: `the quarantine of channel "stable" holds ref "a1"`,
		do: func(w *world, id reducer.ChannelID, refs []reducer.ChannelRef) error {
			if _, err := w.channel(id); err != nil {
				return err
			}
			for _, ref := range refs {
				w.scenario.Quarantine = append(
					w.scenario.Quarantine, sim.QuarantineEntry{Channel: id, Closure: reducer.ClosureHash(ref)},
				)
			}
			return nil
		},
	},
}

var gateExpectations = []step{
	{
		topic: "Hosts that were held back", phase: expects,
		words: `host(s) {hosts} is/are held back by (the ){gate}( under (rollout ){rollout})`,
		doc: "At some time in the whole run the hosts are not dispatched because of that gate: " +
			"quarantine, channel-edges, wave-promotion, host-edges or disruption-budget. Of several " +
			"gates only the first one counts.",
		example: `host "stable-03" is held back by the wave-promotion`,
		do: func(w *world, hosts []reducer.HostID, by gate, id reducer.RolloutID) error {
			hosts, err := w.hostsUnder(hosts, id)
			if err != nil {
				return err
			}
			for _, h := range hosts {
				i, other := w.heldBack(h, by, id)
				if i == noEntry {
					return w.fail(other, w.current, w.gatesOf(h, id))
				}
				if err := w.matched(w.at(i), i); err != nil {
					return err
				}
			}
			return nil
		},
	},
	{
		topic: "Hosts that were held back", phase: expects,
		words:   `host(s) {hosts} is/are never held back( by (the ){gate})( under (rollout ){rollout})`,
		doc:     "That gate, or else any, holds the hosts back at no time in the whole run.",
		example: `host "stable-01" is never held back by the disruption-budget`,
		do: func(w *world, hosts []reducer.HostID, by gate, id reducer.RolloutID) error {
			hosts, err := w.hostsUnder(hosts, id)
			if err != nil {
				return err
			}
			for _, h := range hosts {
				if i, _ := w.heldBack(h, by, id); i != noEntry {
					return w.fail(i, w.current, w.gatesOf(h, id))
				}
			}
			return nil
		},
	},
}

func (w *world) addBudget(name string, most uint64, hosts []reducer.HostID) error {
	if most < 1 || most > maxHosts {
		return fmt.Errorf("a budget is from 1 to %d", maxHosts)
	}
	for _, b := range w.scenario.Budgets {
		if b.Name == name {
			return fmt.Errorf("there is a budget for %s already", name)
		}
	}
	w.scenario.Budgets = append(
		w.scenario.Budgets, sim.Budget{Name: name, Hosts: as[string](hosts), MaxInFlight: int(most)},
	)
	return nil
}

// awaitHosts makes hosts wait for other ones.
func (w *world) awaitHosts(hosts, others []reducer.HostID) error {
	hosts, err := w.hostsNamed(hosts)
	if err == nil {
		others, err = w.hostsNamed(others)
	}
	if err != nil {
		return err
	}
	var named []reducer.HostID
	number := func(h reducer.HostID) int {
		if !slices.Contains(named, h) {
			named = append(named, h)
		}
		return slices.Index(named, h)
	}
	for _, h := range hosts {
		c := w.channelOf(h)
		for _, other := range others {
			if w.channelOf(other) != c {
				return fmt.Errorf("hosts %s and %s are of different channels: a channel can wait for "+
					"another one", h, other)
			}
			c.HostEdges = append(c.HostEdges, sim.HostEdge{Host: h, After: other})
		}
		var waits [][]int
		for _, e := range c.HostEdges {
			for n := max(number(e.Host), number(e.After)); n >= len(waits); {
				waits = append(waits, nil)
			}
			waits[number(e.Host)] = append(waits[number(e.Host)], number(e.After))
		}
		if circle := sim.Circle(waits); circle != nil {
			return fmt.Errorf("then %s waits for itself, be it through others", named[circle[0]])
		}
	}
	return nil
}

// awaitChannels makes a channel wait for other ones.
func (w *world) awaitChannels(id reducer.ChannelID, others []reducer.ChannelID) error {
	c, err := w.channel(id)
	if err != nil {
		return err
	}
	for _, other := range others {
		if _, err := w.channel(other); err != nil {
			return err
		}
		c.After = append(c.After, other)
	}
	var waits [][]int
	for i := range w.scenario.Channels {
		var after []int
		for _, other := range w.scenario.Channels[i].After {
			after = append(
				after, slices.IndexFunc(w.scenario.Channels, func(c sim.Channel) bool { return c.ID == other }),
			)
		}
		waits = append(waits, after)
	}
	if circle := sim.Circle(waits); circle != nil {
		return fmt.Errorf("then channel %s waits for itself, be it through "+
			"others", w.scenario.Channels[circle[0]].ID)
	}
	return nil
}

// channelOf finds the channel of a host of the fleet.
func (w *world) channelOf(h reducer.HostID) *sim.Channel {
	for i := range w.scenario.Channels {
		for _, wave := range w.scenario.Channels[i].Waves {
			if slices.Contains(wave.Hosts, h) {
				return &w.scenario.Channels[i]
			}
		}
	}
	return nil
}

// heldBack finds where a gate, or any, holds a host back, under a rollout or any; where none does,
// where another one does.
func (w *world) heldBack(h reducer.HostID, by gate, id reducer.RolloutID) (entry, other int) {
	other = noEntry
	for i := range w.telling.entries {
		e := &w.telling.entries[i]
		if e.Gate == nil || e.Gate.Host != h || id != "" && e.Gate.Rollout != id {
			continue
		}
		if by == "" || e.Gate.Gate == string(by) {
			return i, noEntry
		}
		other = i
	}
	return noEntry, other
}

// gatesOf lists what holds a host back.
func (w *world) gatesOf(h reducer.HostID, id reducer.RolloutID) string {
	var lines []string
	for i := range w.telling.entries {
		e := &w.telling.entries[i]
		if e.Gate != nil && e.Gate.Host == h && (id == "" || e.Gate.Rollout == id) {
			lines = append(
				lines, fmt.Sprintf("%s  %s  %s", w.time(w.telling.since(e.At)), e.Gate.Rollout, e.Gate.Reason),
			)
		}
	}
	if lines == nil {
		return fmt.Sprintf("nothing holds host %s back", h)
	}
	return strings.Join(lines, "\n")
}
