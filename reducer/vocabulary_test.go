package reducer_test

import (
	"fmt"
	"strings"
	"testing"

	"rollsim/reducer"
)

// checkNames compares the names of an enumeration with want, and checks that parse accepts these
// names and no others.
func checkNames[T interface {
	~uint8
	fmt.Stringer
}](t *testing.T, all []T, parse func(string) (T, bool), want string) {
	t.Helper()
	var names []string
	for _, v := range all {
		names = append(names, v.String())
		if back, ok := parse(v.String()); !ok || back != v {
			t.Errorf("%v is parsed as %v, %v", v, back, ok)
		}
	}
	if got := strings.Join(names, " "); got != want {
		t.Errorf("the names are %s, want %s", got, want)
	}
	for _, name := range []string{"", "nonsense", strings.ToUpper(names[0]), T(0).String()} {
		if v, ok := parse(name); ok {
			t.Errorf("%q is parsed as %v", name, v)
		}
	}
	end := all[len(all)-1] + 1
	for _, invalid := range []T{0, end, 255} {
		kind := strings.TrimPrefix(fmt.Sprintf("%T", invalid), "reducer.")
		if want := fmt.Sprintf("%s(%d)", kind, uint8(invalid)); invalid.String() != want {
			t.Errorf("an invalid value prints as %q, want %q", invalid, want)
		}
	}
}

// TestNames compares the names with those of logs and the specification.
func TestNames(t *testing.T) {
	checkNames(t, reducer.States(), reducer.ParseState,
		"Opening Active Converging Terminal Reverted Failed Superseded Pruned")
	checkNames(t, reducer.HostStates(), reducer.ParseHostState,
		"Pending Activating Deferred Soaking Converged Failed Reverted")
	checkNames(t, reducer.EventKinds(), reducer.ParseEventKind,
		"RolloutOpened HostJoined HostStateChanged WaveAdvanced RolloutTerminal SuccessorOpened "+
			"RetentionExpired OperatorClearance")
	checkNames(t, reducer.EffectKinds(), reducer.ParseEffectKind,
		"RecordRolloutTransition UpdateCurrentWave InsertQuarantineFromRollout SchedulePruning")
	checkNames(t, reducer.HealthPolicies(), reducer.ParseHealthPolicy, "halt rollback-and-halt")
	checkNames(t, reducer.AgentEventKinds(), reducer.ParseAgentEventKind,
		"DispatchAck ActivationCompleted ActivationDeferred ActivationFailed Failed Converged "+
			"RollbackComplete ActivationStarted "+
			"ProbeTopologyDeclared ProbeObservedFirst ProbeResult ProbeFailureFirst")
}

func TestStateSets(t *testing.T) {
	sets := []struct {
		what string
		in   func(reducer.State) bool
		want string
	}{
		{"terminal set", reducer.State.InTerminalSet, "Terminal Reverted Failed Superseded"},
		{"standing", reducer.State.Standing, "Opening Active Converging Terminal Reverted Failed"},
		{"under way", reducer.State.Underway, "Opening Active Converging"},
	}
	for _, set := range sets {
		var names []string
		for _, s := range reducer.States() {
			if set.in(s) {
				names = append(names, s.String())
			}
		}
		if got := strings.Join(names, " "); got != set.want {
			t.Errorf("%s: %s, want %s", set.what, got, set.want)
		}
	}
}

func TestErrorsNameStateEventAndRollout(t *testing.T) {
	tests := []struct {
		err  error
		want string
	}{
		{
			&reducer.IllegalForState{From: reducer.Pruned, Event: reducer.HostJoined, Rollout: "stable@a"},
			"event HostJoined is not legal in state Pruned (rollout stable@a)",
		},
		{
			&reducer.Unimplemented{
				From:    reducer.Failed,
				Event:   reducer.OperatorClearance,
				Rollout: "stable@a",
			},
			"event OperatorClearance is not implemented in state Failed (rollout stable@a)",
		},
		{
			&reducer.Invariant{
				What:    "wave regression",
				State:   reducer.Active,
				Event:   reducer.WaveAdvanced,
				Rollout: "stable@a",
			},
			"wave regression: event WaveAdvanced in state Active (rollout stable@a)",
		},
		{
			&reducer.Invariant{What: "no record", Event: reducer.WaveAdvanced, Rollout: "stable@a"},
			"no record: event WaveAdvanced (rollout stable@a)",
		},
		{
			&reducer.SupersessionExpected{Rollout: "stable@b", Channel: "stable", Standing: "stable@a"},
			"rollout stable@b was opened while stable@a stands for channel stable: a SuccessorOpened in " +
				"lockstep was expected",
		},
		{
			&reducer.UnknownRollout{Event: reducer.HostJoined, Rollout: "stable@a"},
			"event HostJoined of a rollout that was never opened (rollout stable@a)",
		},
		{
			&reducer.IllegalHostEvent{From: reducer.HostConverged, Event: reducer.ProbesFailed},
			"agent event Failed is not legal in host state Converged",
		},
	}
	for _, test := range tests {
		if got := test.err.Error(); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}
