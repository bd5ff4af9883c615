package shrink

import (
	"slices"
	"testing"
	"time"

	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/trace"
)

const drawsToTheEnd = `
horizon: 1h
channels:
  - name: stable
    retention: 3d
    poll_interval: 1m
    waves: [{hosts: 3, soak: 30m}]
traffic:
  - {channel: stable, periodic: 10m}
faults:
  - {fault: message-dropped, probability: 20%}
  - {fault: host-offline, probability: 5%, for: 2h}
  - {fault: agent-restart, probability: 5%, for: 1m, until: 20m}
`

// TestLonger checks that a longer run repeats the first one, and that nothing new is drawn after
// that.
func TestLonger(t *testing.T) {
	f, err := scenario.Parse("case.yaml", []byte(drawsToTheEnd))
	if err != nil {
		t.Fatal(err)
	}
	sc := &f.Scenario
	longer := Longer(sc, nil)
	least := 2*sc.Horizon + 2*time.Hour
	if longer.Horizon < least || longer.Horizon > least+time.Hour {
		t.Errorf("it lasts %v, want %v or a little more", longer.Horizon, least)
	}
	retained := Longer(sc, []invariant.Violation{{Invariant: invariant.Unpruned}})
	if want := 2*sc.Horizon + 3*24*time.Hour; retained.Horizon != want {
		t.Errorf("it lasts %v with a retention, want %v", retained.Horizon, want)
	}
	if until := longer.Faults[2].Until; until != 20*time.Minute || sc.Faults[0].Until != 0 {
		t.Errorf("faults end after %v, and in the scenario itself after %v", until, sc.Faults[0].Until)
	}
	end := sc.Start + reducer.Time(sc.Horizon)
	first, second := entriesOf(t, sc), entriesOf(t, longer)
	later := slices.IndexFunc(second, func(e trace.Entry) bool { return e.At > end })
	if later < 0 {
		t.Fatal("nothing happens after the horizon")
	}
	for i := 1; i < later; i++ { // after the header
		if first[i].At != second[i].At || first[i].Kind != second[i].Kind {
			t.Fatalf("entry %d differs: %v and %v", i, first[i], second[i])
		}
	}
	for _, e := range second[later:] {
		if e.Event != nil && e.Event.Kind == reducer.RolloutOpened || e.Fault != nil {
			t.Fatalf("after the horizon there is %+v", e)
		}
	}
}

func entriesOf(t *testing.T, sc *sim.Scenario) []trace.Entry {
	t.Helper()
	var all trace.Collector
	_, err := sim.Run(sc, sim.Options{Machine: reducer.RFC0008(), Seed: 7, Sink: &all})
	if err != nil {
		t.Fatal(err)
	}
	return all.Entries
}

// TestLasting checks which violations stay: those of liveness if the longer run has them, and all
// others.
func TestLasting(t *testing.T) {
	v := func(name invariant.Name, of, excused string) invariant.Violation {
		return invariant.Violation{Invariant: name, Subject: of, Excused: excused}
	}
	found := []invariant.Violation{
		v(invariant.Stuck, "a", ""), v(invariant.Stuck, "b", ""), v(invariant.Stuck, "c", "lost"),
		v(invariant.Stranded, "d", ""), v(invariant.HaltKept, "e", ""), v(invariant.Unpruned, "f", ""),
	}
	if !NeedsLonger(found) || NeedsLonger(found[2:3]) || NeedsLonger(found[4:5]) {
		t.Error("a longer run is needed for a violation of liveness that is not excused, and only then")
	}
	got := Lasting(found, []invariant.Violation{
		v(invariant.Stuck, "b", "lost"), v(invariant.Stuck, "f", ""), v(invariant.Stranded, "d", ""),
	})
	want := []invariant.Violation{
		v(invariant.Stuck, "b", "lost"), v(invariant.Stuck, "c", "lost"),
		v(invariant.Stranded, "d", ""), v(invariant.HaltKept, "e", ""),
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
