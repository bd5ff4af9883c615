package invariant_test

import (
	"fmt"

	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// A Checker watches a fleet while events are applied to it and hosts are dispatched.
func ExampleChecker() {
	fleet := reducer.NewFleet(reducer.RFC0008(), nil)
	checker := invariant.NewChecker(fleet, &trace.Header{})
	var out reducer.Outcome
	for i, ev := range []reducer.Event{
		{Kind: reducer.RolloutOpened, Rollout: "stable@a1", Channel: "stable", TargetRef: "a1"},
		{Kind: reducer.HostJoined, Rollout: "stable@a1", Host: "web-2", Wave: 1},
	} {
		if err := fleet.Apply(&ev, ev.At, &out); err != nil {
			fmt.Println(err)
			return
		}
		rollout := fleet.Rollout(ev.Rollout)
		checker.Applied(uint64(i+1), ev.At, rollout, &ev, &out.Effects)
		checker.Step(rollout)
	}
	checker.Entry(&trace.Entry{Seq: 3, Plan: &trace.PlanAction{
		Action: trace.QueueDispatch, Rollout: "stable@a1", Host: "web-2", Attempt: 1,
	}})
	for _, v := range checker.Found() {
		fmt.Printf("seq %d: %v: %s\n", v.Seq, v, v.Detail)
	}
	// Output:
	// seq 3: wave-kept stable@a1: host web-2 of wave 1 was dispatched at current_wave 0
}
