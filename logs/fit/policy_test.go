package fit

import (
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// TestPolicyOfHeader checks that a missing rollback counts only under a policy that rolls back.
func TestPolicyOfHeader(t *testing.T) {
	for _, policy := range reducer.HealthPolicies() {
		l := newLearner()
		write := func(e trace.Entry) {
			t.Helper()
			if err := l.Write(&e); err != nil {
				t.Fatal(err)
			}
		}
		write(trace.Entry{Kind: trace.KindHeader, Header: &trace.Header{Channels: []trace.ChannelConfig{
			{Channel: "stable", Policy: reducer.Policy{OnHealthFailure: policy}},
		}}})
		for i, kind := range []reducer.AgentEventKind{reducer.DispatchAck, reducer.ActivationFailed} {
			at := reducer.Time(i+1) * 1e9
			write(trace.Entry{Kind: trace.KindAgentEvent, At: at, Host: "h1", Rollout: "stable@a",
				Agent: &trace.AgentEvent{Kind: kind, Seq: uint64(i + 1), At: at}})
		}
		write(trace.Entry{Kind: trace.KindOther, At: 100e9})
		l.finish()
		want := 0
		if policy == reducer.RollbackAndHalt {
			want = 1
		}
		if got := len(l.stages[rollback].kept); got != want {
			t.Errorf("under %v %d rollbacks are missing, want %d", policy, got, want)
		}
	}
}
