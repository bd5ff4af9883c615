package reducer

import "fmt"

// AgentEventKind is the kind of an agent's message. The zero value is invalid.
type AgentEventKind uint8

// The agent events (RFC-0005 §4). The first seven may change a host's state, the others are only
// logged.
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
	"",
	"DispatchAck",
	"ActivationCompleted",
	"ActivationDeferred",
	"ActivationFailed",
	"Failed",
	"Converged",
	"RollbackComplete",
	"ActivationStarted",
	"ProbeTopologyDeclared",
	"ProbeObservedFirst",
	"ProbeResult",
	"ProbeFailureFirst",
}

// String returns the agent event's name as logs spell it.
func (k AgentEventKind) String() string {
	return enumName("AgentEventKind", agentEventNames[:], uint8(k))
}

// ParseAgentEventKind returns the agent event kind of that name; false for an unknown name.
func ParseAgentEventKind(name string) (AgentEventKind, bool) {
	return parseEnum[AgentEventKind](agentEventNames[:], name)
}

// AgentEventKinds returns every agent event kind in declared order.
func AgentEventKinds() []AgentEventKind { return enumerate[AgentEventKind](uint8(agentEventEnd)) }

// Moves reports whether the agent event may change a host's state.
func (k AgentEventKind) Moves() bool {
	switch k {
	case DispatchAck, ActivationCompleted, ActivationDeferred, ActivationFailed, ProbesFailed,
		ProbesPassed, RollbackComplete:
		return true
	case ActivationStarted, ProbeTopologyDeclared, ProbeObservedFirst, ProbeResult, ProbeFailureFirst,
		agentEventEnd:
	}
	return false
}

// SustainedFailureSeconds is how long probes must fail before an agent reports Failed.
const SustainedFailureSeconds = 60

// hostMoves is the host machine (RFC-0005 §3): the state that each agent event moves a host to.
// Zero marks an illegal event.
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
	HostFailed:    {RollbackComplete: HostReverted},
	HostConverged: {},
	HostReverted:  {},
}

// IllegalHostEvent reports an agent event that may not happen in the host's state.
type IllegalHostEvent struct {
	From  HostState
	Event AgentEventKind
}

func (e *IllegalHostEvent) Error() string {
	return fmt.Sprintf("agent event %v is not legal in host state %v", e.Event, e.From)
}

// StepHost returns the state of a host after an agent event. An event that is only logged leaves it
// in from. RollbackComplete is legal only under RollbackAndHalt.
// The error is an *IllegalHostEvent.
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

// LegalHostMove reports whether some agent event moves a host from one state to the other.
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

// SeqRegression reports a repeated agent message: its seq is not above the last one of its host and
// rollout.
type SeqRegression struct {
	Last, Seq uint64
}

func (e *SeqRegression) Error() string {
	return fmt.Sprintf("agent seq %d after %d: a duplicate", e.Seq, e.Last)
}

// CheckSeq compares an agent message's seq with the last one accepted for its host and rollout (0
// for none). It returns the number of messages in between, which were lost. The error is a
// *SeqRegression; the caller drops such a message.
func CheckSeq(last, seq uint64) (lost uint64, err error) {
	if seq <= last {
		return 0, &SeqRegression{Last: last, Seq: seq}
	}
	return seq - last - 1, nil
}
