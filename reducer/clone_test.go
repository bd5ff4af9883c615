package reducer

import (
	"fmt"
	"slices"
	"testing"
)

// TestCloneIsIndependent clones a fleet before each event of a log. The clone and the original must
// fold the rest as if the other did not exist.
func TestCloneIsIndependent(t *testing.T) {
	log := longLog()
	for k := range log {
		want := fold(folded(t, log[:k]), log[k:])
		original := folded(t, log[:k])
		clone := original.Clone()
		if got := fold(clone, log[k:]); got != want {
			t.Fatalf("event %d: the clone folds to\n%s\nwant\n%s", k, got, want)
		}
		if got := fold(original, log[k:]); got != want {
			t.Fatalf("event %d: the original folds to\n%s\nwant\n%s", k, got, want)
		}
	}
}

// folded folds events over an empty fleet.
func folded(t *testing.T, events []Event) *Fleet {
	t.Helper()
	f := NewFleet(RFC0008(), nil)
	var out Outcome
	for _, ev := range slices.Clone(events) {
		if err := f.Apply(&ev, ev.At, &out); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// longLog returns events of three rollouts of a channel, and what can happen to them.
func longLog() []Event {
	return []Event{
		{Kind: RolloutOpened, Rollout: "s@1", Channel: "s", TargetRef: "1"},
		{Kind: HostJoined, Rollout: "s@1", Host: "a"},
		{Kind: HostJoined, Rollout: "s@1", Host: "b"},
		{Kind: HostStateChanged, Rollout: "s@1", Host: "a", From: HostPending, To: HostActivating, At: 1},
		{Kind: HostStateChanged, Rollout: "s@1", Host: "a", From: HostActivating, To: HostSoaking, At: 2},
		{Kind: HostStateChanged, Rollout: "s@1", Host: "a", From: HostSoaking, To: HostConverged, At: 3},
		{Kind: HostStateChanged, Rollout: "s@1", Host: "b", From: HostPending, To: HostActivating, At: 4},
		{Kind: HostStateChanged, Rollout: "s@1", Host: "b", From: HostActivating, To: HostSoaking, At: 5},
		{Kind: HostStateChanged, Rollout: "s@1", Host: "b", From: HostSoaking, To: HostConverged, At: 6},
		{Kind: RolloutTerminal, Rollout: "s@1", At: 7}, // confirms the derived one
		{Kind: SuccessorOpened, Rollout: "s@1", Successor: "s@2", At: 8},
		{Kind: RolloutOpened, Rollout: "s@2", Channel: "s", TargetRef: "2", At: 8},
		{Kind: RolloutOpened, Rollout: "s@3", Channel: "s", TargetRef: "3", At: 9}, // not in lockstep
		{Kind: HostJoined, Rollout: "s@3", Host: "a", At: 10},
		{Kind: RetentionExpired, Rollout: "s@1", At: 11},
	}
}

// fold applies events, and returns all answers and the resulting state.
func fold(f *Fleet, events []Event) string {
	var out Outcome
	result := ""
	for i := range events {
		err := f.Apply(&events[i], events[i].At, &out)
		result += fmt.Sprintln(err, out.Late, out.Derived, out.Confirmed, out.Effects.All())
	}
	for _, r := range f.Rollouts() {
		result += fmt.Sprintln(r.Record, r.Hosts(), r.counts, r.DerivedUnconfirmed())
		_, joined := r.Slot("b")
		result += fmt.Sprintln(joined, f.Rollout(r.Record.RolloutID) == r)
	}
	return result + fmt.Sprintln(len(f.Standing("s")), f.Finish())
}

// TestReusedFleetIsNew folds events with the memory of a fleet that has folded others. The result
// must be that of a fleet with memory of its own. The old fleet has none of its rollouts left.
func TestReusedFleetIsNew(t *testing.T) {
	log := longLog()
	want := fold(NewFleet(RFC0008(), nil), log)
	for k := range len(log) + 1 {
		old := folded(t, log[:k])
		for range 2 {
			before := slices.Clone(old.Rollouts())
			f := NewFleet(RFC0008(), nil)
			f.Reuse(old)
			if len(old.Rollouts()) > 0 || len(f.Rollouts()) > 0 || len(f.Standing("s")) > 0 {
				t.Fatalf("event %d: rollouts are left", k)
			}
			if got := fold(f, log); got != want {
				t.Fatalf("event %d: with reused memory the log folds to\n%s\nwant\n%s", k, got, want)
			}
			if len(before) > 0 && !slices.Contains(before, f.Rollouts()[0]) &&
				!slices.Contains(before, f.Rollouts()[1]) && !slices.Contains(before, f.Rollouts()[2]) {
				t.Fatalf("event %d: no memory was reused", k)
			}
			old = f
		}
	}
}
