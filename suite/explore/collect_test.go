package explore

import (
	"fmt"
	"testing"
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

// TestCollectorCounts checks what counts as a rollout, as a touched host, and as a convergence: a
// dispatch that is sent again is not another host, and what an operator clears has not converged.
func TestCollectorCounts(t *testing.T) {
	c := newCollector(t.Context())
	now := reducer.Time(0)
	write := func(e trace.Entry) {
		t.Helper()
		now += reducer.Time(time.Second)
		e.At = now
		if err := c.Write(&e); err != nil {
			t.Fatal(err)
		}
	}
	event := func(kind reducer.EventKind, id reducer.RolloutID) {
		t.Helper()
		write(trace.Entry{Kind: trace.KindRolloutEvent, Rollout: id,
			Event: &reducer.Event{Kind: kind, Rollout: id}})
	}
	dispatch := func(id reducer.RolloutID, host reducer.HostID, attempt int) {
		t.Helper()
		write(trace.Entry{Kind: trace.KindPlanAction, Rollout: id, Plan: &trace.PlanAction{
			Action: trace.QueueDispatch, Rollout: id, Host: host, Attempt: attempt}})
	}
	becomes := func(id reducer.RolloutID, to reducer.State) {
		t.Helper()
		write(trace.Entry{Kind: trace.KindEffect, Rollout: id, Effect: &reducer.Effect{
			Kind: reducer.RecordRolloutTransition, Rollout: id, To: to}})
	}
	dispatch("stable@a", "h1", 1) // of a rollout that was never opened
	event(reducer.RolloutOpened, "stable@a")
	event(reducer.RolloutOpened, "stable@a")
	event(reducer.RolloutOpened, "stable@b")
	dispatch("stable@a", "h1", 1)
	dispatch("stable@a", "h1", 2)
	dispatch("stable@a", "h1", 3)
	dispatch("stable@a", "h2", 1)
	dispatch("stable@b", "h3", 1)
	write(trace.Entry{Kind: trace.KindPlanAction, Rollout: "stable@b", Plan: &trace.PlanAction{
		Action: trace.OpenRollout, Rollout: "stable@b"}})
	event(reducer.RolloutTerminal, "stable@a")
	becomes("stable@a", reducer.Terminal)
	event(reducer.OperatorClearance, "stable@b")
	becomes("stable@b", reducer.Terminal)

	if len(c.rollouts) != 2 || c.coverage.Opened != 2 {
		t.Errorf("%d rollouts, %d opened, want 2", len(c.rollouts), c.coverage.Opened)
	}
	for id, want := range map[reducer.RolloutID]int64{"stable@a": 2, "stable@b": 1} {
		if got := c.byID[id].touched; got != want {
			t.Errorf("%s touched %d hosts, want %d", id, got, want)
		}
	}
	if len(c.converge) != 1 || c.converge[0] != 9*time.Second {
		t.Errorf("rollouts converged after %v, want 9s", c.converge)
	}
	if len(c.waves) != 1 || c.waves[0] != 9*time.Second {
		t.Errorf("waves took %v, want 9s", c.waves)
	}
}

// TestCollectorKeepsNoState measures seeds before and after others with the same memory.
func TestCollectorKeepsNoState(t *testing.T) {
	source := drawn("rfc0008")
	measure := func(seed uint64) string {
		o, err := source.run(t.Context(), seed, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer release([]*outcome{o})
		text := fmt.Sprintln(o.digest, o.measured.coverage, o.measured.converge, o.measured.waves)
		for _, p := range o.measured.rollouts {
			text += fmt.Sprintln(*p)
		}
		return text
	}
	before := make(map[string]bool)
	for seed := range uint64(10) {
		before[measure(seed)] = true
	}
	if len(before) != 10 {
		t.Errorf("%d of 10 seeds differ, so that they show no state of others", len(before))
	}
	for seed := range uint64(10) {
		if !before[measure(9-seed)] {
			t.Errorf("seed %d is measured otherwise after others", 9-seed)
		}
	}
}
