package shrink

import (
	"slices"
	"time"

	"rollsim/controlplane"
	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
)

// The pass of this file replaces the whole case with a sketch: one channel, at most two hosts, one
// to three moves, and the other lines of the case at a plain moment. The sketches do not depend on
// the seed, so that failures which begin far apart end in the same case.

// mostSketches is how many sketches a case is compared with, with lines of it and without: the
// simplest ones. otherSketches is how many of them are tried with other seeds.
const mostSketches, otherSketches = 500, 200

// longSketch is how many entries the run of a sketch may have.
const longSketch = 4_000

// sketch is a scenario that may be simpler than the case. Its stages take no time.
type sketch struct {
	sc      *sim.Scenario
	numbers []int // of its size, if no stage needs to be in its file
	more    int   // lines that it still needs
}

// trySketches replaces the case with the simplest sketch that shows its key.
func trySketches(s *shrinker) bool {
	if s.fast || s.sketched == s.best || s.plane != nil {
		return false
	}
	accepted := false
	for _, k := range s.sketches() {
		accepted = s.trySketch(&k) || accepted
		if s.err != nil {
			return accepted
		}
	}
	s.sketched = s.best
	return accepted
}

// sketches returns the simplest sketches, in the order of their size. Lines only add to the size of
// a base, so that only few of them are put together.
func (s *shrinker) sketches() []sketch {
	lines := extraLines(s.best)
	var all []sketch
	for n := range 1 + len(lines[len(lines)-1]) {
		if slices.ContainsFunc(lines, func(more []sim.Action) bool { return len(more) == n }) {
			all = append(all, s.smaller(s.bases(), n)...)
		}
	}
	slices.SortStableFunc(all, compareSketches)
	var whole []sketch
	for _, with := range []bool{false, true} {
		most := len(whole) + mostSketches
		for _, k := range all {
			for _, more := range lines {
				if len(more) != k.more || k.more > 0 != with || len(whole) == most {
					continue
				}
				if sc := withLines(k.sc, more); sc != nil {
					whole = append(whole, s.smaller([]*sim.Scenario{sc}, 0)...)
				}
			}
		}
	}
	slices.SortStableFunc(whole, compareSketches)
	if !specified(s.best) {
		for _, k := range slices.Clone(whole[:min(len(whole), otherSketches)]) {
			for seed := uint64(2); seed <= fewSeeds/2; seed++ {
				sc := clone(k.sc)
				sc.Seed = seed
				whole = append(whole, s.smaller([]*sim.Scenario{sc}, 0)...)
			}
		}
	}
	slices.SortStableFunc(whole, compareSketches)
	return whole
}

func compareSketches(a, b sketch) int { return slices.Compare(a.numbers, b.numbers) }

// smaller returns the scenarios that may be smaller than the case when they have more lines.
func (s *shrinker) smaller(scenarios []*sim.Scenario, more int) []sketch {
	var all []sketch
	for _, sc := range scenarios {
		numbers := numbersOf(sc)
		numbers[timelineNumber] += more
		numbers[behaviourNumber] = 0
		if slices.Compare(numbers, s.size.numbers) <= 0 {
			all = append(all, sketch{sc, numbers, more})
		}
	}
	return all
}

// trySketch is try for a sketch. The stages that no host reaches are left out of its file.
func (s *shrinker) trySketch(k *sketch) bool {
	if slices.Compare(k.numbers, s.size.numbers) > 0 {
		return false
	}
	longest := s.longest
	defer func() { s.longest = longest }()
	s.longest = min(longest, longSketch)
	v, err := s.judge(k.sc, text(k.sc, s.opt.Machine.Name()))
	if err != nil {
		s.err = err
	}
	if err != nil || !v.holds {
		return false
	}
	s.leaveOut(k.sc)
	return s.try(func(sc *sim.Scenario) { *sc = *clone(k.sc) })
}

// leaveOut leaves the stages that no host reaches out of a file in which stages take no time.
func (s *shrinker) leaveOut(sc *sim.Scenario) {
	shortest, err := sim.Constant(time.Millisecond)
	if err != nil {
		return
	}
	c := clone(sc)
	for _, d := range delaysOf(&c.Behaviour) {
		*d = shortest
	}
	said, err := explicit(c, s.options(c), sim.FaultKinds())
	if err != nil {
		return
	}
	usual := scenario.DefaultBehaviour()
	for i, stage := range sim.Stages() {
		if !slices.ContainsFunc(said.Delays, func(d sim.Delay) bool { return d.Stage == stage }) {
			*delaysOf(&sc.Behaviour)[i] = *delaysOf(&usual)[i]
		}
	}
}

// bases returns the scenarios to which the lines of the case are added.
func (s *shrinker) bases() []*sim.Scenario {
	var all []*sim.Scenario
	first, second := hostNames[0], hostNames[1]
	for _, waves := range [][][]reducer.HostID{
		nil, {{first}}, {{}, {first}}, {{first}, {}}, {{first, second}}, {{first}, {second}},
	} {
		for moves := 1; moves <= 3; moves++ {
			for _, edit := range s.baseEdits(waves) {
				sc := s.base(waves, moves)
				edit(sc)
				all = append(all, sc)
				if s.movable && specified(sc) && !specified(s.opt.Scenario) {
					drawn := clone(sc)
					drawn.ControlPlane = s.opt.Scenario.ControlPlane
					drawn.Mended = slices.Clone(s.opt.Scenario.Mended)
					all = append(all, drawn)
				}
				if s.key.Invariant == invariant.QuarantineKept {
					sc = clone(sc)
					sc.Quarantine = []sim.QuarantineEntry{{Channel: plainNames[0], Closure: "a1"}}
					all = append(all, sc)
				}
			}
		}
	}
	return all
}

var hostNames = []reducer.HostID{"stable-01", "stable-02"}

// base returns a scenario in which a channel moves a minute after it has moved.
func (s *shrinker) base(waves [][]reducer.HostID, moves int) *sim.Scenario {
	id := plainNames[0]
	sc := &sim.Scenario{
		Name: "case", Seed: 1, Start: scenario.DefaultStart, Horizon: s.best.Horizon,
		ControlPlane: s.best.ControlPlane, Mended: slices.Clone(s.best.Mended),
	}
	if !specified(sc) {
		sc.Horizon = max(2*time.Hour, min(sc.Horizon, 6*time.Hour))
	}
	ch := sim.Channel{
		ID: id, PollInterval: scenario.DefaultPoll, Policy: reducer.DefaultPolicy(),
	}
	for _, hosts := range waves {
		ch.Waves = append(ch.Waves, controlplane.Wave{
			Hosts: slices.Clone(hosts), Soak: scenario.DefaultSoak(sc.ControlPlane),
		})
	}
	sc.Channels = []sim.Channel{ch}
	for i, ref := range []reducer.ChannelRef{"a1", "b2", "a1"}[:moves] {
		sc.Timeline = append(sc.Timeline, sim.Action{
			At: time.Duration(i) * time.Minute, SetRef: &sim.RefChange{Channel: id, Ref: ref},
		})
	}
	return sc
}

// baseEdits returns what makes hosts busy, or fail, and an old manifest if the key is about that.
func (s *shrinker) baseEdits(waves [][]reducer.HostID) []func(*sim.Scenario) {
	nothing := func(*sim.Scenario) {}
	hosts := slices.Concat(waves...)
	if len(hosts) == 0 {
		return []func(*sim.Scenario){nothing}
	}
	busy := []func(*sim.Scenario){
		nothing,
		func(sc *sim.Scenario) {
			for w := range sc.Channels[0].Waves {
				sc.Channels[0].Waves[w].Soak = time.Hour
			}
		},
		takes(hosts[0], sim.ActivationStage, time.Hour),
		takes(hosts[0], sim.AckStage, time.Minute),
		takes(hosts[0], sim.RebootStage, time.Hour),
	}
	all := slices.Clone(busy[:4])
	if s.key.Defect == controlplane.StaleManifest {
		all = append(all, func(sc *sim.Scenario) {
			sc.Releases = []controlplane.Release{{
				Channel: plainNames[0], Ref: "a1", Signed: reducer.Some(-time.Hour),
			}}
		})
	}
	if slices.ContainsFunc(waves, func(wave []reducer.HostID) bool { return len(wave) == 0 }) {
		return append(all, func(sc *sim.Scenario) {
			sc.Fates = []sim.Fate{{Host: hosts[0], Kind: sim.Defers}}
			busy[4](sc)
		})
	}
	for _, h := range hosts {
		for _, kind := range plainFates[:5] {
			for n := range 2 * len(busy) {
				all = append(all, func(sc *sim.Scenario) {
					sc.Fates = append(sc.Fates, sim.Fate{Host: h, Kind: kind})
					if n%2 == 1 {
						sc.Channels[0].Policy.OnHealthFailure = reducer.RollbackAndHalt
					}
					busy[n/2](sc)
				})
			}
		}
		if len(hosts) > 1 {
			for _, policy := range []reducer.HealthPolicy{reducer.Halt, reducer.RollbackAndHalt} {
				all = append(all, failsAmong(h, hosts, policy, true), failsAmong(h, hosts, policy, false))
			}
		}
	}
	return all
}

// takes returns an edit that makes a stage of a host last.
func takes(host reducer.HostID, stage sim.Stage, d time.Duration) func(*sim.Scenario) {
	return func(sc *sim.Scenario) {
		if always, err := sim.Constant(d); err == nil {
			sc.Delays = append(sc.Delays, sim.Delay{Host: host, Stage: stage, Takes: always})
		}
	}
}

// failsAmong returns an edit that lets one host fail, while the others do not answer, or not soon.
func failsAmong(
	fails reducer.HostID, hosts []reducer.HostID, policy reducer.HealthPolicy, soon bool,
) func(*sim.Scenario) {
	return func(sc *sim.Scenario) {
		sc.Channels[0].Policy.OnHealthFailure = policy
		for _, h := range hosts {
			switch {
			case h == fails:
				sc.Fates = append(sc.Fates, sim.Fate{Host: h, Kind: sim.FailsActivation})
			case soon:
				takes(h, sim.AckStage, time.Hour)(sc)
			default:
				sc.Fates = append(sc.Fates, sim.Fate{Host: h, Kind: sim.NeverAnswers})
			}
		}
	}
}

// extraLines returns no line at all, each event and fault of a case alone, and all of them, with
// plain names and at one plain moment.
func extraLines(best *sim.Scenario) [][]sim.Action {
	plain := clone(best)
	renamingOf(plain).apply(plain)
	lines := slices.DeleteFunc(plain.Timeline, func(a sim.Action) bool {
		return a.Event == nil && a.Fault == nil
	})
	all := [][]sim.Action{nil}
	if len(lines) == 0 || len(lines) > few {
		return all
	}
	if len(lines) > 1 {
		for i := range lines {
			all = append(all, atMoments(lines[i:i+1])...)
		}
	}
	return append(all, atMoments(lines)...)
}

// atMoments returns lines, all of them at one plain moment.
func atMoments(lines []sim.Action) (all [][]sim.Action) {
	for _, lines := range withFaults(lines) {
		for _, after := range []time.Duration{0, time.Minute} {
			for _, state := range plainStates {
				all = append(all, at(lines, after, state))
			}
		}
		for _, at0 := range moments[:7] {
			all = append(all, at(lines, at0, 0))
		}
	}
	return all
}

// withFaults returns lines, and the same with a simpler fault if they have one.
func withFaults(lines []sim.Action) [][]sim.Action {
	all := [][]sim.Action{lines}
	i := slices.IndexFunc(lines, func(a sim.Action) bool { return a.Fault != nil })
	if i < 0 {
		return all
	}
	f := copied(lines[i].Fault)
	if f.Host == "" {
		f.Host = hostNames[0]
	}
	for _, kind := range plainFaults[:max(0, rankOf(f.Kind))+1] {
		for _, simple := range simpleFaults(f, kind) {
			other := slices.Clone(lines)
			other[i].Fault = &simple
			all = append(all, other)
		}
	}
	return all
}

// at returns lines at one moment: when their rollout is in a state, or after the start.
func at(lines []sim.Action, after time.Duration, state reducer.State) []sim.Action {
	all := slices.Clone(lines)
	for i := range all {
		a := &all[i]
		a.At, a.When = after, nil
		if state == 0 {
			continue
		}
		a.When = &sim.Moment{Rollout: reducer.NewRolloutID(plainNames[0], "a1"), State: state}
		if a.Event != nil {
			a.When.Rollout = a.Event.Rollout
		}
		if a.Reaches != "" {
			a.When.Rollout = a.Reaches
		}
	}
	return all
}

// withLines returns a copy of a scenario with more lines. It is nil if one of them is about
// something that the scenario does not have.
func withLines(base *sim.Scenario, lines []sim.Action) *sim.Scenario {
	sc := clone(base)
	n := namesOf(sc)
	for _, a := range lines {
		cloneAction(&a)
		if n.dangles(sc, &a) {
			return nil
		}
		sc.Timeline = append(sc.Timeline, a)
	}
	return sc
}
