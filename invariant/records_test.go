package invariant

import (
	"rollsim/reducer"
)

// violation is a run that violates an invariant, and one that only just does not.
type violation struct {
	want   string
	breaks func(*run)
	keeps  func(*run)
}

// recordCases are violations by records.
var recordCases = []violation{
	{
		"terminal-stamped stable@a1",
		func(r *run) {
			r.tamper = func(r *reducer.Rollout) { r.Record.TerminalAt = reducer.Opt[reducer.Time]{} }
			r.terminal()
		},
		(*run).terminal,
	},
	{
		"terminal-stamped stable@a1",
		func(r *run) {
			r.terminal()
			r.tamper = func(r *reducer.Rollout) { r.Record.SupersededAt = reducer.Opt[reducer.Time]{} }
			r.opened(r2, "stable", "b2")
			r.apply(reducer.Event{Kind: reducer.SuccessorOpened, Rollout: r1, Successor: r2})
		},
		func(r *run) {
			r.terminal()
			r.opened(r2, "stable", "b2")
			r.apply(reducer.Event{Kind: reducer.SuccessorOpened, Rollout: r1, Successor: r2})
		},
	},
	{
		"terminal-converged stable@a1",
		func(r *run) {
			r.active()
			r.converged(r1, "web-1")
			r.converged(r1, "web-2")
			r.claimed(reducer.Active, reducer.Terminal)
		},
		func(r *run) { // an operator may clear a rollout whose hosts are not Converged
			r.active()
			r.moved(r1, "web-1", reducer.HostActivating, reducer.HostSoaking, reducer.HostFailed)
			r.apply(reducer.Event{Kind: reducer.OperatorClearance, Rollout: r1})
		},
	},
	{
		"terminal-converged stable@a1", // without any host
		func(r *run) {
			r.opened(r1, "stable", "a1")
			r.claimed(reducer.Active, reducer.Terminal)
		},
		func(r *run) {
			r.opened(r1, "stable", "a1")
			r.joined(r1, "db", 0)
			r.converged(r1, "db")
		},
	},
	{
		"terminal-converged stable@a1", // the clearance was of another rollout
		func(r *run) {
			r.active()
			r.moved(r1, "web-1", reducer.HostActivating, reducer.HostSoaking, reducer.HostFailed)
			r.misrouted(r1, reducer.Event{Kind: reducer.OperatorClearance, Rollout: "edge@e1"},
				reducer.Failed, reducer.Terminal)
		},
		func(r *run) {
			r.active()
			r.moved(r1, "web-1", reducer.HostActivating, reducer.HostSoaking, reducer.HostFailed)
			r.misrouted(r1, reducer.Event{Kind: reducer.OperatorClearance, Rollout: "edge@e1"}, 0, 0)
			r.apply(reducer.Event{Kind: reducer.OperatorClearance, Rollout: r1})
		},
	},
	{
		"halt-kept stable@a1", // a misrouted clearance and failure prove nothing of the rollout
		func(r *run) {
			r.active()
			r.moved(r1, "web-1", reducer.HostActivating, reducer.HostSoaking, reducer.HostFailed)
			r.misrouted(r1, reducer.Event{
				Kind: reducer.HostStateChanged, Rollout: "edge@e1", Host: "web-1",
				From: reducer.HostFailed, To: reducer.HostPending,
			}, 0, 0)
			r.fleet.Rollout(r1).Record.State = reducer.Active
			r.dispatched(r1, "web-2", "a1")
		},
		func(r *run) {
			r.active()
			r.misrouted(r1, reducer.Event{
				Kind: reducer.HostStateChanged, Rollout: "edge@e1", Host: "web-1",
				From: reducer.HostPending, To: reducer.HostActivating,
			}, 0, 0)
			r.misrouted(r1, reducer.Event{
				Kind: reducer.SuccessorOpened, Rollout: "edge@e1", Successor: r2,
			}, 0, 0)
			r.dispatched(r1, "web-2", "a1")
		},
	},
	{
		"pruned-absorbing stable@a1",
		func(r *run) {
			r.terminal()
			r.now += reducer.Time(retention)
			r.apply(reducer.Event{Kind: reducer.RetentionExpired, Rollout: r1})
			r.claimed(reducer.Pruned, reducer.Active)
		},
		func(r *run) {
			r.terminal()
			r.claimed(reducer.Terminal, reducer.Superseded)
		},
	},
	{
		"pruned-absorbing stable@a1",
		func(r *run) {
			r.terminal()
			r.now += reducer.Time(retention)
			r.tamper = func(r *reducer.Rollout) { r.Record.State = reducer.Terminal }
			r.apply(reducer.Event{Kind: reducer.RetentionExpired, Rollout: r1})
		},
		func(r *run) {
			r.terminal()
			r.now += reducer.Time(retention)
			r.apply(reducer.Event{Kind: reducer.RetentionExpired, Rollout: r1})
			r.checker.Step(r.fleet.Rollout(r1))
		},
	},
	{
		"wave-monotonic stable@a1",
		func(r *run) {
			r.active()
			r.apply(reducer.Event{Kind: reducer.WaveAdvanced, Rollout: r1, FromWave: 0, ToWave: 1})
			r.tamper = func(r *reducer.Rollout) { r.Record.CurrentWave-- }
			r.moved(r1, "web-1", reducer.HostActivating)
		},
		func(r *run) {
			r.active()
			r.apply(reducer.Event{Kind: reducer.WaveAdvanced, Rollout: r1, FromWave: 0, ToWave: 1})
			r.moved(r1, "web-1", reducer.HostActivating)
		},
	},
	{
		"transition-recorded stable@a1",
		func(r *run) {
			r.active()
			r.claimed(reducer.Converging, reducer.Active)
		},
		func(r *run) {
			r.active()
			r.claimed(reducer.Active, reducer.Converging)
		},
	},
	{
		"transition-recorded stable@a1",
		func(r *run) {
			r.tamper = func(r *reducer.Rollout) {
				if r.Record.RolloutID == r1 {
					r.Record.State = reducer.Converging
				}
			}
			r.opened(r1, "stable", "a1")
		},
		func(r *run) { r.opened(r1, "stable", "a1") },
	},
	{
		"one-standing stable",
		func(r *run) {
			r.active()
			r.opened(r2, "stable", "b2")
			r.now++
			r.joined(r2, "db", 0)
		},
		func(r *run) {
			r.active()
			r.opened(r2, "stable", "b2")
			r.apply(reducer.Event{Kind: reducer.SuccessorOpened, Rollout: r1, Successor: r2})
			r.now++
			r.joined(r2, "db", 0)
		},
	},
	{
		"reverted-host stable@a1",
		func(r *run) {
			r.active()
			r.claimed(reducer.Active, reducer.Reverted)
		},
		func(r *run) {
			r.opened("edge@e1", "edge", "e1")
			r.joined("edge@e1", "edge-1", 0)
			r.moved("edge@e1", "edge-1", reducer.HostActivating, reducer.HostSoaking,
				reducer.HostFailed, reducer.HostReverted)
			if s := r.fleet.Rollout("edge@e1").Record.State; s != reducer.Reverted {
				r.t.Errorf("edge@e1 is %v", s)
			}
		},
	},
	{
		"retention-kept stable@a1",
		func(r *run) {
			r.terminal()
			r.now += reducer.Time(retention) - 1
			r.apply(reducer.Event{Kind: reducer.RetentionExpired, Rollout: r1})
		},
		func(r *run) {
			r.terminal()
			r.now += reducer.Time(retention)
			r.apply(reducer.Event{Kind: reducer.RetentionExpired, Rollout: r1})
		},
	},
	{
		"retention-kept stable@a1", // a successor begins it again
		func(r *run) {
			r.terminal()
			r.now++
			r.opened(r2, "stable", "b2")
			r.apply(reducer.Event{Kind: reducer.SuccessorOpened, Rollout: r1, Successor: r2})
			r.now += reducer.Time(retention) - 1
			r.apply(reducer.Event{Kind: reducer.RetentionExpired, Rollout: r1})
		},
		func(r *run) { // and only the first one
			r.terminal()
			r.opened(r2, "stable", "b2")
			r.apply(reducer.Event{Kind: reducer.SuccessorOpened, Rollout: r1, Successor: r2})
			r.now++
			r.apply(reducer.Event{Kind: reducer.SuccessorOpened, Rollout: r1, Successor: r2})
			r.now += reducer.Time(retention) - 1
			r.apply(reducer.Event{Kind: reducer.RetentionExpired, Rollout: r1})
		},
	},
	{
		"retention-kept stable@a1", // a clearance begins it again
		func(r *run) {
			r.active()
			r.moved(r1, "web-1", reducer.HostActivating, reducer.HostSoaking, reducer.HostFailed)
			r.now++
			r.apply(reducer.Event{Kind: reducer.OperatorClearance, Rollout: r1})
			r.now += reducer.Time(retention) - 1
			r.apply(reducer.Event{Kind: reducer.RetentionExpired, Rollout: r1})
		},
		func(r *run) { // a second failure does not
			r.active()
			r.moved(r1, "web-1", reducer.HostActivating, reducer.HostSoaking, reducer.HostFailed)
			r.now++
			r.moved(r1, "web-2", reducer.HostActivating, reducer.HostSoaking, reducer.HostFailed)
			r.now += reducer.Time(retention) - 1
			r.apply(reducer.Event{Kind: reducer.RetentionExpired, Rollout: r1})
		},
	},
	{
		"retention-kept edge@e1", // the first rollback begins it again
		func(r *run) { r.rolledBackTwice(edgeRetention - 1) },
		func(r *run) { r.rolledBackTwice(edgeRetention) }, // and the second one does not
	},
	{
		"retention-kept edge@e1", // it has not ended, whatever the record says
		func(r *run) {
			r.opened("edge@e1", "edge", "e1")
			r.joined("edge@e1", "edge-1", 0)
			r.fleet.Rollout("edge@e1").Record.State = reducer.Terminal
			r.now += edgeRetention
			r.apply(reducer.Event{Kind: reducer.RetentionExpired, Rollout: "edge@e1"})
		},
		(*run).prunedFailed,
	},
}

// rolledBackTwice lets two hosts of edge@e1 roll back one after the other, and prunes the rollout
// some time after the first.
func (r *run) rolledBackTwice(after reducer.Time) {
	r.t.Helper()
	r.opened("edge@e1", "edge", "e1")
	hosts := []reducer.HostID{"edge-1", "edge-2"}
	for _, host := range hosts {
		r.joined("edge@e1", host, 0)
		r.moved("edge@e1", host, reducer.HostActivating, reducer.HostSoaking, reducer.HostFailed)
	}
	r.now++
	rolledBack := r.now
	for _, host := range hosts {
		r.moved("edge@e1", host, reducer.HostReverted)
		r.now++
	}
	r.now = rolledBack + after
	r.apply(reducer.Event{Kind: reducer.RetentionExpired, Rollout: "edge@e1"})
}
