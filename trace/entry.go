package trace

import (
	"path"
	"slices"

	"rollsim/reducer"
)

// Kind is the kind of an entry. The zero value is invalid.
type Kind uint8

// The kinds of entries: those of the control plane, then those of the simulator.
const (
	KindAgentEvent Kind = 1 + iota
	KindPlanAction
	KindEffect
	KindGateDecision
	KindVerifyOutcome
	KindManifestPoll
	KindRolloutEvent
	KindFault     // simulator: a fault that it injected
	KindRejection // simulator: an event that the reducer refused
	KindHeader    // simulator: the first line, with the inputs that reproduce the trace
	KindEnd       // simulator: the last line, which shows that the trace is complete
	KindOther     // a kind that this version does not know

	kindEnd
)

// KindCount is the length of an array indexed by Kind: index 0 stays unused.
const KindCount = int(kindEnd)

var kindNames = [KindCount]string{
	"", "agent_event", "plan_action", "effect", "gate_decision", "verify_outcome", "manifest_poll",
	"rollout_event", "fault", "rejection", "header", "end", "other",
}

// Entry is one line of a trace. Exactly one of the payload pointers is set, or Raw alone for a
// payload of a kind that this version does not know or does not read. If the type of a payload
// cannot hold all of it, Raw is set in addition, and a Writer writes Raw.
//
// An entry passed to a Sink is valid only during the call, and one returned by a Reader only until
// the next Read. Use Clone to keep one.
type Entry struct {
	Seq     uint64 // from 1 in simulated traces; the header has 0
	At      reducer.Time
	Kind    Kind
	Other   string // the name of the kind, when Kind is KindOther
	Host    reducer.HostID
	Rollout reducer.RolloutID

	Event      *reducer.Event  // KindRolloutEvent
	Effect     *reducer.Effect // KindEffect, of the rollout machine
	HostEffect *HostEffect     // KindEffect, of the host machine
	Agent      *AgentEvent     // KindAgentEvent
	Plan       *PlanAction     // KindPlanAction
	Gate       *GateDecision   // KindGateDecision
	Poll       *ManifestPoll   // KindManifestPoll
	Fault      *Fault          // KindFault
	Rejection  *Rejection      // KindRejection
	Header     *Header         // KindHeader
	End        *End            // KindEnd
	Raw        []byte          // the payload as it was read, one line of JSON
}

// Sink receives the entries of a run in order.
type Sink interface {
	Write(*Entry) error
}

// Source returns the entries of a trace in order, and io.EOF after the last one. An entry is valid
// until the next call.
type Source interface {
	Read() (*Entry, error)
}

// AgentEvent is a message of a host's agent. Kind determines which fields are set.
type AgentEvent struct {
	Kind reducer.AgentEventKind
	Seq  uint64       // from 1 per (host, rollout)
	At   reducer.Time // by the host's clock

	// Closure is the closure that runs on the host (ActivationCompleted, Converged, RollbackComplete),
	// or that ran before the dispatch (DispatchAck).
	Closure   reducer.ClosureHash
	ExitCode  int64                // ActivationCompleted, ActivationFailed, RollbackComplete
	Component string               // ActivationDeferred: the component that needs a reboot
	Message   string               // ActivationFailed: stderr; ProbeResult: why the probe failed
	Probe     string               // all probe events, and Failed
	Passed    bool                 // ProbeResult
	Policy    reducer.HealthPolicy // Failed: the policy that the agent applies
}

// ActionKind is the kind of a plan action. The zero value is invalid.
type ActionKind uint8

// The plan actions.
const (
	OpenRollout ActionKind = 1 + iota
	QueueDispatch

	actionEnd
)

// ActionCount is the length of an array indexed by ActionKind: index 0 stays unused.
const ActionCount = int(actionEnd)

// PlanAction is an action of the planner.
type PlanAction struct {
	Action    ActionKind
	Rollout   reducer.RolloutID
	Channel   reducer.ChannelID   // OpenRollout
	TargetRef reducer.ChannelRef  // OpenRollout
	Hosts     []reducer.HostID    // OpenRollout
	Host      reducer.HostID      // QueueDispatch
	Closure   reducer.ClosureHash // QueueDispatch: the closure to switch to
	SoakDueAt reducer.Time        // QueueDispatch
	Attempt   int                 // QueueDispatch: from 1; above 1 the dispatch is sent again
}

// GateDecision records that a gate blocks the dispatch of a host.
type GateDecision struct {
	Gate    string
	Reason  string
	Host    reducer.HostID
	Rollout reducer.RolloutID
}

// ManifestPoll is a poll of a channel's ref whose answer differs from the last one.
type ManifestPoll struct {
	Channel reducer.ChannelID
	Outcome string
	Ref     reducer.ChannelRef
}

// HostEffect is an effect of the host machine: RecordTransition, with host, rollout, from, to and
// at; a change of the quarantine, with channel and closure; or an action of an operator.
type HostEffect struct {
	Effect  string
	Host    reducer.HostID
	Rollout reducer.RolloutID
	From    reducer.HostState
	To      reducer.HostState
	At      reducer.Time
	Channel reducer.ChannelID
	Closure reducer.ClosureHash
}

// The effects of the host machine.
const (
	RecordTransition       = "RecordTransition"
	RemoteInsertQuarantine = "RemoteInsertQuarantine"
	RemoteRemoveQuarantine = "RemoteRemoveQuarantine" // simulator: an operator removes an entry

	// The simulator has these for actions of an operator. The first two have a channel, which is empty
	// for all channels, and the last one has a rollout.
	RemotePauseDispatch  = "RemotePauseDispatch"
	RemoteResumeDispatch = "RemoteResumeDispatch"
	RemoteAbortRollout   = "RemoteAbortRollout"

	// The simulator has these for a host that joins the fleet, or leaves it, with its channel.
	RemoteAddHost    = "RemoteAddHost"
	RemoteRemoveHost = "RemoteRemoveHost"
)

// HostEffects returns the names of the effects of the host machine.
func HostEffects() []string {
	return []string{
		RecordTransition, RemoteInsertQuarantine, RemoteRemoveQuarantine, RemotePauseDispatch,
		RemoteResumeDispatch, RemoteAbortRollout, RemoteAddHost, RemoteRemoveHost,
	}
}

// Rejection is an event that the reducer refused. It leaves the record unchanged.
type Rejection struct {
	Error   string // one of the Error constants
	Event   reducer.EventKind
	Rollout reducer.RolloutID
	From    reducer.State // zero when the error has none
	Message string
}

// Fault is a fault that the simulator injected.
type Fault struct {
	Fault   string // its name, such as message-dropped
	Host    reducer.HostID
	Rollout reducer.RolloutID
	Channel reducer.ChannelID // poll faults
	Seq     uint64            // message faults: the seq of the message
	// the duration of the fault, if it has one; for clock-skew the deviation of the clock
	Millis int64
}

// FormatVersion is the version of the trace format that this package writes. It also reads every
// earlier version.
const FormatVersion = 1

// Header is the first line of a simulated trace. It has the inputs that reproduce the trace, and
// the configuration that a reader needs to check it.
type Header struct {
	Format   int
	Scenario string // the name of a built-in scenario, or the path of a file
	Seed     uint64
	Machine  string
	Until    string // the condition that ended the run early; empty if it reached its horizon
	Channels []ChannelConfig

	// ControlPlane names the control plane if it is not the specified one.
	ControlPlane string

	Budgets    []BudgetConfig
	Quarantine []QuarantineConfig // the entries at the start
}

// ChannelConfig is the part of a channel's configuration that a reader needs to check the trace.
type ChannelConfig struct {
	Channel reducer.ChannelID
	Policy  reducer.Policy
	After   []reducer.ChannelID // channels that it waits for

	HostEdges []HostEdge
}

// HostEdge makes a host wait for another host of its channel.
type HostEdge struct {
	Host  reducer.HostID
	After reducer.HostID
}

// BudgetConfig limits the number of some hosts that may be in flight at once.
type BudgetConfig struct {
	Name        string
	Hosts       []string // names or globs
	MaxInFlight int
}

// Covers reports whether a host counts towards the budget. An invalid glob covers no host; those of
// a scenario are checked when it is loaded.
func (c *BudgetConfig) Covers(id reducer.HostID) bool {
	return slices.ContainsFunc(c.Hosts, func(pattern string) bool {
		hit, _ := path.Match(pattern, string(id))
		return hit
	})
}

// QuarantineConfig is a closure that must not be dispatched on a channel.
type QuarantineConfig struct {
	Channel reducer.ChannelID
	Closure reducer.ClosureHash
}

// End is the last line of a simulated trace.
type End struct {
	Entries uint64 // between header and end
	Digest  string // of the header and those entries, 16 hexadecimal digits
}
