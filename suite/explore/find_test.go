package explore

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/suite/coverage"
	"rollsim/trace"
)

// few is the range of seeds within which a sweep must find a defect.
var few = Range{1, 300}

func TestSpecificationHolds(t *testing.T) {
	r := sweep(t, &Sweep{Source: drawn("rfc0008"), Seeds: few, Jobs: 2})
	for _, g := range r.Failures() {
		t.Errorf("%s %v %v in %d runs: %+v", g.Invariant, g.State, g.Event, g.Runs, g.First)
	}
	v := r.Coverage("rfc0008")
	if states := v.NeverReached(); states != nil {
		t.Errorf("never reached: %v", states)
	}
	if departures := v.Departures(); departures != nil {
		t.Errorf("departures from itself: %v", departures)
	}
	if never, of := v.NeverHit(reducer.RFC0008()); len(never) > of/3 {
		t.Errorf("%d of %d cells were never hit: %v", len(never), of, never)
	}
}

// TestCanary checks that a sweep finds a planted defect and nothing else.
func TestCanary(t *testing.T) {
	r := sweep(t, &Sweep{Source: drawn(canary), Seeds: few, Jobs: 2})
	for _, g := range r.Failures() {
		if g.Invariant != invariant.Unpruned || g.State != reducer.Superseded {
			t.Errorf("found another failure: %s in %v: %+v", g.Invariant, g.State, g.First)
		}
	}
	if r.OK() {
		t.Error("the planted defect was not found")
	}
}

// TestDefectsOfTheShippedSystem checks that one sweep finds each known defect of the shipped
// system.
func TestDefectsOfTheShippedSystem(t *testing.T) {
	r := sweep(t, &Sweep{Source: drawn("v0.2"), Seeds: few, Jobs: 2})
	v := r.Coverage("v0.2")
	departs := func(s reducer.State, c coverage.Class, a, want coverage.Answer) bool {
		return slices.ContainsFunc(v.Departures(), func(d Departure) bool {
			return d.Place == Place{s, c, a} && slices.Equal(d.Want, []coverage.Answer{want})
		})
	}
	broken := func(name invariant.Name) (found bool) {
		for _, g := range r.Failures() {
			found = found || g.Invariant == name
		}
		return found
	}
	// onlyShipped reports whether an invariant broke, and only under the shipped planner.
	onlyShipped := func(name invariant.Name) bool {
		for _, g := range r.Failures() {
			if g.Invariant == name && !strings.Contains(g.First.Drawn, "shipped planner") {
				return false
			}
		}
		return broken(name)
	}
	for what, found := range map[string]bool{
		"Reverted is unreachable": slices.Contains(v.NeverReached(), reducer.Reverted) &&
			departs(reducer.Failed, coverage.TurnedReverted, coverage.Ignored,
				coverage.Answer(reducer.Reverted)),
		"nothing is ever pruned": slices.Contains(v.NeverReached(), reducer.Pruned) &&
			broken(invariant.Unpruned),
		"a wave that regresses counts as complete": departs(
			reducer.Active, coverage.WaveBackward, coverage.Answer(reducer.Converging),
			coverage.RefusedInvariant),
		"clearance is rejected everywhere": departs(
			reducer.Failed, coverage.Cleared, coverage.RefusedUnimplemented,
			coverage.Answer(reducer.Terminal)) &&
			v.Count(reducer.Failed, coverage.Cleared, coverage.Answer(reducer.Terminal)) == 0,
		"the wave cursor moves without a WaveAdvanced": onlyShipped(invariant.WaveKept),
		"halt does not halt the current wave":          onlyShipped(invariant.HaltKept),
		"an event of another rollout is applied": departs(
			reducer.Active, coverage.Misrouted, coverage.AsOwn, coverage.RefusedInvariant) &&
			broken(invariant.TerminalConverged),
	} {
		if !found {
			t.Errorf("not found: %s", what)
		}
	}
}

// TestOldCursorIsFound checks that a sweep finds the machine whose cursor follows the hosts that
// join, although its record allows what it does.
func TestOldCursorIsFound(t *testing.T) {
	r := sweep(t, &Sweep{Source: drawn("v0.1"), Seeds: Range{1, 50}, Jobs: 2})
	i := slices.IndexFunc(r.Failures(), func(g *Group) bool {
		return g.Invariant == invariant.WaveKept
	})
	if i < 0 {
		t.Fatal("no seed shows it")
	}
	if g := r.Failures()[i]; strings.Contains(g.First.Drawn, "shipped planner") {
		t.Errorf("the shipped planner is to blame: %+v", g.First)
	}
}

// tally counts the events of opened rollouts, and their answers. The misrouted ones are those of
// other rollouts.
type tally struct {
	opened, answered, illegal  uint64
	misrouted, misroutedRefuse uint64
	moves                      map[[2]reducer.State]uint64
}

// tallyTrace counts the entries of a whole trace, independently of collector.
func tallyTrace(entries []trace.Entry) tally {
	counted := tally{moves: make(map[[2]reducer.State]uint64)}
	known := make(map[reducer.RolloutID]bool)
	misrouted := false // the last event
	for i := range entries {
		switch e := &entries[i]; {
		case e.Event != nil && e.Rollout != e.Event.Rollout:
			misrouted = true
			if known[e.Rollout] {
				counted.misrouted++
			}
		case e.Rejection != nil && misrouted:
			if known[e.Rollout] && e.Rejection.Error == trace.ErrorInvariant {
				counted.misroutedRefuse++
			}
		case e.Event != nil && known[e.Rollout]:
			misrouted = false
			counted.answered++
		case e.Event != nil && e.Event.Kind == reducer.RolloutOpened:
			misrouted = false
			known[e.Rollout] = true
		case e.Effect != nil && e.Effect.Kind == reducer.RecordRolloutTransition && !misrouted:
			counted.moves[[2]reducer.State{e.Effect.From, e.Effect.To}]++
		case e.Rejection != nil && e.Rejection.Error == trace.ErrorIllegalForState:
			counted.illegal++
		}
	}
	counted.opened = uint64(len(known))
	return counted
}

// tallyCoverage returns the counts of a coverage.
func tallyCoverage(v *Coverage) tally {
	counted := tally{opened: v.Opened, moves: make(map[[2]reducer.State]uint64)}
	for _, from := range reducer.States() {
		for _, c := range coverage.Classes() {
			counted.answered += v.Seen(from, c)
			counted.illegal += v.Count(from, c, coverage.RefusedIllegal)
			for _, to := range reducer.States() {
				if n := v.Count(from, c, coverage.Answer(to)); n > 0 {
					counted.moves[[2]reducer.State{from, to}] += n
				}
			}
		}
		refused := v.Count(from, coverage.Misrouted, coverage.RefusedInvariant)
		counted.misroutedRefuse += refused
		counted.misrouted += refused + v.Count(from, coverage.Misrouted, coverage.AsOwn)
	}
	return counted
}

// TestCoverageCountsTheTrace compares the counts of a run with those of its trace.
func TestCoverageCountsTheTrace(t *testing.T) {
	misrouted := uint64(0)
	for seed := range uint64(60) {
		s := drawn([]string{"v0.2", "rfc0008"}[seed%2])
		sc, machine := s.scenario(seed, 0)
		var all trace.Collector
		if _, err := simulate(sc, machineOf(t, s, machine), seed, &all); err != nil {
			t.Fatal(err)
		}
		o, err := s.run(t.Context(), seed, 0)
		if err != nil {
			t.Fatal(err)
		}
		got, want := tallyCoverage(&o.measured.coverage), tallyTrace(all.Entries)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("seed %d: the coverage has %+v, the trace %+v", seed, got, want)
		}
		misrouted += got.misrouted
	}
	if misrouted == 0 {
		t.Error("no misrouted event was counted")
	}
}
