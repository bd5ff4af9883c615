package replay

import (
	"testing"

	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// auditorOf is an invariantAuditor with a checker of the fixture's fleet.
func auditorOf(f *fixture) *invariantAuditor {
	a := &invariantAuditor{
		cursor: &f.cursor, findings: &f.findings, rollouts: &f.rollouts, channels: make(channels),
		checker: invariant.NewChecker(f.rollouts.fleet, &trace.Header{}),
	}
	a.checker.ReportEach()
	return a
}

// TestInvariants: what the replay finds itself, such as a dispatch on a rollout that has failed, is
// not taken from the checker.
func TestInvariants(t *testing.T) {
	f := newFixture(t)
	a := auditorOf(f)
	r := f.open("edge@a1", "e1")
	dispatch := func() {
		a.dispatch(f.read(trace.Entry{Host: "e1", Plan: &trace.PlanAction{
			Action: trace.QueueDispatch, Host: "e1", Rollout: r.id, Closure: "c1",
		}}), r)
	}
	dispatch()
	f.want()
	f.move(r, "e1", reducer.HostPending, reducer.HostActivating, reducer.HostFailed)
	dispatch()
	f.want()
}

// TestStanding: two standing rollouts of a channel are found at the opening of the second one.
func TestStanding(t *testing.T) {
	f := newFixture(t)
	a := auditorOf(f)
	c := a.channels.get("edge")
	first := f.open("edge@a1")
	c.open(first)
	a.end()
	f.want()
	second := f.open("edge@b2")
	c.open(second)
	second.working().opened = milestone{place: place{n: 5, seq: 5}}
	a.end()
	f.want("invariant 5 one-standing edge@b2 (2 rollouts stand, edge@a1 and edge@b2 among them)")
}

// TestRetentionIsNotJudged: no log says how long rollouts are kept.
func TestRetentionIsNotJudged(t *testing.T) {
	f := newFixture(t)
	a := auditorOf(f)
	a.checker.Report(invariant.Violation{Invariant: invariant.RetentionKept})
	a.report(f.open("edge@a1"), "", place{})
	f.want()
	a.checker.Report(invariant.Violation{Invariant: invariant.WaveMonotonic, Detail: "it fell"})
	a.report(f.rollouts.get("edge@a1"), "", place{seq: 7})
	f.want("invariant 7 wave-monotonic edge@a1 (it fell)")
}

// TestNoChecker: without a checker, as in a simulated trace, nothing is judged.
func TestNoChecker(t *testing.T) {
	f := newFixture(t)
	a := invariantAuditor{cursor: &f.cursor, findings: &f.findings, rollouts: &f.rollouts}
	e := f.read(trace.Entry{Event: new(reducer.Event)})
	a.entry(e)
	a.dispatch(e, new(rollout))
	a.applied(e, new(rollout), new(reducer.Outcome))
	f.want()
}
