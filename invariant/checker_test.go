package invariant

import (
	"slices"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// cases has, for each invariant that a Checker checks, a run that violates it and one that only
// just does not.
var cases = []struct {
	want   string
	breaks func(*run)
	keeps  func(*run)
}{
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
		func(r *run) { r.prunedFailed(); r.rolledBack("edge-1"); r.dispatched("edge@e1", "edge-2", "e1") },
		func(r *run) { r.prunedFailed(); r.rolledBack("edge-2"); r.dispatched("edge@e1", "edge-2", "e1") },
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

func TestInvariants(t *testing.T) {
	seen := make(map[Name]bool)
	for _, c := range cases {
		want, err := Parse(c.want)
		if err != nil {
			t.Fatal(err)
		}
		seen[want.Invariant] = true
		broken := newRun(t)
		c.breaks(broken)
		i := slices.IndexFunc(broken.checker.Found(), want.Is)
		if i < 0 {
			t.Errorf("%s: not found; found %v", c.want, broken.checker.Found())
			continue
		}
		if v := broken.checker.Found()[i]; v.Detail == "" || v.Seq == 0 || v.At == 0 || v.State == 0 ||
			v.Event == 0 {
			t.Errorf("%s: the violation does not say what and where: %+v", c.want, v)
		}
		sound := newRun(t)
		c.keeps(sound)
		if found := sound.checker.Found(); slices.ContainsFunc(found, want.Is) {
			t.Errorf("%s: found in a run that keeps it: %v", c.want, found)
		}
	}
	elsewhere := []Name{FoldIsLive, SameBytes, Stuck, Unpruned, Stranded} // see the package comment
	for _, name := range Names() {
		if seen[name] == slices.Contains(elsewhere, name) {
			t.Errorf("%s: tested %v", name, seen[name])
		}
	}
}

// TestSoundRun checks that a run without faults violates nothing.
func TestSoundRun(t *testing.T) {
	r := newRun(t)
	r.active()
	for _, host := range []reducer.HostID{"web-1", "web-2"} {
		r.dispatched(r1, host, "a1")
		r.converged(r1, host)
	}
	r.apply(reducer.Event{Kind: reducer.WaveAdvanced, Rollout: r1, FromWave: 0, ToWave: 1})
	r.dispatched(r1, "db", "a1")
	r.converged(r1, "db")
	r.now += reducer.Time(retention)
	r.apply(reducer.Event{Kind: reducer.RetentionExpired, Rollout: r1})
	if found := r.checker.Found(); len(found) > 0 {
		t.Errorf("found %v", found)
	}
	if s := r.fleet.Rollout(r1).Record.State; s != reducer.Pruned {
		t.Errorf("the rollout ended %v", s)
	}
}

// TestOnceOrEach checks which violations are reported again.
func TestOnceOrEach(t *testing.T) {
	for _, c := range []struct {
		each       bool
		bad, waves int
	}{{false, 1, 1}, {true, 3, 1}} {
		r := newRun(t)
		if c.each {
			r.checker.ReportEach()
		}
		r.active()
		for range 3 {
			r.dispatched(r1, "web-1", "bad")
			r.dispatched(r1, "db", "a1") // no cursor has moved: it is reported once
		}
		count := func(name Name) (n int) {
			for _, v := range r.checker.Found() {
				if v.Invariant == name {
					n++
				}
			}
			return n
		}
		if bad, waves := count(QuarantineKept), count(WaveKept); bad != c.bad || waves != c.waves {
			t.Errorf("each %v: %d and %d reports, want %d and %d", c.each, bad, waves, c.bad, c.waves)
		}
	}
}

// TestRepeatedDispatch checks that a dispatch that is sent again may break the gates that it passed
// the first time, but neither a halt nor a quarantine.
func TestRepeatedDispatch(t *testing.T) {
	r := newRun(t)
	r.active()
	again := func(host reducer.HostID, closure reducer.ClosureHash) {
		r.entry(trace.Entry{Plan: &trace.PlanAction{
			Action: trace.QueueDispatch, Rollout: r1, Host: host, Closure: closure, Attempt: 2,
		}})
	}
	again("db", "a1")
	if found := r.checker.Drain(); len(found) > 0 {
		t.Errorf("of a dispatch sent again: %v", found)
	}
	again("db", "bad")
	if found := r.checker.Drain(); len(found) != 1 || found[0].String() != "quarantine-kept "+
		"stable@a1" {
		t.Errorf("of a dispatch sent again to a quarantined closure: %v", found)
	}
	if found := r.checker.Drain(); len(found) > 0 {
		t.Errorf("drained twice: %v", found)
	}
}

// TestForget checks that violations by a rollout are reported again once it was forgotten, and
// that its state survives.
func TestForget(t *testing.T) {
	r := newRun(t)
	r.terminal()
	rollout := r.fleet.Rollout(r1)
	wrong := func() int {
		r.claimed(reducer.Active, reducer.Terminal)
		return len(r.checker.Drain())
	}
	if first, second := wrong(), wrong(); first != 1 || second != 0 {
		t.Errorf("%d, then %d violations", first, second)
	}
	r.checker.Forget(rollout)
	r.checker.Resume(rollout)
	r.checker.Step(rollout)
	if found := r.checker.Drain(); len(found) > 0 {
		t.Errorf("after Resume: %v", found)
	}
	if again := wrong(); again != 1 {
		t.Errorf("%d violations after Forget", again)
	}
	r.checker.Report(Violation{Invariant: Stuck, Subject: "x"})
	r.checker.Report(Violation{Invariant: Stuck, Subject: "x"})
	if found := r.checker.Found(); len(found) != 1 {
		t.Errorf("reported from outside: %v", found)
	}
}

// TestWatch checks that a Checker continues with the fleet of a restarted control plane.
func TestWatch(t *testing.T) {
	r := newRun(t)
	r.active()
	for _, host := range []reducer.HostID{"web-1", "web-2"} {
		r.moved(r1, host, reducer.HostActivating, reducer.HostDeferred)
	}
	other := newRun(t)
	other.active()
	other.apply(reducer.Event{Kind: reducer.WaveAdvanced, Rollout: r1, FromWave: 0, ToWave: 1})
	r.checker.Watch(other.fleet)
	r.dispatched(r1, "db", "a1")
	if found := r.checker.Found(); len(found) > 0 {
		t.Errorf("found %v", found)
	}
	r.checker.Watch(r.fleet)
	r.dispatched(r1, "db", "a1")
	if found := r.checker.Found(); len(found) != 1 || found[0].String() != "wave-kept stable@a1" {
		t.Errorf("found %v", found)
	}
}

func TestCompare(t *testing.T) {
	live := func() *run {
		r := newRun(t)
		r.active()
		return r
	}
	same, record, hosts, more := live(), live(), live(), live()
	record.fleet.Rollout(r1).Record.CurrentWave = 7
	hosts.fleet.Rollout(r1).Hosts()[1].State = reducer.HostFailed
	more.opened("edge@e2", "edge", "e2")
	for _, c := range []struct {
		name         string
		live, folded *run
		want         string
	}{
		{"same", live(), same, ""},
		{"record", live(), record, "fold-is-live stable@a1"},
		{"hosts", live(), hosts, "fold-is-live stable@a1"},
		{"missing in the fold", more, live(), "fold-is-live edge@e2"},
		{"only in the fold", live(), more, "fold-is-live edge@e2"},
	} {
		found := Compare(c.live.fleet, c.folded.fleet, 9, 10)
		got := ""
		if len(found) > 0 {
			got = found[0].String()
		}
		if got != c.want || len(found) > 1 {
			t.Errorf("%s: found %v, want %s", c.name, found, c.want)
		}
		for _, v := range found {
			if v.Seq != 9 || v.At != 10 || v.Detail == "" || v.State == 0 {
				t.Errorf("%s: %+v", c.name, v)
			}
		}
	}
}
