package explore

import (
	"slices"
	"testing"

	"rollsim/controlplane"
	"rollsim/invariant"
	"rollsim/logs/replay"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/trace"
)

// The runs of exception cases have channel s with hosts h and i, and rollouts s@a and s@b.
const subject = "s@b"

// bareRun returns a run whose log excuses nothing: both hosts have joined both rollouts, the last
// rollout is underway, and hours pass after it.
func bareRun(t *testing.T) *shownRun {
	t.Helper()
	fleet := reducer.NewFleet(reducer.RFC0008(), func(reducer.ChannelID) reducer.Policy {
		return reducer.DefaultPolicy()
	})
	r := &shownRun{header: true, result: &sim.Result{Fleet: fleet}, sc: &sim.Scenario{
		Channels: []sim.Channel{{ID: "s", Waves: []sim.Wave{{Hosts: []reducer.HostID{"h", "i"}}}}},
	}}
	for _, id := range []reducer.RolloutID{"s@a", subject} {
		for _, ev := range []reducer.Event{
			{Kind: reducer.RolloutOpened, Channel: "s", TargetRef: reducer.ChannelRef(id[2:])},
			{Kind: reducer.HostJoined, Host: "h"}, {Kind: reducer.HostJoined, Host: "i"},
		} {
			ev.Rollout = id
			r.log(trace.Entry{Kind: trace.KindRolloutEvent, Rollout: id, Event: &ev})
			if err := fleet.Apply(&ev, reducer.Time(len(r.entries)), new(reducer.Outcome)); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.log(trace.Entry{Kind: trace.KindFault, Fault: &trace.Fault{Fault: "poll-stale"}})
	r.entries[len(r.entries)-1].At = 1 << 50
	return r
}

func (r *shownRun) log(e trace.Entry) {
	e.At = reducer.Time(len(r.entries) + 1)
	r.entries = append(r.entries, e)
}

func (r *shownRun) fault(kind sim.FaultKind, host reducer.HostID) {
	r.log(trace.Entry{Host: host, Fault: &trace.Fault{Fault: kind.String()}})
}

func (r *shownRun) agent(host reducer.HostID, m trace.AgentEvent) {
	r.log(trace.Entry{Host: host, Rollout: subject, Agent: &m})
}

func (r *shownRun) plan(p trace.PlanAction) { r.log(trace.Entry{Rollout: p.Rollout, Plan: &p}) }

func (r *shownRun) lose(host reducer.HostID, id reducer.RolloutID) {
	r.result.Lost = append(r.result.Lost, trace.Entry{Host: host, Rollout: id})
}

func (r *shownRun) fails(defect trace.Defect, name invariant.Name, of string) {
	r.result.Violations = append(r.result.Violations,
		invariant.Violation{Defect: defect, Invariant: name, Subject: of})
}

func (r *shownRun) end(id reducer.RolloutID) {
	r.result.Fleet.SetState(r.result.Fleet.Rollout(id), reducer.Failed, 9)
}

func (r *shownRun) finds(title string) {
	r.findings = append(r.findings, *found(title))
}

func found(title string) *replay.Finding {
	return &replay.Finding{Kind: replay.Violated, What: title, Rollout: subject, Host: "h"}
}

const (
	ofMessage = "Converged, message 5 of host h, was acknowledged and is not in the log"
	ofClosure = "host h was dispatched to closure c, which is quarantined"
	ofHost    = "host h is Converged"
)

// unseenCases are violations with what lets an exception hold, and with what comes close.
var unseenCases = map[string]struct {
	v     invariant.Violation
	holds func(*shownRun)
	not   []func(*shownRun)
}{
	"budget-overshoot": {
		invariant.Violation{Defect: controlplane.BudgetOvershoot},
		func(r *shownRun) { r.header = false },
		[]func(*shownRun){func(*shownRun) {}},
	},
	"quarantine-inert": {
		invariant.Violation{Defect: controlplane.QuarantineInert, Detail: ofClosure},
		func(r *shownRun) {
			r.header, r.sc.Quarantine = false, []sim.QuarantineEntry{{Channel: "s", Closure: "c"}}
		},
		[]func(*shownRun){
			func(r *shownRun) { r.sc.Quarantine = []sim.QuarantineEntry{{Channel: "s", Closure: "c"}} },
			func(r *shownRun) {
				r.header, r.sc.Quarantine = false, []sim.QuarantineEntry{{Channel: "s", Closure: "d"}}
			},
		},
	},
	"acknowledged-lost": {
		invariant.Violation{Defect: controlplane.AcknowledgedLost, Detail: ofMessage},
		func(r *shownRun) { r.agent("h", trace.AgentEvent{Seq: 4}) },
		[]func(*shownRun){func(r *shownRun) { r.agent("h", trace.AgentEvent{Seq: 6}) }},
	},
	"lossy-log": {
		invariant.Violation{Defect: controlplane.LossyLog, Detail: ofMessage},
		func(r *shownRun) { r.agent("h", trace.AgentEvent{Seq: 5}) },
		[]func(*shownRun){func(r *shownRun) { r.agent("h", trace.AgentEvent{Seq: 6}) }},
	},
	"late-wave-soak": {
		invariant.Violation{Defect: controlplane.LateWaveSoak, Detail: ofHost},
		func(r *shownRun) { r.lose("h", subject) },
		[]func(*shownRun){
			func(r *shownRun) { r.lose("i", subject) }, func(r *shownRun) { r.lose("h", "s@a") },
		},
	},
	"torn-opening": {
		invariant.Violation{Defect: controlplane.TornOpening},
		func(*shownRun) {},
		[]func(*shownRun){func(r *shownRun) {
			r.plan(trace.PlanAction{Action: trace.OpenRollout, Channel: "s"})
		}},
	},
	"set-back": {
		invariant.Violation{Defect: controlplane.SetBack, Invariant: invariant.Stuck},
		func(r *shownRun) { r.plan(trace.PlanAction{Action: trace.QueueDispatch, Rollout: subject}) },
		[]func(*shownRun){func(r *shownRun) {
			r.plan(trace.PlanAction{Action: trace.QueueDispatch, Rollout: "s@a"})
		}},
	},
	"stuck": {
		invariant.Violation{Defect: controlplane.EmptyWave, Invariant: invariant.Stuck},
		func(r *shownRun) { r.finds("stuck") },
		[]func(*shownRun){func(*shownRun) {}},
	},
	"lost-ack": {
		invariant.Violation{Defect: controlplane.LostAck, Detail: ofHost, At: 100},
		func(r *shownRun) { r.agent("i", trace.AgentEvent{Closure: "c"}) },
		[]func(*shownRun){func(r *shownRun) { r.agent("h", trace.AgentEvent{Closure: "c"}) }},
	},
	"stale-queue": {
		invariant.Violation{Defect: controlplane.StaleQueue, Detail: ofHost},
		func(r *shownRun) { r.agent("h", trace.AgentEvent{Kind: reducer.DispatchAck}) },
		[]func(*shownRun){
			func(r *shownRun) { r.agent("i", trace.AgentEvent{Kind: reducer.DispatchAck}) },
			func(r *shownRun) {
				r.agent("h", trace.AgentEvent{Kind: reducer.DispatchAck, Closure: "c"})
			},
		},
	},
	"stale-snapshot": {
		invariant.Violation{Defect: controlplane.StaleSnapshot, Detail: ofMessage},
		func(r *shownRun) { r.agent("h", trace.AgentEvent{Seq: 5}) },
		[]func(*shownRun){func(r *shownRun) { r.agent("h", trace.AgentEvent{Seq: 4}) }},
	},
	// That the log has neither cursors nor polls needs no more.
	"silent-cursor": {
		invariant.Violation{Defect: controlplane.SilentCursor}, func(*shownRun) {}, nil,
	},
	"stranded": {invariant.Violation{Invariant: invariant.Stranded}, func(*shownRun) {}, nil},
}

// otherCases are findings, likewise.
var otherCases = map[string]struct {
	f     *replay.Finding
	holds func(*shownRun)
	not   []func(*shownRun)
}{
	"empty-wave": {
		found("empty-wave"),
		func(r *shownRun) { emptyWave(r); r.end(subject) },
		[]func(*shownRun){emptyWave, func(r *shownRun) { r.end(subject) }},
	},
	"compliance-sticky": {
		found("compliance-sticky"),
		func(r *shownRun) { failsControl(r); r.end(subject) },
		[]func(*shownRun){failsControl, func(r *shownRun) { r.end(subject) }},
	},
	"stale-manifest": {
		found("stale-manifest"),
		func(r *shownRun) { r.end(subject) },
		[]func(*shownRun){func(r *shownRun) { r.end("s@a") }},
	},
	"lost-activation": {
		found("lost-activation"),
		func(r *shownRun) { r.fails("", invariant.Stuck, subject) },
		[]func(*shownRun){func(r *shownRun) { r.fails("", invariant.Stuck, "s@a") }},
	},
	"late-wave-soak": {
		found("late-wave-soak"),
		func(r *shownRun) { r.fault(sim.MessageDropped, "h") },
		[]func(*shownRun){
			func(r *shownRun) { r.fault(sim.MessageDropped, "i") },
			func(r *shownRun) { r.fault(sim.ClockSkew, "h") },
			func(r *shownRun) { r.lose("h", "s@a") },
		},
	},
	"superseded-edge": {
		&replay.Finding{
			Kind: replay.Violated, What: "superseded-edge", Reason: "waits for rollout s@a, which is",
		},
		supersede,
		[]func(*shownRun){func(*shownRun) {}, func(r *shownRun) {
			supersede(r)
			r.result.Fleet.Rollout("s@a").Record.TerminalAt = reducer.Some(reducer.Time(1))
		}},
	},
	"stale-queue": {
		found("stale-queue"),
		func(r *shownRun) { r.fault(sim.MessageDelayed, "h") },
		[]func(*shownRun){func(r *shownRun) { r.fault(sim.MessageDelayed, "i") }},
	},
	"different time": {
		&replay.Finding{Kind: replay.Different, What: "time", Host: "h"},
		func(r *shownRun) { r.fault(sim.ClockSkew, "h") },
		[]func(*shownRun){func(r *shownRun) { r.fault(sim.ClockSkew, "i") }},
	},
	"lossy-log": {
		&replay.Finding{Kind: replay.Missing, What: "event", Rollout: subject},
		func(r *shownRun) { r.lose("h", subject) },
		[]func(*shownRun){func(r *shownRun) { r.lose("h", "s@a") }},
	},
	"acknowledged-lost": {
		found("acknowledged-lost"),
		func(r *shownRun) { r.fails(controlplane.StaleSnapshot, "", subject) },
		[]func(*shownRun){func(r *shownRun) { r.fails(controlplane.StaleSnapshot, "", "s@a") }},
	},
	"missing OpenRollout": {
		&replay.Finding{Kind: replay.Missing, What: "OpenRollout", Rollout: subject},
		func(r *shownRun) { r.fault(sim.TornOpeningCrash, "") },
		[]func(*shownRun){
			func(r *shownRun) { r.fault(sim.ControlPlaneCrash, "") },
			func(r *shownRun) { // a host never joins, and another opening shows it
				r.fault(sim.TornOpeningCrash, "")
				r.plan(trace.PlanAction{Action: trace.OpenRollout, Channel: "s"})
				r.sc.Channels[0].Outside = []reducer.HostID{"o"}
			},
		},
	},
}

func emptyWave(r *shownRun) { r.sc.Channels[0].Waves = append(r.sc.Channels[0].Waves, sim.Wave{}) }

func supersede(r *shownRun) {
	r.result.Fleet.Rollout("s@a").Record.SupersededAt = reducer.Some(reducer.Time(9))
}

func failsControl(r *shownRun) {
	r.sc.Fates = []sim.Fate{{Host: "h", Kind: sim.FailsControl}}
}

// TestExceptionsAreNarrow checks that each exception holds for its reason, and not in runs that
// come close.
func TestExceptionsAreNarrow(t *testing.T) {
	for _, x := range unseen {
		c := unseenCases[x.name]
		c.v.Subject = subject
		try(t, "unseen "+x.name, c.holds, c.not, func(r *shownRun) bool { return x.holds(r, &c.v) })
	}
	for _, x := range otherwise {
		c := otherCases[x.name]
		try(t, "otherwise "+x.name, c.holds, c.not, func(r *shownRun) bool { return x.holds(r, c.f) })
	}
}

// try checks a condition in the runs of a case.
func try(
	t *testing.T, name string, holds func(*shownRun), not []func(*shownRun),
	condition func(*shownRun) bool,
) {
	t.Helper()
	if holds == nil {
		t.Errorf("%s has no case", name)
		return
	}
	for i, with := range slices.Concat([]func(*shownRun){holds}, not) {
		r := bareRun(t)
		with(r)
		if got := condition(r); got != (i == 0) {
			t.Errorf("%s, run %d: holds is %v", name, i, got)
		}
	}
}
