package shrink

import (
	"slices"

	"rollsim/reducer"
	"rollsim/sim"
)

// tryTies exchanges neighbouring lines of the timeline that are due at the same time.
func tryTies(s *shrinker) bool {
	accepted := false
	for i := 1; i < len(s.best.Timeline); i++ {
		if compareTimes(s.best.Timeline[i-1], s.best.Timeline[i]) != 0 {
			continue
		}
		ok := s.try(func(sc *sim.Scenario) {
			sc.Timeline[i-1], sc.Timeline[i] = sc.Timeline[i], sc.Timeline[i-1]
			renamingOf(sc).apply(sc)
		})
		accepted = accepted || ok
	}
	return accepted
}

// plainEvents are the kinds of raw events that say no more than their rollout, the simplest first.
var plainEvents = []reducer.EventKind{reducer.RolloutTerminal, reducer.RetentionExpired}

// tryEvents replaces raw events with simpler ones of their rollout.
func tryEvents(s *shrinker) bool {
	accepted := false
	for i := 0; i < len(s.best.Timeline); i++ {
		for _, kind := range plainEvents {
			if i >= len(s.best.Timeline) {
				return accepted
			}
			ev := s.best.Timeline[i].Event
			if ev == nil || ev.Kind == reducer.OperatorClearance || ev.Kind == kind {
				continue
			}
			ok := s.try(func(sc *sim.Scenario) {
				sc.Timeline[i].Event = &reducer.Event{Kind: kind, Rollout: ev.Rollout}
			})
			accepted = accepted || ok
		}
	}
	return accepted
}

// tryEmpty removes all hosts of a channel, and lets the lines that wait for a state of its rollouts
// wait for another one: without hosts, a rollout reaches few. Raw events stay, or are successions,
// which more states accept.
func tryEmpty(s *shrinker) bool {
	accepted := false
	for c := 0; c < len(s.best.Channels); c++ {
		for n := range 2 * len(plainStates) {
			if c >= len(s.best.Channels) || len(hostsOf(&s.best.Channels[c])) == 0 {
				break
			}
			id := s.best.Channels[c].ID
			if !slices.ContainsFunc(s.best.Timeline, func(a sim.Action) bool { return waitsFor(&a, id) }) {
				break
			}
			ok := s.try(func(sc *sim.Scenario) {
				sc.Channels[c].Waves = nil
				for i := range sc.Timeline {
					a := &sc.Timeline[i]
					if !waitsFor(a, id) {
						continue
					}
					a.When, a.At = &sim.Moment{Rollout: a.When.Rollout, State: plainStates[n/2]}, 0
					if n%2 == 1 && a.Event != nil {
						a.Event = &reducer.Event{
							Kind: reducer.SuccessorOpened, Rollout: a.Event.Rollout, Successor: a.When.Rollout,
						}
					}
				}
			})
			accepted = accepted || ok
		}
	}
	return accepted
}

// waitsFor reports whether a line waits for a state of a rollout of a channel.
func waitsFor(a *sim.Action, id reducer.ChannelID) bool {
	if a.When == nil {
		return false
	}
	of, _ := cutRollout(a.When.Rollout)
	return of == id
}
