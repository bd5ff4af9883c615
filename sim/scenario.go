package sim

import (
	"fmt"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
)

// Scenario is everything that a run depends on, except the machine's code: two runs of equal
// scenarios write the same bytes. It is plain data. Package scenario reads it from a YAML file, and
// package story from a feature.
type Scenario struct {
	Name    string
	Start   reducer.Time  // when virtual time starts
	Horizon time.Duration // how long it runs; above 0
	Seed    uint64
	Machine string // by name

	Channels  []Channel
	Behaviour Behaviour // of every host, unless a group or a fate says otherwise
	Groups    []Group   // a later one overrides an earlier one
	Fates     []Fate    // a later one overrides an earlier one
	Delays    []Delay   // of single hosts; a later one overrides an earlier one
	Budgets   []Budget

	Quarantine []QuarantineEntry // from the start
	Timeline   []Action          // in file order
	Traffic    []Traffic         // further ref changes, drawn or regular
	Faults     []Fault           // what may go wrong by chance

	ControlPlane controlplane.Name // which control plane runs

	Tags     []controlplane.HostTags // for the selectors of budgets
	Releases []controlplane.Release  // what refs bring to hosts
	Running  []Running               // what hosts run at the start

	// What only the shipped control plane has.
	Phases Phases
	Mended []controlplane.Defect

	// Sometimes lists moments that must happen at least once each.
	Sometimes []Moment

	// ExpectViolations lists the violations that the run must end with, no more and no fewer.
	ExpectViolations []Violation

	// Deviations are what may go wrong in a proof; nil for everything. A run ignores them.
	Deviations []Allowance
}

// Channel is one stream of releases and the hosts that follow it.
type Channel struct {
	ID           reducer.ChannelID
	PollInterval time.Duration // above 0
	Policy       reducer.Policy
	Waves        []Wave
	After        []reducer.ChannelID // the channels that it waits for, without a cycle
	HostEdges    []HostEdge
	Outside      []reducer.HostID // hosts in none of its waves; they join with wave 0
	Absent       []reducer.HostID // those of its hosts that are not in the fleet at the start
	Windows      []Window         // without any it is dispatched at all times
}

// Window is a maintenance window of a channel.
type Window = controlplane.Window

// Order is what an operator orders the control plane.
type Order = controlplane.Order

// Running says what some hosts run at the start. All others run a closure of their own.
type Running struct {
	Hosts []string           // names or globs (path.Match)
	Ref   reducer.ChannelRef // they run the closure that their channel has under this ref
}

// Phases are the first instants, since the start, of what repeats under the shipped control plane.
// An unset one is drawn from the seed.
type Phases struct {
	Heartbeat reducer.Opt[time.Duration] // of every host, each minute
	Ticker    reducer.Opt[time.Duration] // of the planner, each 15 s
	Poll      reducer.Opt[time.Duration] // of the manifests of all channels, each 30 s
	Prune     reducer.Opt[time.Duration] // of the deletion of old rollouts, each hour
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

// Behaviour is how a host's agent behaves: how long each stage takes, and how likely it goes wrong.
// Delays are in ticks of a millisecond. In a Group, nil leaves what the host had.
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

// Group sets the behaviour of some hosts.
type Group struct {
	Hosts     []string // names or globs (path.Match)
	Behaviour Behaviour
}

// Probability is a chance in units of 2⁻³², so from 0 (never) to 1<<32 (always).
type Probability uint64

// Certain is the Probability of what always happens.
const Certain Probability = 1 << 32

// FateKind is a kind of fate. The zero value is invalid.
type FateKind uint8

// The fates.
const (
	FailsActivation FateKind = 1 + iota // the switch fails
	FailsProbes                         // the switch completes, the probes fail
	Defers                              // the switch waits for a reboot
	NeverAnswers                        // the dispatch is never acked
	NeverRollsBack                      // when it fails, the rollback never completes
	ConvergesAnyway                     // whatever the probabilities say, it converges
	// a compliance control fails once it is switched, and blocks later waves; the host fails only if
	// the control does so for 120 s
	FailsControl

	fateEnd
)

// Settles reports whether the fate decides how the rollout ends for the host, so that a host can
// have only one such fate under a ref.
func (k FateKind) Settles() bool {
	return k == FailsActivation || k == FailsProbes || k == NeverAnswers || k == ConvergesAnyway
}

// Fate decides in advance what happens to one host, instead of leaving it to probabilities.
type Fate struct {
	Host reducer.HostID
	Ref  reducer.ChannelRef // under which it happens; empty for every one
	Kind FateKind
	Once bool // under the first rollout to which it applies, and under no later one

	// RebootAfter is, for Defers, the time from the deferral to the reboot. Unset leaves it to
	// Behaviour.Reboot; negative is never.
	RebootAfter reducer.Opt[time.Duration]

	// PassesAfter is, for FailsControl, the time from the switch until the control passes. Unset is
	// one minute; negative is never.
	PassesAfter reducer.Opt[time.Duration]
}

// Traffic changes a channel's ref in addition to the timeline.
type Traffic struct {
	Channel reducer.ChannelID
	Kind    TrafficKind
	Every   *Distribution // from one change to the next; at least a tick
	From    time.Duration // of the first change, since the start
	Until   time.Duration // no change at or after it; 0 is the end of the run

	Prefix  string               // Arrivals: refs are named Prefix and 1, 2, 3 …
	Between []reducer.ChannelRef // Flapping: the refs, in turn
}

// TrafficKind says how refs change. The zero value is invalid.
type TrafficKind uint8

// The kinds of traffic. A fixed list of changes is the timeline itself.
const (
	Arrivals TrafficKind = 1 + iota // a new ref each time
	Flapping                        // back and forth between the same refs
)

// Action is one line of a scenario's timeline. Exactly one of SetRef, Release, Lift, Order, Fault
// and Event is set.
type Action struct {
	At   time.Duration // since the start; with When, since the moment that it describes
	When *Moment

	SetRef  *RefChange
	Release *ReleaseChange
	Fault   *FaultNow
	Order   *Order
	Lift    *QuarantineEntry // an operator takes the entry out of the quarantine
	Event   *reducer.Event   // a raw event or a clearance; reaches the reducer as it is
	KeepAt  bool             // Event.At is as given, instead of the time at which it happens

	// Reaches is the rollout whose record Event reaches; empty for that of the event. An event that
	// reaches another one is misrouted.
	Reaches reducer.RolloutID
}

// ReleaseChange points every channel at a ref at once.
type ReleaseChange struct {
	Ref reducer.ChannelRef
}

// RefChange points a channel at a ref. The control plane sees it at its next poll.
type RefChange struct {
	Channel reducer.ChannelID
	Ref     reducer.ChannelRef
}

// Moment is the first instant at which something is true of a rollout. A zero field is no
// condition.
type Moment struct {
	Rollout   reducer.RolloutID
	State     reducer.State       // the rollout is in this state
	Wave      reducer.Opt[uint32] // with HostState: a host of the wave is in it, none is behind it
	Host      reducer.HostID      // with HostState: the host is in it
	HostState reducer.HostState
}

// String describes the moment, such as "stable@r1 is Failed".
func (m *Moment) String() string {
	text := string(m.Rollout)
	if m.State != 0 {
		text += fmt.Sprintf(" is %v", m.State)
	}
	if m.Wave.Set {
		text += fmt.Sprintf(" wave %d", m.Wave.Value)
	}
	if m.Host != "" {
		text += fmt.Sprintf(" host %s", m.Host)
	}
	if m.HostState != 0 {
		text += fmt.Sprintf(" is %v", m.HostState)
	}
	return text
}
