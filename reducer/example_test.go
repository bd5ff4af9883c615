package reducer_test

import (
	"errors"
	"fmt"

	"rollsim/reducer"
)

// A rollout of one host under the specification: the host fails and rolls back, and an operator
// clears the rollout.
func Example() {
	const id = reducer.RolloutID("stable@a1")
	policy := reducer.DefaultPolicy()
	policy.OnHealthFailure = reducer.RollbackAndHalt
	machine := reducer.RFC0008()

	record := reducer.Record{
		RolloutID: id, Channel: "stable", TargetRef: "a1", State: reducer.Opening,
	}
	host := func(from, to reducer.HostState) reducer.Event {
		return reducer.Event{
			Kind: reducer.HostStateChanged, Rollout: id, Host: "web-1", From: from, To: to,
		}
	}
	events := []reducer.Event{
		{Kind: reducer.HostJoined, Rollout: id, Host: "web-1"},
		host(reducer.HostPending, reducer.HostActivating),
		host(reducer.HostActivating, reducer.HostFailed),
		host(reducer.HostFailed, reducer.HostReverted),
		{Kind: reducer.WaveAdvanced, Rollout: "edge@b2"},
		{Kind: reducer.OperatorClearance, Rollout: id, Operator: "ada", Reason: "repaired"},
	}
	var effects reducer.Effects // one value for all steps
	for i := range events {
		now := reducer.Time(i)
		if err := machine.Step(&record, &events[i], now, policy, &effects); err != nil {
			fmt.Println("refused:", err)
			continue
		}
		fmt.Printf("%v: %v\n", events[i].Kind, record.State)
		for _, e := range effects.All() {
			fmt.Printf("  %v\n", e.Kind)
		}
	}
	// Output:
	// HostJoined: Active
	//   RecordRolloutTransition
	// HostStateChanged: Active
	// HostStateChanged: Active
	// HostStateChanged: Reverted
	//   RecordRolloutTransition
	//   InsertQuarantineFromRollout
	//   SchedulePruning
	// refused: event of another rollout: event WaveAdvanced in state Reverted (rollout stable@a1)
	// OperatorClearance: Terminal
	//   RecordRolloutTransition
	//   SchedulePruning
}

// A fleet folds the events of all channels. It derives that a rollout is Terminal, refuses moves
// that a host cannot make, and reports a missing supersession.
func ExampleFleet() {
	fleet := reducer.NewFleet(reducer.RFC0008(), nil)
	const a1, b2 = reducer.RolloutID("stable@a1"), reducer.RolloutID("stable@b2")
	host := func(at reducer.Time, from, to reducer.HostState) reducer.Event {
		return reducer.Event{
			Kind: reducer.HostStateChanged, Rollout: a1, Host: "web-1", From: from, To: to, At: at,
		}
	}
	events := []reducer.Event{
		{Kind: reducer.RolloutOpened, Rollout: a1, Channel: "stable", TargetRef: "a1", At: 1},
		{Kind: reducer.HostJoined, Rollout: a1, Host: "web-1", At: 1},
		host(2, reducer.HostPending, reducer.HostActivating),
		host(3, reducer.HostActivating, reducer.HostConverged),
		host(3, reducer.HostActivating, reducer.HostSoaking),
		host(4, reducer.HostSoaking, reducer.HostConverged),
		{Kind: reducer.RolloutOpened, Rollout: b2, Channel: "stable", TargetRef: "b2", At: 5},
	}
	var out reducer.Outcome // one value for all events
	for i := range events {
		ev := &events[i]
		if err := fleet.Apply(ev, ev.At, &out); err != nil {
			var broken *reducer.Invariant
			if errors.As(err, &broken) {
				fmt.Println("refused:", broken.What)
			}
		}
		if out.Derived {
			fmt.Println("derived:", out.DerivedEvent.Kind)
		}
	}
	for _, late := range fleet.Finish() {
		var missing *reducer.SupersessionExpected
		if errors.As(late, &missing) {
			fmt.Println("not superseded:", missing.Standing, "by", missing.Rollout)
		}
	}
	for _, r := range fleet.Rollouts() {
		fmt.Println(r.Record.RolloutID, r.Record.State)
	}
	// Output:
	// refused: host web-1 may not move from Activating to Converged
	// derived: RolloutTerminal
	// not superseded: stable@a1 by stable@b2
	// stable@a1 Terminal
	// stable@b2 Opening
}

// Prunes derives its result from the table, so it differs for a changed copy of the table.
func ExampleTable_Prunes() {
	shipped := reducer.V02()
	cells := shipped.Cells()
	for _, s := range reducer.States() {
		rule := &cells[s][reducer.SuccessorOpened][0]
		rule.Prune = rule.Do == reducer.Go
	}
	changed := reducer.NewTable("v0.2 that prunes", cells, shipped.RefusesMisrouted())
	fmt.Println(shipped.Prunes(), changed.Prunes())
	// Output: false true
}
