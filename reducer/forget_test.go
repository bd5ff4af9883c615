package reducer

import "testing"

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
	must(Event{Kind: HostStateChanged, Rollout: "c@1", Host: "a", From: HostPending, To: HostActivating})
	r := f.Rollout("c@1")
	r.Forget()
	if r.Forgotten() || len(r.Hosts()) != 2 {
		t.Error("a rollout at work was forgotten")
	}
	must(Event{Kind: SuccessorOpened, Rollout: "c@1", Successor: "c@2"})
	must(Event{Kind: RolloutOpened, Rollout: "c@2", Channel: "c", TargetRef: "2"})
	r.Forget()
	if _, joined := r.Host("a"); joined || !r.Forgotten() || len(r.Hosts()) != 0 || r.Count(HostActivating) != 1 || r.Count(HostPending) != 1 {
		t.Errorf("hosts %v, %d Activating, %d Pending", r.Hosts(), r.Count(HostActivating), r.Count(HostPending))
	}
	// Of its hosts anything is taken now, and changes nothing; of itself nothing else than before.
	must(Event{Kind: HostStateChanged, Rollout: "c@1", Host: "a", From: HostSoaking, To: HostConverged})
	must(Event{Kind: HostJoined, Rollout: "c@1", Host: "z"})
	if len(r.Hosts()) != 0 || r.Count(HostActivating) != 1 || r.Count(HostConverged) != 0 || r.Record.State != Superseded {
		t.Errorf("hosts %v, %+v", r.Hosts(), r.Record)
	}
	if err := apply(Event{Kind: RolloutOpened, Rollout: "c@1", Channel: "c", TargetRef: "1"}); err == nil {
		t.Error("it was opened again")
	}
	must(Event{Kind: RetentionExpired, Rollout: "c@1"})
	if err := apply(Event{Kind: HostStateChanged, Rollout: "c@1", Host: "a", From: HostSoaking, To: HostConverged}); err == nil || r.Record.State != Pruned {
		t.Errorf("%v in %v", err, r.Record.State)
	}
}
