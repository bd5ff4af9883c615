// Package trace holds the one trace format: the ordered log of a simulated run or of a production
// control plane. It has the entries, their writers, their reader, and the first difference between
// two texts. It decides nothing.
//
// An Entry is one line. Whoever makes a trace writes entries, the header first, to a Sink: a Writer
// makes NDJSON of them, a Text the aligned lines of a golden, a Digest nothing but their digest, a
// Collector keeps them, a Tee serves several. Whoever has a trace reads entries from a Reader.
//
// A simulated trace is sealed. Its lines carry sums of what they say, seq counts them, and the end
// line has the digest of all, so that the Reader can name the entry that was changed, removed or
// repeated (Breach). Sums and digest are made of the fields of an entry and not of its JSON: a tool
// may space or order the keys otherwise. A control plane's log has no header, no sums and no end
// line, and is read all the same.
package trace

import (
	"path"
	"slices"

	"rollsim/reducer"
)

// Kind says what an entry is about. The zero value is invalid.
type Kind uint8

// The kinds of entries: the control plane's own, then the simulator's.
const (
	KindAgentEvent Kind = 1 + iota
	KindPlanAction
	KindEffect
	KindGateDecision
	KindVerifyOutcome
	KindManifestPoll
	KindRolloutEvent
	KindFault     // simulator: something that it made go wrong
	KindRejection // simulator: an event that the reducer refused
	KindHeader    // simulator: first line, names what makes the trace again
	KindEnd       // simulator: last line, so that nothing can be cut off unseen
	KindOther     // a kind that this version does not know; passed over

	kindEnd
)

var kindNames = [kindEnd]string{
	"", "agent_event", "plan_action", "effect", "gate_decision", "verify_outcome", "manifest_poll", "rollout_event", "fault",
	"rejection", "header", "end", "other",
}

// Entry is one line of a trace. Exactly one of the payload pointers is set, or none and Raw, where
// the payload is of a kind that this version does not know or does not look into. Where a payload
// that was read says more than its type here holds, Raw is set beside it, and is what is written.
// An entry that a Sink is given is valid only during the call, and one that a Reader gives only
// until the next: Clone what is kept.
type Entry struct {
	Seq     uint64 // from 1 in simulated traces; the header has 0
	At      reducer.Time
	Kind    Kind
	Other   string // the kind as it is spelt, when Kind is KindOther
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
	Raw        []byte          // the payload as it stands, one line of JSON
}

// Sink takes the entries of a run in order.
type Sink interface {
	Write(*Entry) error
}

// Source returns the entries of a log in order, and io.EOF after the last one. An entry is valid until
// the next call.
type Source interface {
	Read() (*Entry, error)
}

// AgentEvent is a message of a host's agent. Which fields mean something depends on Kind.
type AgentEvent struct {
	Kind reducer.AgentEventKind
	Seq  uint64       // from 1 per (host, rollout)
	At   reducer.Time // by the host's clock

	// DispatchAck: to roll back to; ActivationCompleted, Converged, RollbackComplete: running now
	Closure   reducer.ClosureHash
	ExitCode  int64  // ActivationCompleted, ActivationFailed, RollbackComplete
	Component string // ActivationDeferred: what waits for the reboot
	Message   string // ActivationFailed: stderr; ProbeResult: why it failed
	// ProbeTopologyDeclared, ProbeObservedFirst, ProbeResult, ProbeFailureFirst, Failed
	Probe  string
	Passed bool                 // ProbeResult
	Policy reducer.HealthPolicy // Failed: the policy that the agent applies
}

// ActionKind says what a plan action does. The zero value is invalid.
type ActionKind uint8

// The plan actions.
const (
	OpenRollout ActionKind = 1 + iota
	QueueDispatch

	actionEnd
)

// PlanAction is something that the planner did.
type PlanAction struct {
	Action    ActionKind
	Rollout   reducer.RolloutID
	Channel   reducer.ChannelID   // OpenRollout
	TargetRef reducer.ChannelRef  // OpenRollout
	Hosts     []reducer.HostID    // OpenRollout
	Host      reducer.HostID      // QueueDispatch
	Closure   reducer.ClosureHash // QueueDispatch: what to switch to
	SoakDueAt reducer.Time        // QueueDispatch
	Attempt   int                 // QueueDispatch: from 1; above 1 it is sent again for want of an ack
}

// GateDecision says that a gate keeps a host from being dispatched.
type GateDecision struct {
	Gate    string
	Reason  string
	Host    reducer.HostID
	Rollout reducer.RolloutID
}

// ManifestPoll is a poll of a channel's ref that saw something new.
type ManifestPoll struct {
	Channel reducer.ChannelID
	Outcome string
	Ref     reducer.ChannelRef
}

// HostEffect is an effect of the host machine: RecordTransition (host, rollout, from, to, at) or
// RemoteInsertQuarantine (channel, closure).
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

// The two effects of the host machine.
const (
	RecordTransition       = "RecordTransition"
	RemoteInsertQuarantine = "RemoteInsertQuarantine"
	RemoteRemoveQuarantine = "RemoteRemoveQuarantine" // simulator: an operator lifts an entry
)

// Rejection is an event that the reducer refused. The record is as before.
type Rejection struct {
	Error   string // IllegalForState, Unimplemented, Invariant, SupersessionExpected or UnknownRollout
	Event   reducer.EventKind
	Rollout reducer.RolloutID
	From    reducer.State // invalid (zero) where the error has none
	Message string
}

// Fault is something that the simulator made go wrong.
type Fault struct {
	Fault   string // its name, such as message-dropped
	Host    reducer.HostID
	Rollout reducer.RolloutID
	Channel reducer.ChannelID // poll faults
	Seq     uint64            // message faults: of the message
	// how long, where it has a length; for clock-skew by how much, to either side
	Millis int64
}

// FormatVersion is the version of the trace format that this code writes. It reads every earlier
// one.
const FormatVersion = 1

// Header is the first line of a simulated trace: what makes it again, and what a reader needs to
// judge it.
type Header struct {
	Format   int
	Scenario string // its name; a built-in one or a file can be run again by it
	Seed     uint64
	Machine  string
	Until    string // what ended the run early; empty when it went to its horizon
	Channels []ChannelConfig

	Budgets    []BudgetConfig
	Quarantine []QuarantineConfig // preset
}

// ChannelConfig is the part of a channel's configuration that judging its trace needs.
type ChannelConfig struct {
	Channel reducer.ChannelID
	Policy  reducer.Policy
	After   []reducer.ChannelID // channels that it waits for

	HostEdges []HostEdge
}

// HostEdge says that a host waits for another one of its channel.
type HostEdge struct {
	Host  reducer.HostID
	After reducer.HostID
}

// BudgetConfig bounds how many of some hosts may be in flight at once.
type BudgetConfig struct {
	Name        string
	Hosts       []string // names or globs
	MaxInFlight int
}

// Covers tells whether a host counts towards the budget. A glob that is none covers nothing: a
// scenario's were checked when it was read.
func (c *BudgetConfig) Covers(id reducer.HostID) bool {
	return slices.ContainsFunc(c.Hosts, func(pattern string) bool {
		hit, _ := path.Match(pattern, string(id))
		return hit
	})
}

// QuarantineConfig is a closure that is not to be dispatched on a channel.
type QuarantineConfig struct {
	Channel reducer.ChannelID
	Closure reducer.ClosureHash
}

// End is the last line of a simulated trace.
type End struct {
	Entries uint64 // between header and end
	Digest  string // of the header and those entries, 16 hexadecimal digits
}
