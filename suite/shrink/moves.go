package shrink

import (
	"path"
	"slices"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/sim"
)

// rankOf returns how simple a kind of fault is: a lost message before all others.
func rankOf(kind sim.FaultKind) int { return slices.Index(plainFaults, kind) }

// plainFaults are all kinds of faults, the simplest first.
var plainFaults = []sim.FaultKind{
	sim.MessageDropped, sim.HostLost, sim.HostOffline, sim.AgentRestart, sim.ControlPlaneCrash,
	sim.MessageDelayed, sim.MessageDuplicated, sim.MessageReordered, sim.PollFailed, sim.PollStale,
	sim.ClockSkew, sim.DatabaseError, sim.LogInsertFailed, sim.TornOpeningCrash,
}

// tryKinds replaces faults with simpler ones, so that two runs that fail because a message does not
// arrive have the same case, whatever the fault.
func tryKinds(s *shrinker) bool {
	accepted := false
	for i := 0; i < len(s.best.Timeline); i++ {
		for _, kind := range plainFaults {
			if i >= len(s.best.Timeline) {
				return accepted
			}
			f := s.best.Timeline[i].Fault
			if f == nil || rankOf(kind) >= rankOf(f.Kind) {
				continue
			}
			for _, simple := range simpleFaults(f, kind) {
				ok := s.try(func(sc *sim.Scenario) { sc.Timeline[i].Fault = &simple })
				accepted = accepted || ok
			}
		}
	}
	return accepted
}

// simpleFaults returns faults of another kind that concern the same host.
func simpleFaults(f *sim.FaultNow, kind sim.FaultKind) []sim.FaultNow {
	one := sim.FaultNow{Kind: kind, Host: f.Host, Message: f.Message, Rollout: f.Rollout}
	switch kind {
	case sim.MessageDropped, sim.MessageDuplicated, sim.MessageReordered, sim.DatabaseError,
		sim.LogInsertFailed:
		if f.Host == "" {
			return nil
		}
		plain := one
		plain.Message, plain.Rollout = 0, ""
		return []sim.FaultNow{plain, one}
	case sim.HostLost, sim.AgentRestart:
		if f.Host == "" {
			return nil
		}
		return []sim.FaultNow{{Kind: kind, Host: f.Host}}
	case sim.HostOffline:
		if f.Host == "" {
			return nil
		}
		return lasting(sim.FaultNow{Kind: kind, Host: f.Host})
	case sim.ControlPlaneCrash:
		return lasting(sim.FaultNow{Kind: kind})
	case sim.MessageDelayed:
		if f.Host == "" {
			return nil
		}
		return lasting(one)
	case sim.PollFailed, sim.PollStale, sim.ClockSkew, sim.TornOpeningCrash:
	}
	return nil
}

// lasting returns a fault with the lengths that a person would write.
func lasting(f sim.FaultNow) []sim.FaultNow {
	var all []sim.FaultNow
	for _, d := range nice[1:4] {
		f.For = d
		all = append(all, f)
	}
	return all
}

// tryBudgets replaces globs with all hosts or with those that they match, so that hosts can be
// renamed, and budgets with a wave for each host, which is simpler.
func tryBudgets(s *shrinker) bool {
	accepted := false
	for i := 0; i < len(s.best.Budgets); i++ { // an edit may remove one
		for _, hosts := range [][]string{{"*"}, matched(s.best, s.best.Budgets[i].Hosts)} {
			if i >= len(s.best.Budgets) {
				break
			}
			ok := s.try(func(sc *sim.Scenario) {
				sc.Budgets[i].Selector, sc.Budgets[i].Hosts = "", slices.Clone(hosts)
			})
			accepted = accepted || ok
		}
	}
	if len(s.best.Budgets) > 0 && len(allHosts(s.best)) <= fewLines {
		ok := s.try(func(sc *sim.Scenario) {
			sc.Budgets = nil
			for i := range sc.Channels {
				waves := sc.Channels[i].Waves
				sc.Channels[i].Waves = nil
				for _, w := range waves {
					for _, h := range w.Hosts {
						one := controlplane.Wave{Hosts: []reducer.HostID{h}, Soak: w.Soak}
						sc.Channels[i].Waves = append(sc.Channels[i].Waves, one)
					}
				}
			}
		})
		accepted = accepted || ok
	}
	return accepted
}

// matched returns the hosts that have one of some names or globs.
func matched(sc *sim.Scenario, patterns []string) []string {
	var all []string
	for _, h := range allHosts(sc) {
		if slices.ContainsFunc(patterns, func(p string) bool {
			hit, _ := path.Match(p, string(h))
			return hit
		}) {
			all = append(all, string(h))
		}
	}
	return all
}
