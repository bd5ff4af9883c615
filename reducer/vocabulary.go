package reducer

import (
	"fmt"
	"strings"
)

// RolloutID names a rollout. It is content-addressed, "{channel}@{ref}", but the reducer treats it
// as an opaque label.
type RolloutID string

// ChannelID names a channel: a stream of releases that points at one ref at a time.
type ChannelID string

// ChannelRef is what a channel points at: a git revision.
type ChannelRef string

// HostID names one machine of the fleet.
type HostID string

// ClosureHash names a system build that a host is switched to.
type ClosureHash string

// NewRolloutID gives the content-addressed id of moving channel to ref.
func NewRolloutID(channel ChannelID, ref ChannelRef) RolloutID {
	return RolloutID(string(channel) + "@" + string(ref))
}

// shortestRef is how much of a ref names a rollout.
const shortestRef = 7

// Abbreviates tells whether the id is what people type for another one: its beginning, with at
// least seven digits of the ref.
func (id RolloutID) Abbreviates(other RolloutID) bool {
	channel, ref, _ := strings.Cut(string(id), "@")
	return len(ref) >= shortestRef && len(channel) > 0 && len(other) > len(id) &&
		strings.HasPrefix(string(other), string(id))
}

// State is the state of a rollout (RFC-0008). The zero value is invalid.
type State uint8

// The eight rollout states.
const (
	Opening State = 1 + iota
	Active
	Converging
	Terminal
	Reverted
	Failed
	Superseded
	Pruned

	stateEnd
)

// StateCount is the length of an array indexed by State: index 0 stays unused.
const StateCount = int(stateEnd)

var stateNames = [StateCount]string{
	"",
	"Opening",
	"Active",
	"Converging",
	"Terminal",
	"Reverted",
	"Failed",
	"Superseded",
	"Pruned",
}

// String is the state's name as it stands in logs.
func (s State) String() string { return enumName("State", stateNames[:], uint8(s)) }

// ParseState finds the state of that name; false for a name that is none.
func ParseState(name string) (State, bool) { return parseEnum[State](stateNames[:], name) }

// States lists every rollout state in declared order.
func States() []State { return enumerate[State](uint8(stateEnd)) }

// InTerminalSet tells whether retention may prune a rollout in this state: Terminal, Superseded,
// Failed or Reverted.
func (s State) InTerminalSet() bool {
	return s == Terminal || s == Superseded || s == Failed || s == Reverted
}

// Standing tells whether a rollout in this state still stands for its channel: neither Superseded
// nor Pruned.
func (s State) Standing() bool { return s != Superseded && s != Pruned }

// Underway tells whether the planner still works on a rollout in this state: Opening, Active or
// Converging.
func (s State) Underway() bool { return s == Opening || s == Active || s == Converging }

// HostState is the state of one host under one rollout (RFC-0005). The zero value is invalid.
type HostState uint8

// The seven host states.
const (
	HostPending HostState = 1 + iota
	HostActivating
	HostDeferred
	HostSoaking
	HostConverged
	HostFailed
	HostReverted

	hostStateEnd
)

// HostStateCount is the length of an array indexed by HostState: index 0 stays unused.
const HostStateCount = int(hostStateEnd)

var hostStateNames = [HostStateCount]string{
	"",
	"Pending",
	"Activating",
	"Deferred",
	"Soaking",
	"Converged",
	"Failed",
	"Reverted",
}

// String is the host state's name as it stands in logs.
func (s HostState) String() string { return enumName("HostState", hostStateNames[:], uint8(s)) }

// ParseHostState finds the host state of that name; false for a name that is none.
func ParseHostState(name string) (HostState, bool) {
	return parseEnum[HostState](hostStateNames[:], name)
}

// HostStates lists every host state in declared order.
func HostStates() []HostState { return enumerate[HostState](uint8(hostStateEnd)) }

// InFlight tells whether a host in this state counts against a disruption budget: Activating or
// Soaking. Pending does not count: a budget of one would then wait for itself.
func (s HostState) InFlight() bool { return s == HostActivating || s == HostSoaking }

// OrderingEligible tells whether a wave may advance past a host in this state: Converged or
// Deferred.
func (s HostState) OrderingEligible() bool { return s == HostConverged || s == HostDeferred }

// EventKind says which of the eight rollout events an Event is. The zero value is invalid.
type EventKind uint8

// The eight rollout events (RFC-0008 §4).
const (
	RolloutOpened EventKind = 1 + iota
	HostJoined
	HostStateChanged
	WaveAdvanced
	RolloutTerminal
	SuccessorOpened
	RetentionExpired
	OperatorClearance

	eventEnd
)

// EventKindCount is the length of an array indexed by EventKind: index 0 stays unused.
const EventKindCount = int(eventEnd)

var eventNames = [EventKindCount]string{
	"", "RolloutOpened", "HostJoined", "HostStateChanged", "WaveAdvanced", "RolloutTerminal", "SuccessorOpened",
	"RetentionExpired", "OperatorClearance",
}

// String is the event's name as it stands in logs.
func (k EventKind) String() string { return enumName("EventKind", eventNames[:], uint8(k)) }

// ParseEventKind finds the event kind of that name; false for a name that is none.
func ParseEventKind(
	name string,
) (EventKind, bool) {
	return parseEnum[EventKind](eventNames[:], name)
}

// EventKinds lists every rollout event kind in declared order.
func EventKinds() []EventKind { return enumerate[EventKind](uint8(eventEnd)) }

// EffectKind says which of the four effects an Effect is. The zero value is invalid.
type EffectKind uint8

// The four effects, in the order in which one step emits them.
const (
	RecordRolloutTransition EffectKind = 1 + iota
	UpdateCurrentWave
	InsertQuarantineFromRollout
	SchedulePruning

	effectEnd
)

// EffectKindCount is the length of an array indexed by EffectKind: index 0 stays unused.
const EffectKindCount = int(effectEnd)

var effectNames = [EffectKindCount]string{
	"", "RecordRolloutTransition", "UpdateCurrentWave", "InsertQuarantineFromRollout", "SchedulePruning",
}

// String is the effect's name as it stands in logs.
func (k EffectKind) String() string { return enumName("EffectKind", effectNames[:], uint8(k)) }

// ParseEffectKind finds the effect kind of that name; false for a name that is none.
func ParseEffectKind(name string) (EffectKind, bool) {
	return parseEnum[EffectKind](effectNames[:], name)
}

// EffectKinds lists every effect kind in declared order.
func EffectKinds() []EffectKind { return enumerate[EffectKind](uint8(effectEnd)) }

// HealthPolicy is a channel's on_health_failure: what a failing host means for its rollout. The
// zero value is invalid.
type HealthPolicy uint8

// The two health policies.
const (
	Halt HealthPolicy = 1 + iota
	RollbackAndHalt

	healthPolicyEnd
)

// HealthPolicyCount is the length of an array indexed by HealthPolicy: index 0 stays unused.
const HealthPolicyCount = int(healthPolicyEnd)

var healthPolicyNames = [HealthPolicyCount]string{"", "halt", "rollback-and-halt"}

// String is the policy's name as it stands in configurations and logs.
func (p HealthPolicy) String() string {
	return enumName("HealthPolicy", healthPolicyNames[:], uint8(p))
}

// ParseHealthPolicy finds the policy of that name; false for a name that is none.
func ParseHealthPolicy(name string) (HealthPolicy, bool) {
	return parseEnum[HealthPolicy](healthPolicyNames[:], name)
}

// HealthPolicies lists every health policy in declared order.
func HealthPolicies() []HealthPolicy { return enumerate[HealthPolicy](uint8(healthPolicyEnd)) }

// DefaultRetentionSeconds is how long a rollout in the terminal set is kept when its channel does
// not say: seven days.
const DefaultRetentionSeconds = 604800

// Policy is the part of a channel's configuration that a step depends on.
type Policy struct {
	OnHealthFailure  HealthPolicy
	RetentionSeconds int64 // at least 0; the delay of SchedulePruning
}

// DefaultPolicy is halt with seven days of retention.
func DefaultPolicy() Policy {
	return Policy{OnHealthFailure: Halt, RetentionSeconds: DefaultRetentionSeconds}
}

func enumName(kind string, names []string, i uint8) string {
	if i == 0 || int(i) >= len(names) {
		return fmt.Sprintf("%s(%d)", kind, i)
	}
	return names[i]
}

func parseEnum[T ~uint8](names []string, name string) (T, bool) {
	for i := 1; i < len(names); i++ {
		if names[i] == name {
			return T(i), true
		}
	}
	return 0, false
}

func enumerate[T ~uint8](end uint8) []T {
	all := make([]T, 0, end-1)
	for i := uint8(1); i < end; i++ {
		all = append(all, T(i))
	}
	return all
}
