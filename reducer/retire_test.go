package reducer_test

import (
	"testing"

	"rollsim/reducer"
)

// TestRetire checks that a retired rollout no longer stands, and that its id can be opened again,
// as another rollout.
func TestRetire(t *testing.T) {
	f := reducer.NewFleet(reducer.V02(), nil)
	var out reducer.Outcome
	apply := func(ev reducer.Event) error { return f.Apply(&ev, ev.At, &out) }
	open := reducer.Event{
		Kind: reducer.RolloutOpened, Rollout: "s@a1", Channel: "s", TargetRef: "a1", At: 1,
	}
	join := reducer.Event{Kind: reducer.HostJoined, Rollout: "s@a1", Host: "h", At: 1}
	for _, ev := range []reducer.Event{open, join} {
		if err := apply(ev); err != nil {
			t.Fatal(err)
		}
	}
	open.At, join.At = 2, 2
	if err := apply(open); err == nil {
		t.Error("a rollout that stands is opened again")
	}
	old := f.Rollout("s@a1")
	f.Retire(old)
	if f.Rollout("s@a1") != nil || len(f.Rollouts()) > 0 || len(f.Standing("s")) > 0 {
		t.Errorf("it is still there: %v, %v", f.Rollouts(), f.Standing("s"))
	}
	if err := apply(join); err == nil {
		t.Error("a host joins a retired rollout")
	}
	if err := apply(open); err != nil {
		t.Error(err)
	}
	again := f.Rollout("s@a1")
	if again == nil || again == old || again.Number() != 1 || len(again.Hosts()) > 0 ||
		len(f.Rollouts()) != 1 || len(f.Standing("s")) != 1 {
		t.Errorf("opened again: %+v", again)
	}
	f.Retire(old) // once more: it is not the one that has the id now
	if f.Rollout("s@a1") != again || len(f.Rollouts()) != 1 {
		t.Error("retiring the old rollout removes the new one")
	}
	open.Rollout, open.TargetRef, open.At = "s@a2", "a2", 3
	if err := apply(open); err != nil {
		t.Error(err)
	}
	if late := f.Finish(); len(late) != 1 {
		t.Errorf("a rollout without a SuccessorOpened: %v", late)
	}
}
