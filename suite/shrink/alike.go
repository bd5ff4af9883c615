package shrink

import (
	"fmt"
	"slices"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
)

// The passes of this file make two cases with the same cause alike: they replace a thing with
// another one that is not smaller, but the one that is chosen everywhere.

// few is how many hosts or channels a case may have for edits of two of them at once.
const few = 4

// plainFates are all kinds of fates, the simplest first.
var plainFates = []sim.FateKind{
	sim.FailsActivation, sim.FailsProbes, sim.Defers, sim.NeverAnswers, sim.NeverRollsBack,
	sim.ConvergesAnyway, sim.FailsControl,
}

// tryFates replaces fates with simpler ones.
func tryFates(s *shrinker) bool {
	accepted := false
	for i := 0; i < len(s.best.Fates); i++ {
		rank := slices.Index(plainFates, s.best.Fates[i].Kind)
		for _, kind := range plainFates[:max(0, rank)] {
			ok := s.try(func(sc *sim.Scenario) {
				f := &sc.Fates[i]
				*f = sim.Fate{Host: f.Host, Ref: f.Ref, Kind: kind, Once: f.Once}
				resetStages(sc)
			})
			if accepted = accepted || ok; ok {
				break
			}
		}
	}
	return accepted
}

// plainStates are the states of a rollout for which a line of the timeline may wait, the simplest
// first.
var plainStates = []reducer.State{
	reducer.Active, reducer.Terminal, reducer.Pruned, reducer.Failed, reducer.Reverted,
	reducer.Superseded, reducer.Converging, reducer.Opening,
}

// momentSize returns how simple the moment of a line is.
func momentSize(m *sim.Moment) int {
	if m == nil {
		return 0
	}
	size := slices.Index(plainStates, m.State)
	if m.HostState != 0 {
		size = len(plainStates) + int(m.HostState)
	}
	return size
}

// tryMoments lets lines wait for a simpler state of their rollout, and for nothing else.
func tryMoments(s *shrinker) bool {
	accepted := false
	for i := 0; i < len(s.best.Timeline); i++ {
		m := s.best.Timeline[i].When
		for n := 0; m != nil && n < min(momentSize(m)+1, len(plainStates)); n++ {
			for _, plain := range []bool{false, true} {
				ok := s.try(func(sc *sim.Scenario) {
					a := &sc.Timeline[i]
					a.When, a.At = &sim.Moment{Rollout: m.Rollout, State: plainStates[n]}, 0
					for c := range sc.Channels {
						if plain {
							retention := int64(scenario.DefaultRetention / time.Second)
							sc.Channels[c].Policy.RetentionSeconds = retention
						}
					}
				})
				accepted = accepted || ok
			}
		}
	}
	return accepted
}

// tryTwins exchanges the hosts of a channel, except for their places in its waves, and the places
// of channels.
func tryTwins(s *shrinker) bool {
	accepted := false
	for c := 0; c < len(s.best.Channels); c++ {
		hosts := hostsOf(&s.best.Channels[c])
		for i := range min(len(hosts), few) {
			for j := range i {
				a, b := hosts[i], hosts[j]
				swap := renaming{hosts: map[reducer.HostID]reducer.HostID{a: b, b: a}}
				ok := s.try(func(sc *sim.Scenario) {
					channels := sc.Channels
					sc.Channels = nil
					swap.apply(sc)
					sc.Channels = channels
				})
				accepted = accepted || ok
			}
		}
		for d := range min(c, few) {
			ok := s.try(func(sc *sim.Scenario) {
				sc.Channels[c], sc.Channels[d] = sc.Channels[d], sc.Channels[c]
				renamingOf(sc).apply(sc)
			})
			accepted = accepted || ok
		}
	}
	return accepted
}

// tryMoves replaces a lift of the quarantine with a move of its channel, and the ref of a move with
// that of a move of another channel.
func tryMoves(s *shrinker) bool {
	accepted := false
	for i := 0; i < len(s.best.Timeline); i++ { // an edit may remove lines
		if lift := s.best.Timeline[i].Lift; lift != nil {
			ok := s.try(func(sc *sim.Scenario) {
				sc.Timeline[i].Lift = nil
				sc.Timeline[i].SetRef = &sim.RefChange{Channel: lift.Channel, Ref: "next"}
				renamingOf(sc).apply(sc)
			})
			accepted = accepted || ok
		}
		for j := 0; j < len(s.best.Timeline) && i < len(s.best.Timeline); j++ {
			move, other := s.best.Timeline[i].SetRef, s.best.Timeline[j].SetRef
			if move == nil || other == nil || move.Channel == other.Channel || move.Ref == other.Ref {
				continue
			}
			ok := s.try(func(sc *sim.Scenario) {
				sc.Timeline[i].SetRef.Ref = other.Ref
				renamingOf(sc).apply(sc)
			})
			accepted = accepted || ok
		}
	}
	return accepted
}

// tryMerges moves the hosts of a channel into the first wave of another one, with and without the
// channel that is left.
func tryMerges(s *shrinker) bool {
	accepted := false
	for i := 0; i < len(s.best.Channels); i++ {
		for j := 0; j < len(s.best.Channels) && i < len(s.best.Channels); j++ {
			if i == j || len(hostsOf(&s.best.Channels[i])) == 0 {
				continue
			}
			for _, remove := range []bool{true, false} {
				ok := s.try(func(sc *sim.Scenario) {
					from, to := &sc.Channels[i], &sc.Channels[j]
					if len(to.Waves) == 0 {
						to.Waves = []controlplane.Wave{{}}
					}
					to.Waves[0].Hosts = append(to.Waves[0].Hosts, hostsOf(from)...)
					from.Waves, from.Outside = nil, nil
					if remove {
						sc.Channels = slices.Delete(sc.Channels, i, i+1)
					}
				})
				if accepted = accepted || ok; ok {
					break
				}
			}
		}
	}
	return accepted
}

// tryEdges replaces a host that waits for another one with a host of a wave of its own.
func tryEdges(s *shrinker) bool {
	accepted := false
	for c := 0; c < len(s.best.Channels); c++ {
		for e := len(s.best.Channels[c].HostEdges) - 1; e >= 0; e-- {
			ok := s.try(func(sc *sim.Scenario) {
				ch := &sc.Channels[c]
				edge := ch.HostEdges[e]
				w := slices.IndexFunc(ch.Waves, func(w controlplane.Wave) bool {
					return slices.Contains(w.Hosts, edge.After)
				})
				if w < 0 {
					return
				}
				removeHost(sc, edge.Host)
				next := controlplane.Wave{
					Hosts: []reducer.HostID{edge.Host}, Soak: ch.Waves[w].Soak,
				}
				ch.Waves = slices.Insert(ch.Waves, w+1, next)
				ch.HostEdges = slices.Delete(ch.HostEdges, e, e+1)
			})
			accepted = accepted || ok
		}
	}
	return accepted
}

// tryRefs replaces a host with another ref of the channel, while the other hosts are soaking: two
// rollouts of one host instead of one rollout of two.
func tryRefs(s *shrinker) bool {
	accepted := false
	hosts := allHosts(s.best)
	for i := len(hosts) - 1; i >= 0 && len(hosts) > 1 && len(hosts) <= few; i-- {
		for n := range 2 * len(s.best.Channels) {
			ok := s.try(func(sc *sim.Scenario) {
				removeHost(sc, hosts[i])
				ch := &sc.Channels[n/2]
				for w := range ch.Waves {
					if n%2 == 1 {
						ch.Waves[w].Soak = time.Hour
					}
				}
				ref := reducer.ChannelRef(fmt.Sprintf("next%d", len(sc.Timeline)))
				sc.Timeline = append(sc.Timeline, sim.Action{
					At: time.Minute, SetRef: &sim.RefChange{Channel: ch.ID, Ref: ref},
				})
			})
			if ok {
				return true
			}
		}
	}
	return accepted
}
