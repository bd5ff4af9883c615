package invariant

import (
	"testing"

	"rollsim/reducer"
)

// TestAccounts forgets accounts and opens one of them again, and looks up all of them in between.
func TestAccounts(t *testing.T) {
	fleet := reducer.NewFleet(reducer.RFC0008(), nil)
	var out reducer.Outcome
	for _, ref := range []reducer.ChannelRef{"a", "b", "c", "d", "e"} {
		if err := fleet.Apply(&reducer.Event{
			Kind: reducer.RolloutOpened, Rollout: reducer.NewRolloutID("stable", ref), Channel: "stable",
			TargetRef: ref,
		}, 0, &out); err != nil {
			t.Fatal(err)
		}
	}
	var all accounts
	opened := make(map[int]*account)
	check := func() {
		t.Helper()
		for n := range fleet.Rollouts() {
			if got := all.find(n); got != opened[n] {
				t.Errorf("account %d is %p, want %p", n, got, opened[n])
			}
		}
	}
	for n, r := range fleet.Rollouts() {
		opened[n] = all.of(r)
		check()
	}
	for _, n := range []int{1, 4, 0} {
		all.forget(fleet.Rollouts()[n])
		delete(opened, n)
		check()
	}
	for _, n := range []int{1, 4} {
		all.resume(fleet.Rollouts()[n])
		opened[n] = all.of(fleet.Rollouts()[n])
		if !opened[n].partial {
			t.Errorf("account %d is not resumed", n)
		}
		check()
	}
}
