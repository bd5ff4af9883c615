package invariant

import (
	"rollsim/reducer"
	"rollsim/trace"
)

// dispatchCases are dispatches that something forbids.
var dispatchCases = []violation{
	{
		"halt-kept stable@a1",
		func(r *run) {
			r.active()
			r.moved(r1, "web-1", reducer.HostActivating, reducer.HostSoaking, reducer.HostFailed)
			r.dispatched(r1, "web-2", "a1")
		},
		func(r *run) {
			r.active()
			r.moved(r1, "web-1", reducer.HostActivating, reducer.HostSoaking)
			r.dispatched(r1, "web-2", "a1")
		},
	},
	{
		"halt-kept edge@e1", // the rollout is Active, as its policy is rollback-and-halt
		func(r *run) {
			r.opened("edge@e1", "edge", "e1")
			r.joined("edge@e1", "edge-1", 0)
			r.joined("edge@e1", "edge-2", 0)
			r.moved("edge@e1", "edge-1", reducer.HostActivating, reducer.HostSoaking, reducer.HostFailed)
			r.dispatched("edge@e1", "edge-2", "e1")
		},
		func(r *run) {
			r.opened("edge@e1", "edge", "e1")
			r.joined("edge@e1", "edge-1", 0)
			r.joined("edge@e1", "edge-2", 0)
			r.moved("edge@e1", "edge-1", reducer.HostActivating, reducer.HostDeferred)
			r.dispatched("edge@e1", "edge-2", "e1")
		},
	},
	{
		"halt-kept edge@e1", // a host that joins late
		func(r *run) {
			r.edgeTerminal()
			r.joined("edge@e1", "edge-2", 0)
			r.dispatched("edge@e1", "edge-2", "e1")
		},
		func(r *run) {
			r.opened("edge@e1", "edge", "e1")
			r.joined("edge@e1", "edge-1", 0)
			r.moved("edge@e1", "edge-1", reducer.HostActivating, reducer.HostSoaking)
			r.joined("edge@e1", "edge-2", 0)
			r.converged("edge@e1", "edge-1")
			r.dispatched("edge@e1", "edge-2", "e1")
		},
	},
	{
		"halt-kept stable@a1", // whatever its record says
		func(r *run) {
			r.active()
			r.tamper = func(r *reducer.Rollout) {
				if r.Record.RolloutID == r1 {
					r.Record.State = reducer.Active
				}
			}
			r.moved(r1, "web-1", reducer.HostActivating, reducer.HostSoaking, reducer.HostFailed)
			r.dispatched(r1, "web-2", "a1")
		},
		func(r *run) {
			r.active()
			r.moved(r1, "web-1", reducer.HostActivating)
			r.dispatched(r1, "web-2", "a1")
		},
	},
	{
		"halt-kept stable@a1", // a refused supersession is one
		func(r *run) {
			r.active()
			r.refused(reducer.Event{Kind: reducer.SuccessorOpened, Rollout: r1, Successor: r2})
			r.dispatched(r1, "web-1", "a1")
		},
		func(r *run) {
			r.active()
			r.refused(reducer.Event{Kind: reducer.RetentionExpired, Rollout: r1})
			r.refused(reducer.Event{Kind: reducer.OperatorClearance, Rollout: r1})
			r.dispatched(r1, "web-1", "a1")
		},
	},
	{
		"halt-kept stable@a1", // and a host has failed, even if the machine refuses to hear it
		func(r *run) {
			r.active()
			r.moved(r1, "web-1", reducer.HostActivating, reducer.HostSoaking)
			r.refused(reducer.Event{
				Kind: reducer.HostStateChanged, Rollout: r1, Host: "web-1",
				From: reducer.HostSoaking, To: reducer.HostFailed,
			})
			r.dispatched(r1, "web-2", "a1")
		},
		func(r *run) { // an event that contradicts what is known is no fact
			r.active()
			r.refused(reducer.Event{
				Kind: reducer.HostStateChanged, Rollout: r1, Host: "web-1",
				From: reducer.HostSoaking, To: reducer.HostFailed,
			})
			r.dispatched(r1, "web-2", "a1")
		},
	},
	{
		"pause-kept stable@a1",
		func(r *run) {
			r.active()
			r.checker.Paused("stable", true)
			r.checker.Paused("edge", false)
			r.dispatched(r1, "web-1", "a1")
		},
		func(r *run) {
			r.active()
			r.checker.Paused("edge", true)
			r.checker.Paused("stable", true)
			r.checker.Paused("stable", false)
			r.dispatched(r1, "web-1", "a1")
		},
	},
	{
		"pause-kept stable@a1", // resuming one channel does not end the pause of all
		func(r *run) {
			r.active()
			r.checker.Paused("", true)
			r.checker.Paused("stable", false)
			r.dispatched(r1, "web-1", "a1")
		},
		func(r *run) { // resuming all channels ends every pause
			r.active()
			r.checker.Paused("stable", true)
			r.checker.Paused("", true)
			r.checker.Paused("", false)
			r.dispatched(r1, "web-1", "a1")
		},
	},
	{
		"abort-kept stable@a1",
		func(r *run) {
			r.active()
			r.checker.Aborted(r1)
			r.dispatched(r1, "web-1", "a1")
		},
		func(r *run) {
			r.active()
			r.checker.Aborted(r2)
			r.dispatched(r1, "web-1", "a1")
		},
	},
	{
		"fleet-kept stable@a1",
		func(r *run) {
			r.active()
			r.checker.Departed("stable", "web-1")
			r.checker.Enrolled("stable", "web-2")
			r.dispatched(r1, "web-1", "a1")
		},
		func(r *run) {
			r.active()
			r.checker.Departed("stable", "web-2")
			r.dispatched(r1, "web-1", "a1")
		},
	},
	{
		"fleet-kept stable@a1", // a host that has not joined yet
		func(r *run) {
			r.active()
			r.checker.Outside("web-1")
			r.dispatched(r1, "web-1", "a1")
		},
		func(r *run) {
			r.active()
			r.checker.Outside("web-1")
			r.checker.Enrolled("stable", "web-1")
			r.dispatched(r1, "web-1", "a1")
		},
	},
	{
		"window-kept stable@a1",
		func(r *run) {
			r.active()
			r.checker.Windows("stable", func(at reducer.Time) bool { return at < r.now })
			r.dispatched(r1, "web-1", "a1")
		},
		func(r *run) {
			r.active()
			r.checker.Windows("stable", func(at reducer.Time) bool { return at >= r.now })
			r.checker.Windows("edge", func(reducer.Time) bool { return false })
			r.dispatched(r1, "web-1", "a1")
		},
	},
	{
		"quarantine-kept stable@a1",
		func(r *run) {
			r.active()
			r.checker.Inserted(trace.QuarantineConfig{Channel: "stable", Closure: "a1"})
			r.dispatched(r1, "web-1", "a1")
		},
		func(r *run) {
			r.active()
			r.checker.Inserted(trace.QuarantineConfig{Channel: "edge", Closure: "a1"})
			r.dispatched(r1, "web-1", "a1")
		},
	},
	{
		"quarantine-kept stable@a1",
		func(r *run) {
			r.active()
			r.dispatched(r1, "web-1", "bad")
		},
		func(r *run) {
			r.active()
			r.entry(trace.Entry{HostEffect: &trace.HostEffect{
				Effect: trace.RemoteInsertQuarantine, Channel: "edge", Closure: "a1",
			}})
			r.dispatched(r1, "web-1", "a1")
		},
	},
	{
		"quarantine-kept stable@a1",
		func(r *run) {
			r.active()
			r.entry(trace.Entry{HostEffect: &trace.HostEffect{
				Effect: trace.RemoteInsertQuarantine, Channel: "stable", Closure: "a1",
			}})
			r.dispatched(r1, "web-1", "a1")
		},
		func(r *run) {
			r.active()
			r.checker.Lifted(trace.QuarantineConfig{Channel: "stable", Closure: "bad"})
			r.dispatched(r1, "web-1", "bad")
		},
	},
	{
		"quarantine-kept stable@a1", // the control plane's word that it was lifted is not enough
		func(r *run) {
			r.active()
			r.entry(trace.Entry{HostEffect: &trace.HostEffect{
				Effect: trace.RemoteRemoveQuarantine, Channel: "stable", Closure: "bad",
			}})
			r.dispatched(r1, "web-1", "bad")
		},
		func(r *run) {
			r.active()
			r.checker.Lifted(trace.QuarantineConfig{Channel: "stable", Closure: "bad"})
			r.dispatched(r1, "web-1", "bad")
		},
	},
	{
		"quarantine-kept edge@e1", // a rollback after the rollout was pruned
		func(r *run) {
			r.prunedFailed()
			r.rolledBack("edge-1")
			r.dispatched("edge@e1", "edge-2", "e1")
		},
		func(r *run) { // of a host that had not failed
			r.prunedFailed()
			r.rolledBack("edge-2")
			r.dispatched("edge@e1", "edge-2", "e1")
		},
	},
	{
		"quarantine-kept edge@e1", // by a rollback
		func(r *run) {
			r.opened("edge@e1", "edge", "e1")
			r.joined("edge@e1", "edge-1", 0)
			r.joined("edge@e1", "edge-2", 0)
			r.moved("edge@e1", "edge-1", reducer.HostActivating, reducer.HostSoaking,
				reducer.HostFailed, reducer.HostReverted)
			r.dispatched("edge@e1", "edge-2", "e1")
		},
		func(r *run) {
			r.opened("edge@e1", "edge", "e1")
			r.joined("edge@e1", "edge-1", 0)
			r.joined("edge@e1", "edge-2", 0)
			r.moved("edge@e1", "edge-1", reducer.HostActivating, reducer.HostSoaking,
				reducer.HostFailed)
			r.dispatched("edge@e1", "edge-2", "e1")
		},
	},
	{
		"wave-kept stable@a1",
		func(r *run) {
			r.active()
			r.dispatched(r1, "db", "a1")
		},
		func(r *run) {
			r.active()
			r.converged(r1, "web-1")
			r.moved(r1, "web-2", reducer.HostActivating, reducer.HostDeferred)
			r.apply(reducer.Event{Kind: reducer.WaveAdvanced, Rollout: r1, FromWave: 0, ToWave: 1})
			r.dispatched(r1, "db", "a1")
		},
	},
	{
		"wave-kept stable@a1", // whatever the cursor says
		func(r *run) {
			r.active()
			r.converged(r1, "web-1")
			r.moved(r1, "web-2", reducer.HostActivating, reducer.HostSoaking)
			r.apply(reducer.Event{Kind: reducer.WaveAdvanced, Rollout: r1, FromWave: 0, ToWave: 1})
			r.dispatched(r1, "db", "a1")
		},
		func(r *run) { // an operator opens the wave
			r.active()
			r.checker.Raw(true)
			r.apply(reducer.Event{Kind: reducer.WaveAdvanced, Rollout: r1, FromWave: 0, ToWave: 1})
			r.checker.Raw(false)
			r.dispatched(r1, "db", "a1")
		},
	},
	{
		"wave-kept stable@a1", // the machine moves the cursor when a host joins
		func(r *run) {
			r.tamper = func(r *reducer.Rollout) { r.Record.CurrentWave = 1 }
			r.active()
			r.dispatched(r1, "db", "a1")
		},
		func(r *run) {
			r.tamper = func(r *reducer.Rollout) { r.Record.CurrentWave = 1 }
			r.active()
			r.dispatched(r1, "web-1", "a1")
		},
	},
	{
		"channel-edges-kept stable@a1",
		func(r *run) {
			r.opened("edge@e1", "edge", "e1")
			r.opened(r1, "stable", "a1")
			r.joined(r1, "db", 0)
			r.dispatched(r1, "db", "a1")
		},
		func(r *run) {
			r.edgeTerminal()
			r.opened(r1, "stable", "a1")
			r.joined(r1, "db", 0)
			r.dispatched(r1, "db", "a1")
		},
	},
	{
		"channel-edges-kept stable@a1", // whatever the record of the awaited rollout says
		func(r *run) {
			r.opened("edge@e1", "edge", "e1")
			r.joined("edge@e1", "edge-1", 0)
			rec := &r.fleet.Rollout("edge@e1").Record
			rec.TerminalAt, rec.SupersededAt = reducer.Some(r.now), reducer.Some(r.now)
			r.opened(r1, "stable", "a1")
			r.joined(r1, "db", 0)
			r.dispatched(r1, "db", "a1")
		},
		func(r *run) { // an operator cleared the rollout
			r.opened("edge@e1", "edge", "e1")
			r.joined("edge@e1", "edge-1", 0)
			r.moved("edge@e1", "edge-1", reducer.HostActivating, reducer.HostSoaking,
				reducer.HostFailed, reducer.HostReverted)
			r.apply(reducer.Event{Kind: reducer.OperatorClearance, Rollout: "edge@e1"})
			r.opened(r1, "stable", "a1")
			r.joined(r1, "db", 0)
			r.dispatched(r1, "db", "a1")
		},
	},
	{
		"channel-edges-kept stable@a1", // a poll has seen a newer ref, whatever the control plane logs
		func(r *run) {
			r.active()
			r.checker.Polled("edge", "e2")
			r.entry(trace.Entry{Poll: &trace.ManifestPoll{Channel: "edge", Ref: "e1"}})
			r.dispatched(r1, "web-1", "a1")
		},
		func(r *run) { // the rollout that is awaited was superseded
			r.opened("edge@e1", "edge", "e1")
			r.apply(reducer.Event{Kind: reducer.SuccessorOpened, Rollout: "edge@e1", Successor: "edge@e2"})
			r.opened(r1, "stable", "a1")
			r.joined(r1, "db", 0)
			r.dispatched(r1, "db", "a1")
		},
	},
	{
		"budget-kept web",
		func(r *run) {
			r.active()
			r.dispatched(r1, "web-1", "a1")
			r.dispatched(r1, "web-2", "a1")
		},
		func(r *run) {
			r.active()
			r.dispatched(r1, "web-1", "a1")
			r.converged(r1, "web-1")
			r.dispatched(r1, "web-2", "a1")
		},
	},
	{
		"budget-kept web", // a host that is in flight under an older rollout counts itself
		func(r *run) {
			r.active()
			r.dispatched(r1, "web-1", "a1")
			r.moved(r1, "web-1", reducer.HostActivating)
			r.opened(r2, "stable", "b2")
			r.apply(reducer.Event{Kind: reducer.SuccessorOpened, Rollout: r1, Successor: r2})
			r.joined(r2, "web-1", 0)
			r.dispatched(r2, "web-1", "b2")
		},
		func(r *run) { // one that returns from Deferred breaks nothing
			r.active()
			r.dispatched(r1, "web-1", "a1")
			r.moved(r1, "web-1", reducer.HostActivating, reducer.HostDeferred)
			r.dispatched(r1, "web-2", "a1")
			r.moved(r1, "web-1", reducer.HostSoaking)
		},
	},
	{
		"budget-kept web", // whatever the record says
		func(r *run) {
			r.active()
			r.dispatched(r1, "web-1", "a1")
			r.moved(r1, "web-1", reducer.HostActivating)
			r.fleet.Rollout(r1).Record.State = reducer.Superseded
			r.apply(reducer.Event{Kind: reducer.HostStateChanged, Rollout: r1, Host: "db",
				From: reducer.HostPending, To: reducer.HostActivating})
			r.fleet.Rollout(r1).Record.State = reducer.Pruned
			r.dispatched(r1, "web-2", "a1")
		},
		func(r *run) {
			r.active()
			r.dispatched(r1, "db", "a1")
			r.dispatched(r1, "web-2", "a1")
		},
	},
	{
		"budget-kept web", // a host whose rollout has failed is still in flight
		func(r *run) {
			r.active()
			r.dispatched(r1, "web-1", "a1")
			r.moved(r1, "web-1", reducer.HostActivating)
			r.moved(r1, "db", reducer.HostActivating, reducer.HostSoaking, reducer.HostFailed)
			r.dispatched(r1, "web-2", "a1")
		},
		func(r *run) { // one that never acked is not
			r.active()
			r.dispatched(r1, "web-1", "a1")
			r.moved(r1, "db", reducer.HostActivating, reducer.HostSoaking, reducer.HostFailed)
			r.dispatched(r1, "web-2", "a1")
		},
	},
	{
		"budget-kept web", // a host of a superseded rollout is in flight until the rollout is pruned
		func(r *run) { r.supersededInFlight(false) },
		func(r *run) { r.supersededInFlight(true) },
	},
}
