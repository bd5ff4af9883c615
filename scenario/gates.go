package scenario

import (
	"fmt"
	"strings"

	"rollsim/reducer"
	"rollsim/sim"
)

// buildEdges sets what the channels and their hosts wait for, and rejects cycles.
func (b *builder) buildEdges(channels []sim.Channel) {
	waits := make([][]int, len(channels)) // by channel
	for i := range channels {
		if b.enough() {
			return
		}
		c := &b.doc.Channels[i]
		seen := make(map[reducer.ChannelID]bool)
		for j, id := range c.After {
			where := at("channels", i, "after", j)
			n := b.channelNamed(id)
			switch {
			case n < 0:
				b.reject(where, "%v", unknownName{"channel", string(id), b.channels})
			case seen[id]:
				b.reject(where, "after: channel %s is listed twice", id)
			default:
				waits[i] = append(waits[i], n)
			}
			seen[id] = true
		}
		channels[i].After = c.After
		channels[i].HostEdges = b.buildHostEdges(i)
	}
	if cycle := sim.Circle(waits); cycle != nil {
		b.reject(
			at("channels", cycle[0], "after"), "after: %s",
			describeCycle("channel", cycle, func(n int) string { return b.channels[n] }),
		)
	}
}

func (b *builder) buildHostEdges(i int) []sim.HostEdge {
	var made []sim.HostEdge
	var names []reducer.HostID
	var waits [][]int // by host, in the order of names
	number := make(map[reducer.HostID]int)
	numberOf := func(id reducer.HostID) int {
		n, ok := number[id]
		if !ok {
			n = len(names)
			number[id], names, waits = n, append(names, id), append(waits, nil)
		}
		return n
	}
	for j, e := range b.doc.Channels[i].HostEdges {
		if b.enough() {
			return made
		}
		b.checkMember(e.Host, i, at("channels", i, "host_edges", j, "host"))
		b.checkMember(e.After, i, at("channels", i, "host_edges", j, "after"))
		host, after := numberOf(e.Host), numberOf(e.After)
		waits[host] = append(waits[host], after)
		made = append(made, sim.HostEdge{Host: e.Host, After: e.After})
	}
	if cycle := sim.Circle(waits); cycle != nil {
		b.reject(at("channels", i, "host_edges"), "host_edges: %s",
			describeCycle("host", cycle, func(n int) string { return string(names[n]) }))
	}
	return made
}

// describeCycle describes a cycle of channels or hosts that wait for each other.
func describeCycle(noun string, cycle []int, name func(int) string) string {
	if len(cycle) == 1 {
		return fmt.Sprintf("%s %s waits for itself", noun, name(cycle[0]))
	}
	const most = 10
	var names []string
	for _, n := range cycle[:min(most, len(cycle))] {
		names = append(names, name(n))
	}
	list := strings.Join(names, ", ")
	if more := len(cycle) - most; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("%ss %s wait for each other in a cycle", noun, list)
}

func (b *builder) buildBudgets() []sim.Budget {
	var made []sim.Budget
	seen := make(map[string]bool)
	for i := range b.doc.Budgets {
		if b.tooMany("budgets", i) {
			return made
		}
		budget := &b.doc.Budgets[i]
		b.checkName("the budget's name", budget.Name, "", at("budgets", i, "name"))
		if seen[budget.Name] {
			b.reject(at("budgets", i, "name"), "budget %s is declared twice", quote(budget.Name))
		}
		seen[budget.Name] = true
		one := sim.Budget{
			Name: budget.Name, Hosts: budget.Hosts,
			MaxInFlight: int(budget.MaxInFlight.count), Percent: int(budget.MaxInFlight.percent),
		}
		switch {
		case (budget.Hosts == nil) == (budget.Selector == nil):
			b.reject(at("budgets", i), "a budget needs either hosts or selector")
		case budget.Selector != nil:
			one.Selector = *budget.Selector
			b.checkSelector(one.Selector, at("budgets", i, "selector"))
		default:
			b.checkPatterns(budget.Hosts, "budgets", i)
		}
		if one.Percent == 0 && (one.MaxInFlight < 1 || one.MaxInFlight > MaxHosts) {
			b.reject(at("budgets", i, "max_in_flight"),
				"max_in_flight: must be from 1 to %d, or from 1%% to 100%%", MaxHosts)
		}
		made = append(made, one)
	}
	return made
}

func (b *builder) buildQuarantine() []sim.QuarantineEntry {
	var made []sim.QuarantineEntry
	for i := range b.doc.Quarantine {
		if b.enough() {
			return made
		}
		made = append(made, *b.buildClosure(&b.doc.Quarantine[i], at("quarantine", i)))
	}
	return made
}

// buildClosure builds a closure on a channel from the value at a path.
func (b *builder) buildClosure(c *closure, path []any) *sim.QuarantineEntry {
	if n := b.channelNamed(c.Channel); n < 0 {
		b.reject(append(path, "channel"), "%v", unknownName{"channel", string(c.Channel), b.channels})
	} else {
		b.checkRef(n, string(c.Closure), append(path, "closure"))
	}
	return &sim.QuarantineEntry{Channel: c.Channel, Closure: c.Closure}
}
