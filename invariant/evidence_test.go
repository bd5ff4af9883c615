package invariant

import (
	"fmt"
	"testing"
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

// evidenceCases are hosts that converge without a reason, or roll back to the wrong closure.
var evidenceCases = []violation{
	{
		"evidence-kept stable@a1", // a moment before the soak is due
		func(r *run) { r.soaking(); r.now += soak - 1; r.healthy(); r.converge("a1") },
		func(r *run) { r.soaking(); r.now += soak; r.healthy(); r.converge("a1") },
	},
	{
		"evidence-kept stable@a1", // a dispatch that is sent again does not bring the soak forward
		func(r *run) {
			r.soaking()
			r.now += soak - 1
			r.dispatched(r1, "web-1", "a1")
			r.healthy()
			r.converge("a1")
		},
		func(r *run) { // nor does it begin the soak again
			r.soaking()
			r.now += soak
			r.dispatched(r1, "web-1", "a1")
			r.healthy()
			r.converge("a1")
		},
	},
	{
		"evidence-kept stable@a1", // it was never dispatched
		func(r *run) {
			r.declared()
			r.moved(r1, "web-1", reducer.HostActivating, reducer.HostSoaking)
			r.healthy()
			r.converge("a1")
		},
		func(r *run) { // the soaks of the channel are not declared
			r.active()
			r.moved(r1, "web-1", reducer.HostActivating, reducer.HostSoaking)
			r.healthy()
			r.converge("a1")
		},
	},
	{
		"evidence-kept stable@a1", // no agent has said so
		func(r *run) {
			r.soaking()
			r.now += soak
			r.healthy()
			r.moved(r1, "web-1", reducer.HostConverged)
		},
		func(r *run) { // an operator says so
			r.soaking()
			r.checker.Raw(true)
			r.moved(r1, "web-1", reducer.HostConverged)
		},
	},
	{
		"evidence-kept stable@a1", // on another closure
		func(r *run) { r.soaking(); r.now += soak; r.healthy(); r.converge("a0") },
		func(r *run) { r.soaking(); r.now += soak; r.healthy(); r.converge("a1") },
	},
	{
		"evidence-kept stable@a1", // no result of the probe
		func(r *run) {
			r.soaking()
			r.now += soak
			r.reports(trace.AgentEvent{Kind: reducer.ProbeTopologyDeclared, Probe: "p"})
			r.converge("a1")
		},
		func(r *run) { r.soaking(); r.now += soak; r.converge("a1") }, // no probe was declared
	},
	{
		"evidence-kept stable@a1", // the latest result is a failure
		func(r *run) {
			r.soaking()
			r.now += soak
			r.healthy()
			r.reports(trace.AgentEvent{Kind: reducer.ProbeResult, Probe: "p"})
			r.converge("a1")
		},
		func(r *run) {
			r.soaking()
			r.now += soak
			r.healthy()
			r.reports(trace.AgentEvent{Kind: reducer.ProbeFailureFirst, Probe: "p"})
			r.reports(trace.AgentEvent{Kind: reducer.ProbeResult, Probe: "p", Passed: true})
			r.converge("a1")
		},
	},
	{
		"evidence-kept stable@a1", // the first failure is the latest result
		func(r *run) {
			r.soaking()
			r.now += soak
			r.healthy()
			r.reports(trace.AgentEvent{Kind: reducer.ProbeFailureFirst, Probe: "p"})
			r.converge("a1")
		},
		func(r *run) { // of another host
			r.soaking()
			r.now += soak
			r.healthy()
			r.agent(r1, "web-2", trace.AgentEvent{Kind: reducer.ProbeFailureFirst, Probe: "p"})
			r.converge("a1")
		},
	},
	{
		"evidence-kept stable@a1", // one of two probes
		func(r *run) {
			r.soaking()
			r.now += soak
			r.healthy()
			r.reports(trace.AgentEvent{Kind: reducer.ProbeTopologyDeclared, Probe: "q"})
			r.converge("a1")
		},
		func(r *run) {
			r.soaking()
			r.now += soak
			r.reports(trace.AgentEvent{Kind: reducer.ProbeTopologyDeclared, Probe: "q"})
			r.reports(trace.AgentEvent{Kind: reducer.ProbeResult, Probe: "q", Passed: true})
			r.healthy()
			r.converge("a1")
		},
	},
	{
		"evidence-kept stable@a1", // results before the last activation
		func(r *run) {
			r.soaking()
			r.now += soak
			r.healthy()
			r.reports(trace.AgentEvent{Kind: reducer.ActivationCompleted, Closure: "a1"})
			r.reports(trace.AgentEvent{Kind: reducer.ProbeTopologyDeclared, Probe: "p"})
			r.converge("a1")
		},
		func(r *run) {
			r.soaking()
			r.now += soak
			r.reports(trace.AgentEvent{Kind: reducer.ActivationCompleted, Closure: "a1"})
			r.healthy()
			r.converge("a1")
		},
	},
	{
		"evidence-kept stable@a1", // a message before the last activation
		func(r *run) {
			r.soaking()
			r.now += soak
			r.reports(trace.AgentEvent{Kind: reducer.ProbesPassed, Closure: "a1"})
			r.reports(trace.AgentEvent{Kind: reducer.ActivationCompleted, Closure: "a1"})
			r.moved(r1, "web-1", reducer.HostConverged)
		},
		func(r *run) { r.soaking(); r.now += soak; r.converge("a1") },
	},
	{
		"rollback-kept stable@a1",
		func(r *run) { r.acknowledged("a0"); r.returned("a1") },
		func(r *run) { r.acknowledged("a0"); r.returned("a0") },
	},
	{
		"rollback-kept stable@a1", // another host acked another closure, and a later ack says nothing
		func(r *run) {
			r.acknowledged("a0")
			r.agent(r1, "web-2", trace.AgentEvent{Kind: reducer.DispatchAck, Closure: "a9"})
			r.acknowledged("a9")
			r.returned("a9")
		},
		func(r *run) { // it never acked
			r.declared()
			r.returned("a9")
		},
	},
}

const soak = reducer.Time(10 * time.Second)

// declared is active, with the soaks of the channel declared.
func (r *run) declared() {
	r.t.Helper()
	r.checker.Declare("stable", 3, []time.Duration{time.Duration(soak)})
	r.active()
}

// soaking dispatches web-1 and lets it soak.
func (r *run) soaking() {
	r.t.Helper()
	r.declared()
	r.dispatched(r1, "web-1", "a1")
	r.moved(r1, "web-1", reducer.HostActivating, reducer.HostSoaking)
}

// agent shows the Checker a message of a host.
func (r *run) agent(id reducer.RolloutID, host reducer.HostID, m trace.AgentEvent) {
	r.entry(trace.Entry{Kind: trace.KindAgentEvent, Rollout: id, Host: host, Agent: &m})
}

// reports shows the Checker a message of web-1 about r1.
func (r *run) reports(m trace.AgentEvent) { r.agent(r1, "web-1", m) }

// healthy lets web-1 declare probe p, which passes.
func (r *run) healthy() {
	r.reports(trace.AgentEvent{Kind: reducer.ProbeTopologyDeclared, Probe: "p"})
	r.reports(trace.AgentEvent{Kind: reducer.ProbeResult, Probe: "p", Passed: true})
}

// converge lets web-1 converge on a closure.
func (r *run) converge(on reducer.ClosureHash) {
	r.t.Helper()
	r.reports(trace.AgentEvent{Kind: reducer.ProbesPassed, Closure: on})
	r.moved(r1, "web-1", reducer.HostConverged)
}

// acknowledged lets web-1 ack a dispatch while it runs a closure.
func (r *run) acknowledged(running reducer.ClosureHash) {
	r.t.Helper()
	if r.fleet.Rollout(r1) == nil {
		r.declared()
	}
	r.reports(trace.AgentEvent{Kind: reducer.DispatchAck, Closure: running})
}

// returned lets web-1 roll back to a closure.
func (r *run) returned(to reducer.ClosureHash) {
	r.reports(trace.AgentEvent{Kind: reducer.RollbackComplete, Closure: to})
}

// TestManyProbes checks that probes beyond maxProbes accuse nobody.
func TestManyProbes(t *testing.T) {
	r := newRun(t)
	r.soaking()
	r.now += soak
	for i := range maxProbes + 1 {
		name := fmt.Sprintf("p%d", i)
		r.reports(trace.AgentEvent{Kind: reducer.ProbeTopologyDeclared, Probe: name})
		if i < maxProbes {
			r.reports(trace.AgentEvent{Kind: reducer.ProbeResult, Probe: name, Passed: true})
		}
	}
	r.converge("a1")
	if found := r.checker.Found(); len(found) > 0 {
		t.Errorf("found %v", found)
	}
}
