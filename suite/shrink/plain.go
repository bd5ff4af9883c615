package shrink

import (
	"slices"
	"time"

	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
)

// The passes of this file change many values at once, where changing one of them is not enough.

// tryTimes moves lines of the timeline together: all of them to the times that a person would
// write, and each to the time of another one. It also sets the default retention and horizon at
// once.
func tryTimes(s *shrinker) bool {
	accepted := false
	if !s.fast {
		accepted = s.tryLong(func(sc *sim.Scenario) {
			sc.Horizon = scenario.DefaultHorizon
			for i := range sc.Channels {
				sc.Channels[i].Policy.RetentionSeconds = int64(scenario.DefaultRetention / time.Second)
			}
		})
	}
	for _, step := range steps {
		ok := s.try(func(sc *sim.Scenario) { apart(sc, step) })
		accepted = accepted || ok
	}
	for i := 0; i < len(s.best.Timeline); i++ {
		ok := s.try(func(sc *sim.Scenario) { // and all others by as much
			first := sc.Timeline[i].At
			for j := range sc.Timeline {
				if sc.Timeline[j].When == nil {
					sc.Timeline[j].At = max(0, sc.Timeline[j].At-first)
				}
			}
		})
		accepted = accepted || ok
		for j := 0; j < min(len(s.best.Timeline), fewLines); j++ {
			if j == i || s.best.Timeline[i].When != nil || s.best.Timeline[j].When != nil {
				continue
			}
			ok := s.try(func(sc *sim.Scenario) { sc.Timeline[i].At = sc.Timeline[j].At })
			accepted = accepted || ok
		}
	}
	return accepted
}

// longRun is how many entries the run of a small case may have at most for the default horizon. It
// does not depend on the seed, so that all seeds of a failure end with the same horizon.
const longRun = 50_000

// tryLong is try for an edit that makes the run longer.
func (s *shrinker) tryLong(edit func(*sim.Scenario)) bool {
	longest := s.longest
	s.longest = min(longest, longRun)
	accepted := s.try(edit)
	s.longest = longest
	return accepted
}

// steps are the times from one line to the next that are tried for all lines at once.
var steps = []time.Duration{0, time.Minute, time.Hour}

// apart puts the same time between each line of the timeline and the next.
func apart(sc *sim.Scenario, step time.Duration) {
	n := 0
	for i := range sc.Timeline {
		if sc.Timeline[i].When == nil {
			sc.Timeline[i].At = time.Duration(n) * step
			n++
		}
	}
}

// tryPlain makes much of the case plain at once: the values of channels and the times of the
// timeline, without gates; the same with plain names, and with one host fewer.
func tryPlain(s *shrinker) bool {
	accepted := false
	plain := func(sc *sim.Scenario, soak, step time.Duration) {
		for i := range sc.Channels {
			ch := &sc.Channels[i]
			ch.PollInterval, ch.HostEdges = scenario.DefaultPoll, nil
			for w := range ch.Waves {
				ch.Waves[w].Soak = soak
			}
		}
		sc.Budgets, sc.Delays = nil, nil
		apart(sc, step)
	}
	usual := scenario.DefaultSoak(s.best.ControlPlane)
	for host := -1; host < len(allHosts(s.best)); host++ {
		for _, soak := range slices.Compact([]time.Duration{0, usual, time.Hour}) {
			for n := range 2 * len(steps) {
				hosts := allHosts(s.best)
				ok := host < len(hosts) && s.try(func(sc *sim.Scenario) {
					if host >= 0 {
						removeHost(sc, hosts[host])
					}
					plain(sc, soak, steps[n/2])
					if n%2 == 1 {
						renamingOf(sc).apply(sc)
					}
				})
				accepted = accepted || ok
			}
		}
	}
	return accepted
}

// trySeeds replaces the seed with a small one, and names everything plainly: the seed and the names
// of hosts decide the order in which the shipped control plane visits them, and when. So a line may
// have to move with the seed.
func trySeeds(s *shrinker) bool {
	accepted := false
	for seed := uint64(1); seed <= fewSeeds; seed++ {
		for _, plain := range []bool{true, false} {
			ok := s.try(func(sc *sim.Scenario) {
				sc.Seed = seed
				if plain {
					renamingOf(sc).apply(sc)
				}
			})
			accepted = accepted || ok
		}
	}
	for i := 0; s.best.Seed != 1 && i < min(len(s.best.Timeline), few); i++ {
		for _, at := range moments {
			ok := s.try(func(sc *sim.Scenario) {
				sc.Seed, sc.Timeline[i].At = 1, at
				renamingOf(sc).apply(sc)
			})
			accepted = accepted || ok
		}
	}
	return accepted
}

// fewSeeds is how many seeds are tried where an order is drawn.
const fewSeeds = 8

// seedSize returns how simple a seed is.
func seedSize(seed uint64) int {
	if seed <= fewSeeds {
		return int(seed) - 1
	}
	return fewSeeds
}

// tryForeign lets raw events be about a host that is not in the fleet: all of them, and each.
func tryForeign(s *shrinker) bool {
	const foreign reducer.HostID = "late-1"
	accepted := s.try(func(sc *sim.Scenario) {
		for i := range sc.Timeline {
			if ev := sc.Timeline[i].Event; ev != nil && ev.Host != "" {
				ev.Host = foreign
			}
		}
	})
	for i := 0; i < len(s.best.Timeline); i++ {
		ev := s.best.Timeline[i].Event
		ok := ev != nil && ev.Host != "" && ev.Host != foreign &&
			s.try(func(sc *sim.Scenario) { sc.Timeline[i].Event.Host = foreign })
		accepted = accepted || ok
	}
	return accepted
}

// tryMisrouted lets events that reach another rollout be those of a rollout of the same channel.
func tryMisrouted(s *shrinker) bool {
	accepted := false
	for i := 0; i < len(s.best.Timeline); i++ { // an edit may remove lines
		a := &s.best.Timeline[i]
		if a.Event == nil || a.Reaches == "" {
			continue
		}
		ok := s.try(func(sc *sim.Scenario) {
			a := &sc.Timeline[i]
			ch, _ := cutRollout(a.Reaches)
			_, ref := cutRollout(a.Event.Rollout)
			if id := reducer.NewRolloutID(ch, ref); id != a.Reaches {
				a.Event.Rollout = id
			} else {
				a.Event.Rollout = reducer.NewRolloutID(ch, ref+"-other")
			}
			renamingOf(sc).apply(sc)
		})
		accepted = accepted || ok
	}
	return accepted
}
