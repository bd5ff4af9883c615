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
		words: `(the/a )budget of {limit} for host(s) {hosts}`,
		doc: "The most of the hosts, of whatever channels, that may be in flight at once: " +
			"Activating, Soaking, or dispatched and not yet acked. The budget is checked at each " +
			"dispatch only: a host that soaks after the reboot that it waited for counts, and affects no " +
			"host that was dispatched before. A percentage of the hosts is rounded down, but at least one " +
			"host; the shipped control plane ignores percentages.",
		example: `a budget of one for hosts "stable-*"`,
		do: func(w *world, most limit, hosts []reducer.HostID) error {
			named, err := w.fleet.match(hosts)
			if err != nil {
				return err
			}
			// The budget has the name that the sentence uses for the hosts.
			return addBudget(
				w, sim.Budget{Name: strings.Join(as[string](hosts), "+"), Hosts: as[string](named)}, most,
			)
		},
	},
	{
		topic: "What holds hosts back", phase: sets,
		words:   `(the/a )budget of {limit} for channel(s) {channels}`,
		doc:     "A budget for all hosts of some channels.",
		example: `a budget of two for channel "stable"`,
		do:      addChannelBudget,
	},
	{
		topic: "What holds hosts back", phase: sets,
		words:   `(the/a )budget of {limit} for all hosts`,
		doc:     "A budget for all hosts of all channels.",
		example: `a budget of 25% for all hosts`,
		do: func(w *world, most limit) error {
			return addBudget(w, sim.Budget{Name: "all", Selector: "all"}, most)
		},
	},
	{
		topic: "What holds hosts back", phase: sets,
		words:   `host(s) {hosts} has/have (the )tag(s) {tags}`,
		doc:     "Tags of hosts, for budgets. A host has the tags of all sentences that name it.",
		example: `hosts "stable-*" have the tag "web"`,
		do:      addTags,
	},
	{
		topic: "What holds hosts back", phase: sets,
		words:   `(the/a )budget of {limit} for (the )tag(s) {tags}`,
		doc:     "A budget for all hosts that have all of the tags.",
		example: `a budget of one for tag "web"`,
		do: func(w *world, most limit, tags []tag) error {
			return addTagBudget(w, "tags", most, tags)
		},
	},
	{
		topic: "What holds hosts back", phase: sets,
		words:   `(the/a )budget of {limit} for any of (the )tags {tags}`,
		doc:     "A budget for all hosts that have one of the tags.",
		example: `a budget of one for any of the tags "web" and "database"`,
		do: func(w *world, most limit, tags []tag) error {
			return addTagBudget(w, "tags_any", most, tags)
		},
	},
	{
		topic: "What holds hosts back", phase: sets,
		words: `host(s) {hosts} wait(s) for host(s) {hosts}`,
		doc: "The first hosts are dispatched only when the others, of the same channel, are " +
			"Converged or Deferred under the same rollout.",
		example: `host "stable-03" waits for host "stable-02"`,
		do:      awaitHosts,
	},
	{
		topic: "What holds hosts back", phase: sets,
		words: `(channel ){channel} waits for channel(s) {channels}`,
		doc: "No host of the channel is dispatched until the rollouts of the refs at which those " +
			"channels point are Superseded, or have been Terminal.",
		example: `channel "stable" waits for channel "edge"`,
		do:      awaitChannels,
	},
	{
		topic: "What holds hosts back", phase: sets,
		words: `(the )quarantine of (channel ){channel} holds ref(s) {refs}`,
		doc: "The refs are quarantined on the channel from the start: their closures are not " +
			"dispatched.",
		example: `the quarantine of channel "stable" holds ref "a1"`,
		do: func(w *world, id reducer.ChannelID, refs []reducer.ChannelRef) error {
			if _, err := w.fleet.channel(id); err != nil {
				return err
			}
			for _, ref := range refs {
				w.fleet.Quarantine = append(
					w.fleet.Quarantine, sim.QuarantineEntry{Channel: id, Closure: reducer.ClosureHash(ref)},
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
		doc: "At some time in the whole run the gate blocks the dispatch of the hosts: " +
			"dispatch-pause, maintenance-window, quarantine, channel-edges, wave-promotion, host-edge or " +
			"disruption-budget. If several gates block a host, only the first of these counts.",
		example: `host "stable-03" is held back by the wave-promotion`,
		solid:   "the gate must hold the hosts back",
		do: func(w *world, hosts []reducer.HostID, by gate, id reducer.RolloutID) error {
			hosts, err := hostsUnder(w, hosts, id)
			if err != nil {
				return err
			}
			for _, h := range hosts {
				i, other := heldBack(w, h, by, id)
				if i == noEntry {
					return w.fail(other, w.sentence, gatesOf(w, h, id))
				}
				if err := w.matchedEntry(i); err != nil {
					return err
				}
			}
			return nil
		},
	},
	{
		topic: "Hosts that were held back", phase: expects, scope: allRun,
		words: `host(s) {hosts} is/are never held back( by (the ){gate})( under (rollout ){rollout})`,
		doc: "At no time in the whole run does the gate, or any gate, block the dispatch of the " +
			"hosts.",
		example: `host "stable-01" is never held back by the disruption-budget`,
		unrun:   true,
		vacuous: noGate,
		do: func(w *world, hosts []reducer.HostID, by gate, id reducer.RolloutID) error {
			hosts, err := hostsUnder(w, hosts, id)
			if err != nil {
				return err
			}
			for _, h := range hosts {
				if i, _ := heldBack(w, h, by, id); i != noEntry {
					return w.fail(i, w.sentence, gatesOf(w, h, id))
				}
			}
			return nil
		},
	},
}

// awaitHosts makes hosts wait for other hosts.
func awaitHosts(w *world, hosts, others []reducer.HostID) error {
	hosts, err := w.fleet.match(hosts)
	if err == nil {
		others, err = w.fleet.match(others)
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
		c := w.fleet.channelOf(h)
		for _, other := range others {
			if w.fleet.channelOf(other) != c {
				return fmt.Errorf(
					"hosts %s and %s are of different channels: let one channel wait for the other", h, other,
				)
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
			return fmt.Errorf("%s would wait for itself, directly or through others", named[circle[0]])
		}
	}
	return nil
}

// awaitChannels makes a channel wait for other channels.
func awaitChannels(w *world, id reducer.ChannelID, others []reducer.ChannelID) error {
	c, err := w.fleet.channel(id)
	if err != nil {
		return err
	}
	for _, other := range others {
		if _, err := w.fleet.channel(other); err != nil {
			return err
		}
		c.After = append(c.After, other)
	}
	var waits [][]int
	for i := range w.fleet.Channels {
		var after []int
		for _, other := range w.fleet.Channels[i].After {
			is := func(c sim.Channel) bool { return c.ID == other }
			after = append(after, slices.IndexFunc(w.fleet.Channels, is))
		}
		waits = append(waits, after)
	}
	if circle := sim.Circle(waits); circle != nil {
		return fmt.Errorf(
			"channel %s would wait for itself, directly or through others", w.fleet.Channels[circle[0]].ID,
		)
	}
	return nil
}

// heldBack returns the first entry in which a gate holds a host back under a rollout. Empty names
// stand for any gate and any rollout. If there is no such entry, other is the last one in which
// another gate does.
func heldBack(w *world, h reducer.HostID, by gate, id reducer.RolloutID) (entry, other int) {
	other = noEntry
	for i := range w.history.entries {
		e := &w.history.entries[i]
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

// gatesOf lists the gates that hold a host back.
func gatesOf(w *world, h reducer.HostID, id reducer.RolloutID) string {
	var lines []string
	for i := range w.history.entries {
		e := &w.history.entries[i]
		if e.Gate != nil && e.Gate.Host == h && (id == "" || e.Gate.Rollout == id) {
			lines = append(
				lines, fmt.Sprintf("%s  %s  %s", elapsed(w.history.since(e.At)), e.Gate.Rollout, e.Gate.Reason),
			)
		}
	}
	if lines == nil {
		return fmt.Sprintf("nothing holds host %s back", h)
	}
	return strings.Join(lines, "\n")
}
