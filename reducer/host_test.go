package reducer_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"rollsim/reducer"
)

// The specification's legal moves of a host, with the agent events that cause them.
const specHostMoves = `
Pending             | Activating | DispatchAck
Activating          | Soaking    | ActivationCompleted
Activating          | Deferred   | ActivationDeferred
Activating,Deferred | Failed     | ActivationFailed
Deferred            | Soaking    | ActivationCompleted
Soaking             | Failed     | Failed
Soaking             | Converged  | Converged
Failed              | Reverted   | RollbackComplete    | rollback-and-halt
`

// The agent events that are only logged and change no state.
const specHostVisible = "ActivationStarted ProbeTopologyDeclared ProbeObservedFirst ProbeResult " +
	"ProbeFailureFirst"

type hostMove struct {
	from  reducer.HostState
	event reducer.AgentEventKind
}

// hostMoves parses the table. It returns the state after each move, and the moves that need policy
// rollback-and-halt.
func hostMoves(t testing.TB) (to map[hostMove]reducer.HostState, rollbackOnly map[hostMove]bool) {
	t.Helper()
	to, rollbackOnly = map[hostMove]reducer.HostState{}, map[hostMove]bool{}
	for _, line := range strings.Split(strings.TrimSpace(specHostMoves), "\n") {
		fields := strings.Split(line, "|")
		for i := range fields {
			fields[i] = strings.TrimSpace(fields[i])
		}
		for _, from := range strings.Split(fields[0], ",") {
			state, ok1 := reducer.ParseHostState(from)
			target, ok2 := reducer.ParseHostState(fields[1])
			event, ok3 := reducer.ParseAgentEventKind(fields[2])
			if !ok1 || !ok2 || !ok3 {
				t.Fatalf("the table has an unknown name: %s", line)
			}
			to[hostMove{state, event}] = target
			rollbackOnly[hostMove{state, event}] = len(fields) > 3
		}
	}
	return to, rollbackOnly
}

func TestStepHostDoesWhatTheSpecificationSays(t *testing.T) {
	to, rollbackOnly := hostMoves(t)
	for _, from := range reducer.HostStates() {
		for _, event := range reducer.AgentEventKinds() {
			for _, policy := range reducer.HealthPolicies() {
				want, legal := to[hostMove{from, event}]
				if rollbackOnly[hostMove{from, event}] && policy != reducer.RollbackAndHalt {
					legal = false
				}
				visible := slices.Contains(strings.Fields(specHostVisible), event.String())
				if !legal || visible {
					want = from
				}
				got, err := reducer.StepHost(from, event, policy)
				if got != want || (err == nil) != (legal || visible) {
					t.Errorf(
						"%v on %v under %v: %v, %v; want %v, legal %v", event, from, policy, got, err, want,
						legal || visible,
					)
				}
				if err != nil {
					var illegal *reducer.IllegalHostEvent
					if !errors.As(err, &illegal) || illegal.From != from || illegal.Event != event {
						t.Errorf("%v on %v: the error is %v", event, from, err)
					}
				}
				if event.Moves() == visible {
					t.Errorf("%v: moves %v, only visible %v", event, event.Moves(), visible)
				}
			}
		}
	}
}

func TestLegalHostMovesAreThoseOfTheTable(t *testing.T) {
	to, _ := hostMoves(t)
	for _, from := range reducer.HostStates() {
		for _, target := range reducer.HostStates() {
			want := false
			for move, state := range to {
				want = want || move.from == from && state == target
			}
			if got := reducer.LegalHostMove(from, target); got != want {
				t.Errorf("a host may move from %v to %v: %v, want %v", from, target, got, want)
			}
		}
	}
}

// beyond and beyondEvent are the first invalid values after the last valid one.
const (
	beyond      = reducer.HostState(reducer.HostStateCount)
	beyondEvent = reducer.AgentEventKind(reducer.AgentEventKindCount)
)

func TestInvalidHostStatesAndEventsAreRefused(t *testing.T) {
	for _, from := range append(reducer.HostStates(), 0, beyond, 255) {
		for _, to := range []reducer.HostState{0, beyond, 255} {
			if reducer.LegalHostMove(from, to) || reducer.LegalHostMove(to, from) {
				t.Errorf("a host may move between %v and %v", from, to)
			}
		}
		for _, event := range []reducer.AgentEventKind{0, beyondEvent, 255} {
			if to, err := reducer.StepHost(from, event, reducer.RollbackAndHalt); err == nil || to != from {
				t.Errorf("%v on %v: %v, %v", event, from, to, err)
			}
		}
	}
	for _, from := range []reducer.HostState{0, beyond, 255} {
		if to, err := reducer.StepHost(from, reducer.DispatchAck, reducer.Halt); err == nil ||
			to != from {
			t.Errorf("DispatchAck on %v: %v, %v", from, to, err)
		}
	}
}

func TestHostStateSets(t *testing.T) {
	var inFlight, eligible []string
	for _, s := range reducer.HostStates() {
		if s.InFlight() {
			inFlight = append(inFlight, s.String())
		}
		if s.OrderingEligible() {
			eligible = append(eligible, s.String())
		}
	}
	if got := strings.Join(inFlight, " "); got != "Activating Soaking" {
		t.Errorf("in flight: %s", got)
	}
	if got := strings.Join(eligible, " "); got != "Deferred Converged" {
		t.Errorf("ordering-eligible: %s", got)
	}
}

func TestAgentSeq(t *testing.T) {
	tests := []struct {
		what      string
		last, seq uint64
		lost      uint64
		err       string
	}{
		{"the first message", 0, 1, 0, ""},
		{"the next one", 1, 2, 0, ""},
		{"two messages were lost", 1, 4, 2, ""},
		{"the third message arrives first", 0, 3, 2, ""},
		{"sent twice", 4, 4, 0, "agent seq 4 after 4: a duplicate"},
		{"sent again late", 4, 2, 0, "agent seq 2 after 4: a duplicate"},
		{"seq starts at 1", 0, 0, 0, "agent seq 0 after 0: a duplicate"},
		{"the highest", 1<<64 - 2, 1<<64 - 1, 0, ""},
	}
	for _, test := range tests {
		t.Run(test.what, func(t *testing.T) {
			lost, err := reducer.CheckSeq(test.last, test.seq)
			var regression *reducer.SeqRegression
			switch {
			case lost != test.lost:
				t.Errorf("lost %d, want %d", lost, test.lost)
			case test.err == "" && err != nil:
				t.Error(err)
			case test.err != "" && (!errors.As(err, &regression) || err.Error() != test.err):
				t.Errorf("error %v, want %s", err, test.err)
			}
		})
	}
}
