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

// NewRolloutID returns the content-addressed id of the rollout that moves channel to ref.
func NewRolloutID(channel ChannelID, ref ChannelRef) RolloutID {
	return RolloutID(string(channel) + "@" + string(ref))
}

// shortestRef is the number of digits of a ref that are enough to name a rollout.
const shortestRef = 7

// Abbreviates reports whether id is a short form of other: its beginning, with at least seven
// digits of the ref.
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

// String returns the state's name as logs spell it.
func (s State) String() string { return enumName("State", stateNames[:], uint8(s)) }

// ParseState returns the state of that name; false for an unknown name.
func ParseState(name string) (State, bool) { return parseEnum[State](stateNames[:], name) }

// States returns every rollout state in declared order.
func States() []State { return enumerate[State](uint8(stateEnd)) }

// InTerminalSet reports whether retention may prune a rollout in this state.
func (s State) InTerminalSet() bool {
	switch s {
	case Terminal, Superseded, Failed, Reverted:
		return true
	case Opening, Active, Converging, Pruned, stateEnd:
	}
	return false
}

// Standing reports whether a rollout in this state still stands for its channel.
func (s State) Standing() bool {
	switch s {
	case Superseded, Pruned:
		return false
	case Opening, Active, Converging, Terminal, Reverted, Failed, stateEnd:
	}
	return true
}

// Underway reports whether the planner still works on a rollout in this state.
func (s State) Underway() bool {
	switch s {
	case Opening, Active, Converging:
		return true
	case Terminal, Reverted, Failed, Superseded, Pruned, stateEnd:
	}
	return false
}

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

// String returns the host state's name as logs spell it.
func (s HostState) String() string { return enumName("HostState", hostStateNames[:], uint8(s)) }

// ParseHostState returns the host state of that name; false for an unknown name.
func ParseHostState(name string) (HostState, bool) {
	return parseEnum[HostState](hostStateNames[:], name)
}

// HostStates returns every host state in declared order.
func HostStates() []HostState { return enumerate[HostState](uint8(hostStateEnd)) }

// InFlight reports whether a host in this state counts against a disruption budget. Pending does
// not count: a budget of one would then wait for itself.
func (s HostState) InFlight() bool {
	switch s {
	case HostActivating, HostSoaking:
		return true
	case HostPending, HostDeferred, HostConverged, HostFailed, HostReverted, hostStateEnd:
	}
	return false
}

// Finished reports whether a host in this state has nothing more to do for its rollout, unless it
// rolls back.
func (s HostState) Finished() bool {
	switch s {
	case HostConverged, HostFailed, HostReverted:
		return true
	case HostPending, HostActivating, HostSoaking, HostDeferred, hostStateEnd:
	}
	return false
}

// OrderingEligible reports whether a wave may advance past a host in this state.
func (s HostState) OrderingEligible() bool {
	switch s {
	case HostConverged, HostDeferred:
		return true
	case HostPending, HostActivating, HostSoaking, HostFailed, HostReverted, hostStateEnd:
	}
	return false
}

// EventKind is the kind of a rollout event. The zero value is invalid.
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
	"",
	"RolloutOpened",
	"HostJoined",
	"HostStateChanged",
	"WaveAdvanced",
	"RolloutTerminal",
	"SuccessorOpened",
	"RetentionExpired",
	"OperatorClearance",
}

// String returns the event's name as logs spell it.
func (k EventKind) String() string { return enumName("EventKind", eventNames[:], uint8(k)) }

// ParseEventKind returns the event kind of that name; false for an unknown name.
func ParseEventKind(name string) (EventKind, bool) {
	return parseEnum[EventKind](eventNames[:], name)
}

// EventKinds returns every rollout event kind in declared order.
func EventKinds() []EventKind { return enumerate[EventKind](uint8(eventEnd)) }

// EffectKind is the kind of an effect. The zero value is invalid.
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
	"",
	"RecordRolloutTransition",
	"UpdateCurrentWave",
	"InsertQuarantineFromRollout",
	"SchedulePruning",
}

// String returns the effect's name as logs spell it.
func (k EffectKind) String() string { return enumName("EffectKind", effectNames[:], uint8(k)) }

// ParseEffectKind returns the effect kind of that name; false for an unknown name.
func ParseEffectKind(name string) (EffectKind, bool) {
	return parseEnum[EffectKind](effectNames[:], name)
}

// EffectKinds returns every effect kind in declared order.
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

// String returns the policy's name as configurations and logs spell it.
func (p HealthPolicy) String() string {
	return enumName("HealthPolicy", healthPolicyNames[:], uint8(p))
}

// ParseHealthPolicy returns the policy of that name; false for an unknown name.
func ParseHealthPolicy(name string) (HealthPolicy, bool) {
	return parseEnum[HealthPolicy](healthPolicyNames[:], name)
}

// HealthPolicies returns every health policy in declared order.
func HealthPolicies() []HealthPolicy { return enumerate[HealthPolicy](uint8(healthPolicyEnd)) }

// DefaultRetentionSeconds is the retention of a channel that does not set one: seven days.
const DefaultRetentionSeconds = 604800

// Policy is the part of a channel's configuration that a step depends on.
type Policy struct {
	OnHealthFailure  HealthPolicy
	RetentionSeconds int64 // at least 0; the delay of SchedulePruning
}

// DefaultPolicy returns halt with the default retention.
func DefaultPolicy() Policy {
	return Policy{OnHealthFailure: Halt, RetentionSeconds: DefaultRetentionSeconds}
}

func enumName(kind string, names []string, i uint8) string {
	if i == 0 || int(i) >= len(names) || names[i] == "" {
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
