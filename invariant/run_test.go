package invariant

import (
	"testing"
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

const (
	r1 = reducer.RolloutID("stable@a1")
	r2 = reducer.RolloutID("stable@b2")

	retention     = 60 * time.Second
	edgeRetention = reducer.Time(10 * time.Second)
)

// run is a run that a Checker watches: channel stable waits for channel edge, and at most one host
// named web-* may be in flight.
type run struct {
	t       *testing.T
	fleet   *reducer.Fleet
	checker *Checker
	now     reducer.Time
	seq     uint64
	out     reducer.Outcome

	ago reducer.Time // how long before the present time events are

	// tamper changes a rollout after an event and before the Checker sees the end of the step.
	tamper func(*reducer.Rollout)
}

func newRun(t *testing.T) *run {
	policies := map[reducer.ChannelID]reducer.Policy{
		"stable": {OnHealthFailure: reducer.Halt, RetentionSeconds: int64(retention.Seconds())},
		"edge":   {OnHealthFailure: reducer.RollbackAndHalt, RetentionSeconds: 10},
	}
	config := &trace.Header{
		Channels: []trace.ChannelConfig{
			{Channel: "edge", Policy: policies["edge"]},
			{Channel: "stable", Policy: policies["stable"], After: []reducer.ChannelID{"edge"}},
		},
		Budgets:    []trace.BudgetConfig{{Name: "web", Hosts: []string{"web-*"}, MaxInFlight: 1}},
		Quarantine: []trace.QuarantineConfig{{Channel: "stable", Closure: "bad"}},
	}
	fleet := reducer.NewFleet(
		reducer.RFC0008(), func(id reducer.ChannelID) reducer.Policy { return policies[id] },
	)
	return &run{t: t, fleet: fleet, checker: NewChecker(fleet, config), now: 1000}
}

// apply applies an event at the present time. The fleet has to accept it.
func (r *run) apply(ev reducer.Event) *reducer.Rollout {
	r.t.Helper()
	r.seq++
	ev.At = r.now - r.ago
	if err := r.fleet.Apply(&ev, r.now, &r.out); err != nil {
		r.t.Fatal(err)
	}
	rollout := r.fleet.Rollout(ev.Rollout)
	r.checker.Applied(r.seq, r.now, rollout, &ev, &r.out.Effects)
	if r.out.Derived {
		r.checker.Applied(r.seq, r.now, rollout, &r.out.DerivedEvent, &r.out.DerivedEffects)
	}
	if r.tamper != nil {
		r.tamper(rollout)
	}
	r.checker.Step(rollout)
	return rollout
}

func (r *run) opened(id reducer.RolloutID, channel reducer.ChannelID, ref reducer.ChannelRef) {
	r.t.Helper()
	r.checker.Polled(channel, ref)
	r.apply(reducer.Event{
		Kind: reducer.RolloutOpened, Rollout: id, Channel: channel, TargetRef: ref,
	})
}

func (r *run) joined(id reducer.RolloutID, host reducer.HostID, wave uint32) {
	r.t.Helper()
	r.apply(reducer.Event{Kind: reducer.HostJoined, Rollout: id, Host: host, Wave: wave})
}

// moved moves a host through some states.
func (r *run) moved(id reducer.RolloutID, host reducer.HostID, states ...reducer.HostState) {
	r.t.Helper()
	for _, to := range states {
		h, _ := r.fleet.Rollout(id).Host(host)
		r.apply(reducer.Event{
			Kind: reducer.HostStateChanged, Rollout: id, Host: host, From: h.State, To: to,
		})
	}
}

// converged takes a host from Pending or Soaking to Converged.
func (r *run) converged(id reducer.RolloutID, host reducer.HostID) {
	r.t.Helper()
	if h, _ := r.fleet.Rollout(id).Host(host); h.State == reducer.HostPending {
		r.moved(id, host, reducer.HostActivating, reducer.HostSoaking)
	}
	r.moved(id, host, reducer.HostConverged)
}

// refused shows the Checker an event that the machine refuses.
func (r *run) refused(ev reducer.Event) {
	ev.At = r.now
	r.entry(trace.Entry{Kind: trace.KindRolloutEvent, Rollout: ev.Rollout, Event: &ev})
	r.entry(trace.Entry{Kind: trace.KindRejection, Rollout: ev.Rollout, Rejection: &trace.Rejection{
		Error: trace.ErrorIllegalForState, Event: ev.Kind, Rollout: ev.Rollout,
	}})
}

// misrouted shows the Checker that an event of another rollout has reached the record of a rollout
// and, unless from and to are equal, which transition the machine has made of it.
func (r *run) misrouted(id reducer.RolloutID, ev reducer.Event, from, to reducer.State) {
	r.t.Helper()
	r.seq++
	ev.At = r.now
	rollout := r.fleet.Rollout(id)
	var effects reducer.Effects
	if from != to {
		rollout.Record.State = to
		effects.Add(reducer.Effect{
			Kind: reducer.RecordRolloutTransition, Rollout: id, From: from, To: to, At: r.now,
		})
	}
	r.checker.Raw(true)
	r.checker.Misrouted(true)
	r.checker.Applied(r.seq, r.now, rollout, &ev, &effects)
	r.checker.Misrouted(false)
	r.checker.Raw(false)
	r.checker.Step(rollout)
}

// prunedFailed prunes rollout edge@e1 while host edge-1 is Failed and rolls back.
func (r *run) prunedFailed() {
	r.t.Helper()
	r.opened("edge@e1", "edge", "e1")
	for _, host := range []reducer.HostID{"edge-1", "edge-2", "edge-3"} {
		r.joined("edge@e1", host, 0)
	}
	r.moved("edge@e1", "edge-1", reducer.HostActivating, reducer.HostSoaking, reducer.HostFailed)
	r.moved("edge@e1", "edge-3", reducer.HostActivating, reducer.HostSoaking, reducer.HostFailed)
	r.fleet.Rollout("edge@e1").Record.State = reducer.Reverted
	r.now += reducer.Time(retention)
	r.apply(reducer.Event{Kind: reducer.RetentionExpired, Rollout: "edge@e1"})
}

// acked shows the Checker that a host has acked the dispatch of r1, with a message of that number.
func (r *run) acked(host reducer.HostID, seq uint64) {
	r.entry(trace.Entry{
		Kind: trace.KindAgentEvent, Rollout: r1, Host: host,
		Agent: &trace.AgentEvent{Kind: reducer.DispatchAck, Seq: seq},
	})
}

// rolledBack shows the Checker that a host of edge@e1 has rolled back.
func (r *run) rolledBack(host reducer.HostID) {
	r.entry(trace.Entry{
		Kind: trace.KindAgentEvent, Rollout: "edge@e1", Host: host,
		Agent: &trace.AgentEvent{Kind: reducer.RollbackComplete, Closure: "e0"},
	})
}

func (r *run) dispatched(id reducer.RolloutID, host reducer.HostID, closure reducer.ClosureHash) {
	r.entry(trace.Entry{Plan: &trace.PlanAction{
		Action: trace.QueueDispatch, Rollout: id, Host: host, Closure: closure, Attempt: 1,
	}})
}

func (r *run) entry(e trace.Entry) {
	r.seq++
	e.Seq, e.At = r.seq, r.now
	r.checker.Entry(&e)
}

// edgeTerminal ends the rollout that channel stable waits for.
func (r *run) edgeTerminal() {
	r.t.Helper()
	r.opened("edge@e1", "edge", "e1")
	r.joined("edge@e1", "edge-1", 0)
	r.converged("edge@e1", "edge-1")
}

// active opens rollout r1 with the hosts web-1 and web-2 in wave 0 and db in wave 1. All of them
// may be dispatched by wave.
func (r *run) active() {
	r.t.Helper()
	r.edgeTerminal()
	r.opened(r1, "stable", "a1")
	r.joined(r1, "web-1", 0)
	r.joined(r1, "web-2", 0)
	r.joined(r1, "db", 1)
}

// terminal ends rollout r1 with one host.
func (r *run) terminal() {
	r.t.Helper()
	r.opened(r1, "stable", "a1")
	r.joined(r1, "db", 0)
	r.converged(r1, "db")
}

// claimed shows the Checker a transition that the reducer did not make.
func (r *run) claimed(from, to reducer.State) {
	var effects reducer.Effects
	effects.Add(reducer.Effect{
		Kind: reducer.RecordRolloutTransition, Rollout: r1, From: from, To: to, At: r.now,
	})
	r.seq++
	ev := reducer.Event{Kind: reducer.HostStateChanged, Rollout: r1, At: r.now}
	r.checker.Applied(r.seq, r.now, r.fleet.Rollout(r1), &ev, &effects)
}

// supersededInFlight dispatches web-2 under r2 while web-1 is in flight under r1, which is
// superseded or, after its retention, pruned.
func (r *run) supersededInFlight(pruned bool) {
	r.t.Helper()
	r.active()
	r.dispatched(r1, "web-1", "a1")
	r.moved(r1, "web-1", reducer.HostActivating)
	r.opened(r2, "stable", "b2")
	r.apply(reducer.Event{Kind: reducer.SuccessorOpened, Rollout: r1, Successor: r2})
	r.now += reducer.Time(retention)
	if pruned {
		r.apply(reducer.Event{Kind: reducer.RetentionExpired, Rollout: r1})
	}
	r.joined(r2, "web-2", 0)
	r.dispatched(r2, "web-2", "b2")
}
