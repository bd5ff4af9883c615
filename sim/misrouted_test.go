package sim

import (
	"testing"
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

// misrouted returns a scenario in which two events of channel late reach the record of channel
// stable, with a crash after them. The host that one of them names belongs to both rollouts.
func misrouted(t *testing.T) *Scenario {
	sc := faulty(t)
	when := &Moment{Rollout: "stable@a1", State: reducer.Active}
	sc.Timeline = append(sc.Timeline,
		Action{When: when, Reaches: "stable@a1", Event: &reducer.Event{
			Kind: reducer.WaveAdvanced, Rollout: "late@z1", FromWave: 1, ToWave: 0,
		}},
		Action{When: when, Reaches: "stable@a1", Event: &reducer.Event{
			Kind: reducer.HostStateChanged, Rollout: "late@z1", Host: "h00",
			From: reducer.HostPending, To: reducer.HostFailed,
		}},
		Action{At: time.Minute, Fault: &FaultNow{Kind: ControlPlaneCrash, For: time.Minute}},
	)
	return sc
}

// TestMisroutedEventReachesTheRecord runs a scenario with misrouted events under both machines. The
// trace names the record that each has reached, a fold and a restart find the same records, and no
// host moves.
func TestMisroutedEventReachesTheRecord(t *testing.T) {
	for _, m := range []*reducer.Table{reducer.V02(), reducer.RFC0008()} {
		var all trace.Collector
		result, err := Run(misrouted(t), Options{Machine: m, Seed: 1, Sink: &all, Refold: true})
		if err != nil {
			t.Fatal(err)
		}
		reached, refused, failed := 0, 0, false
		for _, e := range all.Entries {
			switch {
			case e.Event != nil && e.Rollout != e.Event.Rollout:
				reached++
				if e.Rollout != "stable@a1" || e.Event.Rollout != "late@z1" {
					t.Errorf("%s: %+v reaches %s", m.Name(), e.Event, e.Rollout)
				}
			case e.Rejection != nil && e.Rejection.Rollout == "stable@a1" &&
				e.Rejection.Error == trace.ErrorInvariant:
				refused++
			case e.Effect != nil && e.Effect.To == reducer.Failed && e.Rollout == "stable@a1":
				failed = true
			}
		}
		applies := m.Name() == "v0.2"
		if reached != 2 || refused != map[bool]int{true: 0, false: 2}[applies] || failed != applies {
			t.Errorf("%s: %d events reached the record, %d were refused, Failed %v", m.Name(), reached,
				refused, failed)
		}
		for _, v := range result.Violations {
			if v.Invariant == "fold-is-live" {
				t.Errorf("%s: %v: %s", m.Name(), v, v.Detail)
			}
		}
		if h, _ := result.Fleet.Rollout("stable@a1").Host("h00"); h.State == reducer.HostFailed {
			t.Errorf("%s: the host moved", m.Name())
		}
	}
}

// TestMisroutedEventMovesNoHost checks that a moment of a wave does not count the host of a
// misrouted event, although the rollout has a host of that name.
func TestMisroutedEventMovesNoHost(t *testing.T) {
	sc := faulty(t)
	sc.Timeline = append(sc.Timeline, Action{
		When: &Moment{Rollout: "stable@a1", State: reducer.Active}, Reaches: "stable@a1",
		Event: &reducer.Event{
			Kind: reducer.HostStateChanged, Rollout: "late@z1", Host: "h00",
			From: reducer.HostActivating, To: reducer.HostPending,
		},
	})
	sc.Sometimes = []Moment{{
		Rollout: "stable@a1", Wave: reducer.Some[uint32](0), HostState: reducer.HostActivating,
	}}
	result, err := Run(sc, Options{Machine: reducer.V02(), Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Never) > 0 {
		t.Error("the host counts as Pending")
	}
}

// TestReachesOwnRecord checks that an event that reaches its own record is like any other.
func TestReachesOwnRecord(t *testing.T) {
	digests := make(map[string]bool)
	for _, reaches := range []reducer.RolloutID{"", "stable@a1"} {
		sc := faulty(t)
		sc.Timeline = append(sc.Timeline, Action{
			When: &Moment{Rollout: "stable@a1", State: reducer.Active}, Reaches: reaches,
			Event: &reducer.Event{Kind: reducer.HostJoined, Rollout: "stable@a1", Host: "x"},
		})
		var d trace.Digest
		if _, err := Run(sc, Options{Machine: reducer.RFC0008(), Seed: 1, Sink: &d}); err != nil {
			t.Fatal(err)
		}
		digests[d.Sum()] = true
	}
	if len(digests) != 1 {
		t.Error("the runs differ")
	}
}
