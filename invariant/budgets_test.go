package invariant

import (
	"fmt"
	"testing"

	"rollsim/reducer"
)

// limited returns a run with so many hosts web-1, web-2 … of rollout r1, and a budget for them.
func limited(t *testing.T, most, hosts int) *run {
	t.Helper()
	r := newRun(t)
	r.checker.budgets.all[0].MaxInFlight = most
	r.edgeTerminal()
	r.opened(r1, "stable", "a1")
	for i := range hosts {
		r.joined(r1, web(i+1), 0)
	}
	return r
}

func web(n int) reducer.HostID { return reducer.HostID(fmt.Sprintf("web-%d", n)) }

// dispatchedOver dispatches a host, and checks whether that is one too many.
func (r *run) dispatchedOver(id reducer.RolloutID, host reducer.HostID, excess bool) {
	r.t.Helper()
	r.dispatched(id, host, "a1")
	found := false
	for _, v := range r.checker.Drain() {
		found = found || v.Invariant == BudgetKept
	}
	if found != excess {
		r.t.Errorf("%s under %s is one too many: %v, want %v", host, id, found, excess)
	}
}

// TestBudgetLimits dispatches hosts up to the budget and one beyond.
func TestBudgetLimits(t *testing.T) {
	for most := 1; most <= 4; most++ {
		r := limited(t, most, most+1)
		for n := 1; n <= most+1; n++ {
			r.dispatchedOver(r1, web(n), n > most)
		}
	}
}

// TestBudgetFrees checks that a host that is no longer in flight frees one place, its own.
func TestBudgetFrees(t *testing.T) {
	for name, land := range map[string]func(r *run, host reducer.HostID){
		"converged": func(r *run, host reducer.HostID) { r.converged(r1, host) },
		"deferred": func(r *run, host reducer.HostID) {
			r.moved(r1, host, reducer.HostActivating, reducer.HostDeferred)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := limited(t, 3, 6)
			for n := 1; n <= 3; n++ {
				r.dispatchedOver(r1, web(n), false)
			}
			r.moved(r1, web(3), reducer.HostActivating) // in flight as before
			land(r, web(1))
			r.dispatchedOver(r1, web(4), false)
			r.dispatchedOver(r1, web(5), true)
		})
	}
}

// TestBudgetOfLateMoves checks that moves under a rollout that a host has left neither free its
// place nor use up one.
func TestBudgetOfLateMoves(t *testing.T) {
	const r2 = "stable@a2"
	superseded := func(r *run) {
		r.t.Helper()
		r.apply(reducer.Event{Kind: reducer.SuccessorOpened, Rollout: r1, Successor: r2})
		r.opened(r2, "stable", "a2")
		for n := 1; n <= 3; n++ {
			r.joined(r2, web(n), 0)
		}
	}
	t.Run("frees nothing", func(t *testing.T) {
		r := limited(t, 1, 3)
		r.dispatchedOver(r1, web(1), false)
		superseded(r)
		r.dispatched(r2, web(1), "a1")
		r.checker.Drain()
		r.converged(r1, web(1))
		r.dispatchedOver(r2, web(2), true)
	})
	t.Run("uses nothing", func(t *testing.T) {
		r := limited(t, 1, 3)
		r.dispatchedOver(r1, web(1), false)
		superseded(r)
		r.dispatched(r2, web(1), "a1")
		r.converged(r2, web(1))
		r.checker.Drain()
		r.moved(r1, web(1), reducer.HostActivating)
		r.dispatchedOver(r2, web(2), false)
	})
}
