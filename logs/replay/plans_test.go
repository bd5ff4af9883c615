package replay

import (
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// TestPlans: a plan is compared once with the rollout and the hosts that joined; the first plan of
// a rollout counts.
func TestPlans(t *testing.T) {
	for _, c := range []struct {
		name string
		plan trace.PlanAction
		want []string
	}{
		{"the same", trace.PlanAction{
			Channel: "edge", TargetRef: "a1", Hosts: []reducer.HostID{"e2", "e1"}}, nil},
		{"another channel and ref", trace.PlanAction{
			Channel: "stable", TargetRef: "b2", Hosts: []reducer.HostID{"e1", "e2"}}, []string{
			"log 3 different channel edge@a1: stable / edge (OpenRollout names another one than " +
				"RolloutOpened)",
			"log 3 different ref edge@a1: b2 / a1 (OpenRollout names another one than RolloutOpened)"}},
		{"other hosts", trace.PlanAction{
			Channel: "edge", TargetRef: "a1", Hosts: []reducer.HostID{"e1", "e3"}}, []string{
			"log 3 missing HostJoined edge@a1 e3: nothing / HostJoined  e3 (OpenRollout lists the host)",
			"log 3 extra HostJoined edge@a1 e2: HostJoined  e2 / nothing (OpenRollout does not list the " +
				"host)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			check := planChecker{
				findings: &f.findings, evidence: &f.evidence, channels: make(channels),
			}
			r := &rollout{id: "edge@a1"}
			f.rollouts.byID[r.id] = r
			check.add(&c.plan, r, place{seq: 3})
			check.add(new(trace.PlanAction), r, place{seq: 4})
			check.compare(r) // it is not opened yet
			f.want()
			f.open(r.id, "e1", "e2")
			check.compare(r)
			check.compare(r)
			f.want(c.want...)
		})
	}
}

func TestPlanWithoutOpening(t *testing.T) {
	f := newFixture(t)
	check := planChecker{findings: &f.findings}
	r := &rollout{id: "edge@a1"}
	check.add(new(trace.PlanAction), r, place{seq: 3})
	check.missing(r)
	f.want("log 3 missing RolloutOpened edge@a1: nothing / RolloutOpened  edge@a1 (OpenRollout " +
		"names the rollout)")
}
