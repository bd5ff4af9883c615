package prove

import (
	"path"
	"slices"

	"rollsim/reducer"
	"rollsim/sim"
)

// hostsOf returns the hosts of a scenario, as declared.
func hostsOf(sc *sim.Scenario) []reducer.HostID {
	var all []reducer.HostID
	for i := range sc.Channels {
		for w := range sc.Channels[i].Waves {
			all = append(all, sc.Channels[i].Waves[w].Hosts...)
		}
		all = append(all, sc.Channels[i].Outside...)
	}
	return all
}

// classesOf returns the hosts of each wave that nothing in the scenario and in what may go wrong
// distinguishes. Where a line waits for a moment of a rollout, it matters which host comes first.
func classesOf(sc *sim.Scenario, allowed []sim.Allowance) [][]reducer.HostID {
	if slices.ContainsFunc(sc.Timeline, func(a sim.Action) bool { return a.When != nil }) {
		return nil
	}
	var classes [][]reducer.HostID
	for i := range sc.Channels {
		for w := range sc.Channels[i].Waves {
			alike := slices.DeleteFunc(
				slices.Clone(sc.Channels[i].Waves[w].Hosts),
				func(host reducer.HostID) bool { return distinguished(sc, allowed, host) },
			)
			if len(alike) > 1 {
				classes = append(classes, alike)
			}
		}
	}
	return classes
}

// distinguished reports whether the scenario says something of a host that it need not say of the
// others of its wave. A budget also serves the hosts of a wave one after the other.
func distinguished(sc *sim.Scenario, allowed []sim.Allowance, host reducer.HostID) bool {
	matches := func(patterns []string) bool {
		return slices.ContainsFunc(patterns, func(pattern string) bool {
			hit, _ := path.Match(pattern, string(host)) // a bad pattern is an error of the run
			return hit
		})
	}
	named := len(sc.Budgets) > 0 || len(sc.Tags) > 0
	for i := range sc.Channels {
		ch := &sc.Channels[i]
		named = named || slices.Contains(ch.Absent, host)
		for _, edge := range ch.HostEdges {
			named = named || edge.Host == host || edge.After == host
		}
	}
	for i := range allowed {
		named = named || matches(allowed[i].Hosts)
	}
	for i := range sc.Groups {
		named = named || matches(sc.Groups[i].Hosts)
	}
	for i := range sc.Running {
		named = named || matches(sc.Running[i].Hosts)
	}
	for i := range sc.Releases {
		named = named || matches(sc.Releases[i].Unchanged)
	}
	return named || singled(sc, host)
}

// singled reports whether a line of a scenario is about a host alone.
func singled(sc *sim.Scenario, host reducer.HostID) bool {
	named := false
	for i := range sc.Fates {
		named = named || sc.Fates[i].Host == host
	}
	for i := range sc.Delays {
		named = named || sc.Delays[i].Host == host
	}
	for i := range sc.Timeline {
		named = named || lineNames(&sc.Timeline[i], host)
	}
	for i := range sc.Sometimes {
		named = named || sc.Sometimes[i].Host == host
	}
	return named
}

// lineNames reports whether a line of a timeline names a host.
func lineNames(a *sim.Action, host reducer.HostID) bool {
	return a.When != nil && a.When.Host == host || a.Fault != nil && a.Fault.Host == host ||
		a.Order != nil && a.Order.Host == host || a.Event != nil && a.Event.Host == host
}

// alike reports whether two hosts are of one class.
func (p *Prover) alike(a, b reducer.HostID) bool {
	return slices.ContainsFunc(p.classes, func(all []reducer.HostID) bool {
		return slices.Contains(all, a) && slices.Contains(all, b)
	})
}

// rank returns the number of a host in its class.
func (p *Prover) rank(host reducer.HostID) int {
	rank := 0
	for _, class := range p.classes {
		rank = max(rank, slices.Index(class, host))
	}
	return rank
}

// stands reports whether a host stands for the others of its class before the instant: no earlier
// one of them is in the same state, so that the deviation would be theirs, too. Where runs cannot
// be copied, it is the first one that no deviation concerns, or one that a deviation concerns.
func (m *menu) stands(host reducer.HostID) bool {
	if m.behind != nil {
		return m.behind.Stands(host)
	}
	i := slices.IndexFunc(m.p.classes, func(all []reducer.HostID) bool {
		return slices.Contains(all, host)
	})
	if i < 0 || m.n.concerns(host) {
		return true
	}
	first := slices.IndexFunc(m.p.classes[i], func(other reducer.HostID) bool {
		return !m.n.concerns(other)
	})
	return m.p.classes[i][first] == host
}
