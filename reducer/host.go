package reducer

import "fmt"

// AgentEventKind says which agent event a message is. The zero value is invalid.
type AgentEventKind uint8

// The agent events (RFC-0005 §4). The first seven may move a host's state, the others are only
// visible in the log.
const (
	DispatchAck AgentEventKind = 1 + iota
	ActivationCompleted
	ActivationDeferred
	ActivationFailed
	ProbesFailed // spelt "Failed" in logs: probes failed for the sustained-failure threshold
	ProbesPassed // spelt "Converged" in logs: the soak is due and every enforced probe passes
	RollbackComplete
	ActivationStarted
	ProbeTopologyDeclared
	ProbeObservedFirst
	ProbeResult
	ProbeFailureFirst

	agentEventEnd
)

// AgentEventKindCount is the length of an array indexed by AgentEventKind: index 0 stays unused.
const AgentEventKindCount = int(agentEventEnd)

var agentEventNames = [AgentEventKindCount]string{
	"", "DispatchAck", "ActivationCompleted", "ActivationDeferred", "ActivationFailed", "Failed", "Converged", "RollbackComplete",
	"ActivationStarted", "ProbeTopologyDeclared", "ProbeObservedFirst", "ProbeResult", "ProbeFailureFirst",
}

// String is the agent event's name as it stands in logs.
func (k AgentEventKind) String() string {
	return enumName("AgentEventKind", agentEventNames[:], uint8(k))
}

// ParseAgentEventKind finds the agent event kind of that name; false for a name that is none.
func ParseAgentEventKind(name string) (AgentEventKind, bool) {
	return parseEnum[AgentEventKind](agentEventNames[:], name)
}

// AgentEventKinds lists every agent event kind in declared order.
func AgentEventKinds() []AgentEventKind { return enumerate[AgentEventKind](uint8(agentEventEnd)) }

// Moves tells whether the agent event is one that moves a host's state.
func (k AgentEventKind) Moves() bool { return k >= DispatchAck && k <= RollbackComplete }

// SustainedFailureSeconds is how long probes must fail before an agent reports Failed.
const SustainedFailureSeconds = 60

// hostMoves is the per-host machine (RFC-0005 §3): where each agent event takes a host. Zero is no
// move.
var hostMoves = [HostStateCount][AgentEventKindCount]HostState{
	HostPending: {DispatchAck: HostActivating},
	HostActivating: {
		ActivationCompleted: HostSoaking,
		ActivationDeferred:  HostDeferred,
		ActivationFailed:    HostFailed,
	},
	HostDeferred: {
		ActivationCompleted: HostSoaking, // after the reboot
		ActivationFailed:    HostFailed,
	},
	HostSoaking: {
		ProbesFailed: HostFailed,
		ProbesPassed: HostConverged,
	},
	HostFailed: {RollbackComplete: HostReverted},
}

// IllegalHostEvent says that an agent event may not happen in the host's state.
type IllegalHostEvent struct {
	From  HostState
	Event AgentEventKind
}

func (e *IllegalHostEvent) Error() string {
	return fmt.Sprintf("agent event %v is not legal in host state %v", e.Event, e.From)
}

// StepHost is the host machine: the state that an agent event takes a host to. An event that only
// shows in the log gives from itself. RollbackComplete is legal only under RollbackAndHalt. The
// error is an *IllegalHostEvent.
func StepHost(from HostState, k AgentEventKind, policy HealthPolicy) (HostState, error) {
	if !k.Moves() && k != 0 && k < agentEventEnd {
		return from, nil
	}
	if from < hostStateEnd && k < agentEventEnd {
		if to := hostMoves[from][k]; to != 0 && (k != RollbackComplete || policy == RollbackAndHalt) {
			return to, nil
		}
	}
	return from, &IllegalHostEvent{From: from, Event: k}
}

// LegalHostMove tells whether some agent event takes a host from one state to the other.
func LegalHostMove(from, to HostState) bool {
	if from >= hostStateEnd || to == 0 {
		return false
	}
	for _, t := range hostMoves[from] {
		if t == to {
			return true
		}
	}
	return false
}

// SeqRegression says that an agent message came again: its seq is not above the last one of its
// host and rollout.
type SeqRegression struct {
	Last, Seq uint64
}

func (e *SeqRegression) Error() string {
	return fmt.Sprintf("agent seq %d after %d: a duplicate", e.Seq, e.Last)
}

// CheckSeq holds an agent message's seq against the last one accepted for its host and rollout (0
// for none). It gives how many messages in between were lost; the error is a *SeqRegression, and
// such a message is dropped.
func CheckSeq(last, seq uint64) (lost uint64, err error) {
	if seq <= last {
		return 0, &SeqRegression{Last: last, Seq: seq}
	}
	return seq - last - 1, nil
}
