package sim

import (
	"slices"
	"strings"
	"testing"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/trace"
)

// TestForkGoesOn copies a run after each instant. The copies must end as the original, with the
// same hashes on the way, whatever the original does meanwhile.
func TestForkGoesOn(t *testing.T) {
	specified := chancy(t)
	specified.Faults = nil
	shipped := shippedOf(specified)
	for seed := range uint64(10) {
		sc := specified
		if seed >= 5 {
			sc = shipped
		}
		k, err := NewWalk(sc, Options{Machine: reducer.RFC0008(), Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		if err := k.Forkable(); err != nil {
			t.Fatal(err)
		}
		var forks []*Walk
		var hashes []uint64
		for i := 0; k.Next(); i++ {
			hashes = append(hashes, k.Hash())
			if i%20 == 0 {
				forks = append(forks, k.Fork(i%40 == 0))
			}
		}
		want, err := k.Finish()
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range forks {
			from := 20 * i
			if f.Hash() != hashes[from] {
				t.Fatalf("seed %d: copy %d has another hash", seed, i)
			}
			n := from + 1
			for ; f.Next(); n++ {
				if f.Hash() != hashes[n] {
					t.Fatalf("seed %d: copy %d differs after instant %d, at %v", seed, i, n, f.Elapsed())
				}
			}
			got, err := f.Finish()
			if err != nil {
				t.Fatal(err)
			}
			if n != len(hashes) || got.Entries != want.Entries {
				t.Errorf("seed %d: copy %d ends after %d instants and %d entries, want %d and %d", seed, i,
					n, got.Entries, len(hashes), want.Entries)
			}
		}
	}
}

// shippedOf returns a scenario under the shipped control plane, with what only that meets.
func shippedOf(sc *Scenario) *Scenario {
	c := *sc
	c.ControlPlane = controlplane.Shipped
	fault := func(at time.Duration, f FaultNow) {
		c.Timeline = append(slices.Clip(c.Timeline), Action{At: at, Fault: &f})
	}
	fault(2*time.Minute, FaultNow{Kind: DatabaseError, Host: "a"})
	fault(3*time.Minute, FaultNow{Kind: LogInsertFailed, Host: "b"})
	for _, host := range []reducer.HostID{"a", "b", "c", "d"} {
		fault(0, FaultNow{Kind: MessageDropped, Host: host, Message: reducer.ActivationStarted})
	}
	fault(21*time.Minute, FaultNow{Kind: ControlPlaneCrash, For: time.Minute})
	fault(40*time.Minute, FaultNow{Kind: TornOpeningCrash, Joined: 2, For: 3 * time.Minute})
	return &c
}

// TestForkable checks which runs cannot be copied.
func TestForkable(t *testing.T) {
	calm := chancy(t)
	calm.Faults = nil
	faulty, busy := chancy(t), *calm
	busy.Traffic = []Traffic{{
		Channel: "stable", Kind: Arrivals, Every: constant(t, time.Hour), Prefix: "t",
	}}
	for _, test := range []struct {
		sc   *Scenario
		sink trace.Sink
		can  bool
	}{
		{calm, nil, true}, {faulty, nil, false}, {shippedOf(calm), nil, true}, {&busy, nil, false},
		{calm, new(trace.Digest), false},
	} {
		k, err := NewWalk(test.sc, Options{Machine: reducer.RFC0008(), Sink: test.sink})
		if err != nil {
			t.Fatal(err)
		}
		if err := k.Forkable(); (err == nil) != test.can {
			t.Errorf("%+v: %v", test, err)
		}
	}
}

// TestEditRefused checks that what cannot happen any more, or to nobody, is refused.
func TestEditRefused(t *testing.T) {
	sc := chancy(t)
	sc.Faults = nil
	at := func(d time.Duration) []Action {
		return []Action{{At: d, Fault: &FaultNow{Kind: ControlPlaneCrash, For: time.Second}}}
	}
	for _, test := range []struct {
		edit Edit
		want string // empty for none
	}{
		{Edit{Lines: at(20 * time.Minute)}, "20m0s has passed"},
		{Edit{Lines: at(time.Minute)}, "1m0s has passed"},
		{Edit{Lines: at(20*time.Minute + time.Millisecond)}, ""},
		{Edit{Moved: 2, At: 25 * time.Minute}, "line 2 of the timeline is not to come"},
		{Edit{Moved: 9, At: 25 * time.Minute}, "line 9 of the timeline is not to come"},
		{Edit{Moved: 3, At: 25 * time.Minute}, ""},
		{Edit{Moved: 3, At: 5 * time.Minute}, "5m0s has passed"},
		{Edit{Fate: &Fate{Host: "nobody", Kind: Defers}}, "no channel has host nobody"},
		{Edit{Delay: &Delay{Host: "nobody", Stage: AckStage}}, "no channel has host nobody"},
	} {
		k, err := NewWalk(sc, Options{Machine: reducer.RFC0008()})
		if err != nil {
			t.Fatal(err)
		}
		for k.Next() && k.Elapsed() < 20*time.Minute {
			continue
		}
		if k.Elapsed() != 20*time.Minute {
			t.Fatalf("the run is at %v", k.Elapsed())
		}
		text := ""
		if err := k.Edit(&test.edit); err != nil {
			text = err.Error()
		}
		if !strings.Contains(text, test.want) || text != "" && test.want == "" {
			t.Errorf("%+v: %q, want %q", test.edit, text, test.want)
		}
	}
}

// TestWaits checks that a fault that is added and cannot happen is noticed, and one that happens is
// not: a host that is offline sends no message that could be lost.
func TestWaits(t *testing.T) {
	sc := chancy(t)
	sc.Faults = nil
	b := &sc.Behaviour
	b.ActivationFailure, b.Deferral, b.ProbeFailure = nil, nil, nil
	b.RollbackFailure, b.NoAnswer = nil, nil
	start := func() *Walk {
		k, err := NewWalk(sc, Options{Machine: reducer.RFC0008()})
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	var sent Choice
	k := start()
	for sent.Message == 0 && k.Next() {
		for _, c := range k.Choices() {
			if c.Message != 0 {
				sent = c
			}
		}
	}
	fault := func(f FaultNow) Action {
		f.Host = sent.Host
		return Action{At: sent.At, Fault: &f}
	}
	lost := fault(FaultNow{Kind: MessageDropped, Message: sent.Message, Seq: sent.Seq})
	offline := fault(FaultNow{Kind: HostOffline, For: time.Minute})
	never := Action{When: &Moment{Rollout: "stable@r1", State: reducer.Pruned}, Fault: offline.Fault}
	for _, test := range []struct {
		lines []Action
		want  bool
	}{
		{nil, false}, {[]Action{lost}, false}, {[]Action{offline, lost}, true}, {[]Action{never}, true},
	} {
		k := start()
		if err := k.Edit(&Edit{Lines: test.lines}); err != nil {
			t.Fatal(err)
		}
		for k.Next() && k.Elapsed() < sent.At {
			continue
		}
		if got := k.Waits(); got != test.want {
			t.Errorf("%d lines at %v: it waits: %v", len(test.lines), sent.At, got)
		}
	}
}
