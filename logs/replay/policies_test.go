package replay

import (
	"slices"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// TestPolicies: a policy that the user sets wins over the header's, either over what agents say,
// and that over the default.
func TestPolicies(t *testing.T) {
	const rollback = reducer.RollbackAndHalt
	var n notes
	p := newPolicies(&n)
	p.set(
		&trace.Header{Channels: []trace.ChannelConfig{
			{Channel: "edge", Policy: reducer.Policy{OnHealthFailure: rollback}},
			{Channel: "stable", Policy: reducer.Policy{OnHealthFailure: rollback}},
		}},
		map[reducer.ChannelID]reducer.Policy{"edge": reducer.DefaultPolicy()},
	)
	p.learn("edge", &trace.AgentEvent{}, 1) // the agent does not say
	p.learn("beta", failed(rollback), 2)
	p.learn("gamma", &trace.AgentEvent{Kind: reducer.RollbackComplete}, 3)
	for id, want := range map[reducer.ChannelID]reducer.HealthPolicy{
		"edge": reducer.Halt, "stable": rollback, "beta": rollback, "gamma": rollback,
		"other": reducer.Halt,
	} {
		if got := p.of(id).OnHealthFailure; got != want {
			t.Errorf("channel %s has policy %v, want %v", id, got, want)
		}
	}
	if len(n.list) > 0 {
		t.Errorf("notes %q", n.list)
	}
}

// failed returns an agent event that applies a policy.
func failed(policy reducer.HealthPolicy) *trace.AgentEvent {
	return &trace.AgentEvent{Kind: reducer.ProbesFailed, Policy: policy}
}

// TestPolicyNotes: a channel whose agents differ, and one whose policy is assumed, are noted once.
func TestPolicyNotes(t *testing.T) {
	var n notes
	p := newPolicies(&n)
	p.assume("edge", 3)
	p.assume("edge", 4)
	p.learn("edge", failed(reducer.RollbackAndHalt), 5)
	p.learn("edge", failed(reducer.RollbackAndHalt), 6)
	p.learn("edge", failed(reducer.Halt), 7)
	p.learn("edge", failed(reducer.Halt), 8)
	p.assume("edge", 9)
	p.assume("stable", 10)
	p.finish(nil)
	want := []string{
		"entry 7: channel edge: an agent applied policy halt, the replay applies rollback-and-halt",
		"entry 3: channel edge: policy rollback-and-halt, which entry 5 shows",
		"entry 10: channel stable: no entry states the policy, the replay applies halt",
	}
	if !slices.Equal(n.list, want) {
		t.Errorf("notes %q", n.list)
	}
}

// TestPolicyOfAgent: a rollback proves its policy where none is known.
func TestPolicyOfAgent(t *testing.T) {
	var n notes
	p := newPolicies(&n)
	if got := p.ofAgent("edge", reducer.RollbackComplete); got != reducer.RollbackAndHalt {
		t.Errorf("a rollback under an unknown policy: %v", got)
	}
	if got := p.ofAgent("edge", reducer.ActivationFailed); got != reducer.Halt {
		t.Errorf("another event under an unknown policy: %v", got)
	}
	p.learn("edge", failed(reducer.Halt), 1)
	if got := p.ofAgent("edge", reducer.RollbackComplete); got != reducer.Halt {
		t.Errorf("a rollback under halt: %v", got)
	}
}
