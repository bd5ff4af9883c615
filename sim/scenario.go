package sim

import (
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
)

// Scenario is everything that a run depends on, but for the machine's code: two runs of equal
// scenarios give the same bytes. It is plain data; package scenarios makes it of a YAML file and
// package features of sentences.
type Scenario struct {
	Name    string
	Start   reducer.Time  // when virtual time starts
	Horizon time.Duration // how long it runs; above 0
	Seed    uint64
	Machine string // by name

	Channels  []Channel
	Behaviour Behaviour // of every host that no group and no fate says otherwise of
	Groups    []Group   // later ones win
	Fates     []Fate    // later ones win
	Budgets   []Budget

	Quarantine []QuarantineEntry // from the start
	Timeline   []Action          // in file order
	Traffic    []Traffic         // further ref changes, drawn or regular
	Faults     []Fault           // what chance brings; none by default

	ControlPlane controlplane.Name // whose planner runs

	// Sometimes are moments of which each must come at least once.
	Sometimes []Moment

	// ExpectViolations are the violations that the run must end with, no more and no fewer.
	ExpectViolations []Violation
}

// Channel is one stream of releases and the hosts that follow it.
type Channel struct {
	ID           reducer.ChannelID
	PollInterval time.Duration // above 0
	Policy       reducer.Policy
	Waves        []Wave
	After        []reducer.ChannelID // channels that it waits for: the graph of these has no cycle
	HostEdges    []HostEdge
}

// HostEdge keeps a host from being dispatched until another host of the same rollout is
// ordering-eligible.
type HostEdge = controlplane.HostEdge

// Budget limits how many of some hosts may be in flight, or dispatched and not yet acked, at once.
type Budget = controlplane.Budget

// QuarantineEntry is a closure that must not be dispatched on a channel.
type QuarantineEntry = controlplane.QuarantineEntry

// Wave is one step of a rollout. It may be empty.
type Wave = controlplane.Wave

// Behaviour is how a host's agent behaves: how long each stage takes and how likely each turn for
// the worse is. Delays are in ticks of a millisecond. A nil distribution in a Group leaves what the
// host had.
type Behaviour struct {
	Ack        *Distribution // dispatch sent → DispatchAck received
	Activation *Distribution // DispatchAck → the switch has completed, failed or been deferred
	Reboot     *Distribution // deferred → rebooted and switched
	Probe      *Distribution // switch completed → first probe result
	Converge   *Distribution // soak due and probes passing → Converged received
	Rollback   *Distribution // Failed → RollbackComplete, under rollback-and-halt

	ActivationFailure *Probability // the switch fails
	Deferral          *Probability // the switch is deferred until a reboot
	ProbeFailure      *Probability // the probes fail
	RollbackFailure   *Probability // the rollback never completes
	NoAnswer          *Probability // the agent never acks
}

// Group gives some hosts their own behaviour.
type Group struct {
	Hosts     []string // names or globs (path.Match)
	Behaviour Behaviour
}

// Probability is a chance in units of 2⁻³², so from 0 (never) to 1<<32 (always).
type Probability uint64

// Certain is a Probability that always comes true.
const Certain Probability = 1 << 32

// FateKind says what a script has in store for a host. The zero value is invalid.
type FateKind uint8

// The fates.
const (
	FailsActivation FateKind = 1 + iota // the switch fails
	FailsProbes                         // the switch completes, the probes fail
	Defers                              // the switch waits for a reboot
	NeverAnswers                        // the dispatch is never acked
	NeverRollsBack                      // when it fails, the rollback never completes
	ConvergesAnyway                     // whatever the probabilities say, it converges
)

// Settles tells whether the fate leaves nothing for others to happen: of two such, only one can
// come to a host under a ref.
func (k FateKind) Settles() bool {
	return k == FailsActivation || k == FailsProbes || k == NeverAnswers || k == ConvergesAnyway
}

// Fate scripts what becomes of one host, instead of leaving it to probabilities.
type Fate struct {
	Host reducer.HostID
	Ref  reducer.ChannelRef // under which it happens; empty for every one
	Kind FateKind

	// RebootAfter is for Defers: from the deferral to the reboot. Unset leaves it to Behaviour.Reboot;
	// negative is never.
	RebootAfter reducer.Opt[time.Duration]
}

// Traffic moves a channel's ref without the timeline.
type Traffic struct {
	Channel reducer.ChannelID
	Kind    TrafficKind
	Every   *Distribution // from one change to the next; 0 is taken for a tick
	From    time.Duration // of the first change, since the start
	Until   time.Duration // no change after it; 0 is the end of the run

	Prefix  string               // Arrivals: refs are named Prefix and 1, 2, 3 …
	Between []reducer.ChannelRef // Flapping: the refs to go through, round and round
}

// TrafficKind says how refs come. The zero value is invalid.
type TrafficKind uint8

// The kinds of traffic. A fixed list of changes is the timeline itself.
const (
	// a new ref each time: periodic when Every is constant, else random
	Arrivals TrafficKind = 1 + iota
	Flapping             // back and forth between the same refs
)

// Action is one line of a scenario's timeline. Exactly one of SetRef, Lift, Fault and Event is set.
type Action struct {
	At   time.Duration // since the start; with When, since the moment that it describes
	When *Moment

	SetRef *RefChange
	Fault  *FaultNow
	Lift   *QuarantineEntry // an operator takes the entry out of the quarantine
	Event  *reducer.Event   // a raw event or a clearance; reaches the reducer as it is
	KeepAt bool             // Event.At is as given, instead of the time at which it happens
}

// RefChange points a channel at a ref. The control plane sees it at its next poll.
type RefChange struct {
	Channel reducer.ChannelID
	Ref     reducer.ChannelRef
}

// Moment is the first instant at which something is true of a rollout. Zero fields ask nothing.
type Moment struct {
	Rollout reducer.RolloutID
	State   reducer.State // the rollout is in this state
	// with HostState: a host of the wave is in it, and none has still to get that far
	Wave      reducer.Opt[uint32]
	Host      reducer.HostID // with HostState: the host is in it
	HostState reducer.HostState
}
