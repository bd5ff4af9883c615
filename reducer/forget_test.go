package reducer

import (
	"slices"
	"testing"
)

func TestForget(t *testing.T) {
	f := NewFleet(RFC0008(), nil)
	var out Outcome
	apply := func(ev Event) error {
		t.Helper()
		return f.Apply(&ev, ev.At, &out)
	}
	must := func(ev Event) {
		t.Helper()
		if err := apply(ev); err != nil {
			t.Fatal(err)
		}
	}
	must(Event{Kind: RolloutOpened, Rollout: "c@1", Channel: "c", TargetRef: "1"})
	must(Event{Kind: HostJoined, Rollout: "c@1", Host: "a"})
	must(Event{Kind: HostJoined, Rollout: "c@1", Host: "b"})
	move := func(from, to HostState) Event {
		return Event{Kind: HostStateChanged, Rollout: "c@1", Host: "a", From: from, To: to}
	}
	must(move(HostPending, HostActivating))
	r := f.Rollout("c@1")
	r.Forget()
	if r.Forgotten() || len(r.Hosts()) != 2 {
		t.Error("a standing rollout was forgotten")
	}
	must(Event{Kind: SuccessorOpened, Rollout: "c@1", Successor: "c@2"})
	must(Event{Kind: RolloutOpened, Rollout: "c@2", Channel: "c", TargetRef: "2"})
	r.Forget()
	if _, joined := r.Host("a"); joined || !r.Forgotten() || len(r.Hosts()) != 0 ||
		r.Count(HostActivating) != 1 || r.Count(HostPending) != 1 {
		t.Errorf("hosts %v, %d Activating, %d Pending",
			r.Hosts(), r.Count(HostActivating), r.Count(HostPending))
	}
	// Any event of its hosts is accepted now, and changes nothing. The rollout's own events are
	// accepted and refused as before.
	must(move(HostSoaking, HostConverged))
	must(Event{Kind: HostJoined, Rollout: "c@1", Host: "z"})
	if len(r.Hosts()) != 0 || r.Count(HostActivating) != 1 || r.Count(HostConverged) != 0 ||
		r.Record.State != Superseded {
		t.Errorf("hosts %v, %+v", r.Hosts(), r.Record)
	}
	err := apply(Event{Kind: RolloutOpened, Rollout: "c@1", Channel: "c", TargetRef: "1"})
	if err == nil {
		t.Error("the rollout was opened again")
	}
	must(Event{Kind: RetentionExpired, Rollout: "c@1"})
	err = apply(move(HostSoaking, HostConverged))
	if err == nil || r.Record.State != Pruned {
		t.Errorf("%v in %v", err, r.Record.State)
	}
}

func TestDropAndRestore(t *testing.T) {
	f := NewFleet(RFC0008(), nil)
	var out Outcome
	must := func(ev Event, number int) {
		t.Helper()
		if err := f.Apply(&ev, ev.At, &out); err != nil || out.Rollout != number {
			t.Fatalf("rollout %d, want %d: %v", out.Rollout, number, err)
		}
	}
	order := func(want ...RolloutID) {
		t.Helper()
		var got []RolloutID
		for _, r := range f.Rollouts() {
			got = append(got, r.Record.RolloutID)
			if f.Rollout(r.Record.RolloutID) != r {
				t.Errorf("%s is not found", r.Record.RolloutID)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
	must(Event{Kind: RolloutOpened, Rollout: "c@1", Channel: "c", TargetRef: "1"}, 0)
	must(Event{Kind: RolloutOpened, Rollout: "d@1", Channel: "d", TargetRef: "1"}, 1)
	must(Event{Kind: SuccessorOpened, Rollout: "d@1", Successor: "d@2"}, 1)
	must(Event{Kind: RolloutOpened, Rollout: "d@2", Channel: "d", TargetRef: "2"}, 2)
	r := f.Rollout("d@1")
	f.Drop(r)
	order("c@1", "d@1", "d@2") // its hosts are not forgotten
	r.Forget()
	f.Drop(r)
	f.Drop(r)
	order("c@1", "d@2")
	must(Event{Kind: RolloutOpened, Rollout: "e@1", Channel: "e", TargetRef: "1", At: 1}, 3)
	back := f.Restore(r.Record, r.Number())
	order("c@1", "d@1", "d@2", "e@1")
	if !back.Forgotten() || back.Number() != 1 || back.Record != r.Record {
		t.Errorf("%+v", back)
	}
	must(Event{Kind: RetentionExpired, Rollout: "d@1", At: 2}, 1)
	if back.Record.State != Pruned {
		t.Errorf("it is %v", back.Record.State)
	}
}
