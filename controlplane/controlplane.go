package controlplane

import (
	"errors"
	"fmt"
	"slices"

	"rollsim/reducer"
	"rollsim/trace"
)

// ControlPlane is one control plane. Each method of the first group is one input: it does all that
// follows from the input at once, and writes it to out in order. Times never fall from one input to
// the next. An error is one of the machine (*reducer.MachineFailure) or ErrRunaway; the control
// plane is then of no further use.
type ControlPlane interface {
	// Poll reports the ref that a channel points at. A ref whose rollout is not known opens one.
	Poll(now reducer.Time, channel uint32, ref reducer.ChannelRef, out Output) error

	// Receive reports a message of an agent. It reports whether the control plane acknowledges the
	// message: an agent sends it again until it does.
	Receive(now reducer.Time, m Message, out Output) (acked bool, err error)

	// Plan moves wave cursors, dispatches hosts and repeats dispatches that were not acked. A driver
	// calls it every PlanInterval, and at the end of an instant after which PlanNeeded is true.
	Plan(tick Tick, out Output) error

	// Expire reports that the retention of a rollout has expired, as Output.Arm asked for.
	Expire(now reducer.Time, rollout reducer.RolloutID, out Output) error

	// Lift reports that an operator takes an entry out of the quarantine.
	Lift(now reducer.Time, entry QuarantineEntry, out Output) error

	// Apply hands an event to the reducer as it is: an operator's clearance, or a raw event.
	Apply(now reducer.Time, ev *reducer.Event, out Output) error

	// PlanNeeded reports whether something has happened since the last Plan that may let a rollout
	// go on.
	PlanNeeded() bool

	// Fleet returns the fleet as the control plane knows it. It belongs to the control plane.
	Fleet() *reducer.Fleet

	// Seen returns the ref that the last poll of a channel saw; empty before the first.
	Seen(channel uint32) reducer.ChannelRef

	// LastDispatch returns the rollout that a host was last dispatched for; empty before the first.
	LastDispatch(host uint32) reducer.RolloutID

	// Obstacle describes why a Pending host of a rollout does not move on.
	Obstacle(rollout reducer.RolloutID, host reducer.HostID) string

	// Counted returns the hosts that a budget counts now: those that are in flight, or dispatched and
	// not yet acked.
	Counted(budget int) []uint32

	// Clone returns a copy that shares nothing with the original that can change.
	Clone() ControlPlane

	// Diff returns what differs between two control planes of one kind and inventory: the fleet, the
	// refs seen, the last dispatches, the quarantine, the retention timers, and what was dispatched to
	// and received from the members of each rollout. What follows from these is not compared.
	Diff(other ControlPlane) []Difference

	// Durable returns what a crash leaves. log holds every entry that the control plane has written.
	Durable(log []trace.Entry) Durable

	// Restore rebuilds a new control plane from what is durable, and arms its timers again. Nothing
	// else is written to out.
	Restore(now reducer.Time, from Durable, out Output) error
}

// Output receives what a control plane does while it works on one input, in order. A pointer is
// valid during the call only.
type Output interface {
	// Entry receives an entry of the trace, without its seq.
	Entry(e *trace.Entry)

	// Dispatch receives a dispatch that is to reach a host's agent.
	Dispatch(d Dispatch)

	// Arm asks for a call of Expire at an instant, which may have passed. It replaces the timer that
	// the rollout had.
	Arm(rollout reducer.RolloutID, due reducer.Time)

	// Applied receives each event that the fleet has accepted, after its entry and before those of
	// its effects.
	Applied(r *reducer.Rollout, ev *reducer.Event, effects *reducer.Effects)

	// Settled marks the end of the work on an accepted event, when its effects are carried out.
	Settled(r *reducer.Rollout, ev *reducer.Event)
}

// Dispatch orders a host's agent to switch to the closure of a rollout.
type Dispatch struct {
	Host      uint32 // by number in the inventory
	Rollout   reducer.RolloutID
	Closure   reducer.ClosureHash
	SoakDueAt reducer.Time
	Attempt   int // from 1; above 1 it is sent again, without an ack
}

// Message is what a host's agent says about its work for a rollout.
type Message struct {
	Host    uint32 // by number in the inventory
	Rollout reducer.RolloutID
	Event   *trace.AgentEvent
}

// Tick is the input of a plan.
type Tick struct {
	Now reducer.Time

	// Order is the order in which the hosts of a wave are looked at: a permutation of the numbers of
	// all hosts, or nil for the order in which they joined. A control plane draws nothing itself, so
	// where its order is random the driver draws it. Only the shipped one honours it.
	Order []uint32
}

// Durable is what a crash of a control plane leaves for the one that replaces it.
type Durable struct {
	Log []trace.Entry // entries that the control plane has written, in order
}

// Difference is one difference between two control planes.
type Difference struct {
	Subject string // a rollout, channel, host, or channel and closure
	Detail  string
	State   reducer.State // of the rollout, where the records of the fleets differ
}

// ErrRunaway says that work within one instant does not end, because some of it leads back to
// itself without any delay.
var ErrRunaway = errors.New(
	"one instant does not end: some work leads back to itself without any " +
		"delay",
)

// New makes a control plane that has seen nothing yet.
type New func(*Inventory, reducer.Machine) ControlPlane

// Name names one of the control planes of this package. Empty stands for Specified.
type Name string

// The control planes.
const (
	Specified Name = "specified" // what the RFCs ask for
	Shipped   Name = "shipped"   // what runs in production
	None      Name = "none"      // plans nothing, and lets no retention expire
)

// builtIn lists the control planes in the order of Names.
var builtIn = []struct {
	name  Name
	rules rules
}{
	{Specified, specified{}},
	{Shipped, shipped{}},
	{None, none{}},
}

// Names returns the names of all control planes.
func Names() []Name {
	names := make([]Name, len(builtIn))
	for i := range builtIn {
		names[i] = builtIn[i].name
	}
	return names
}

// ByName finds a control plane. The error lists the names.
func ByName(name Name) (New, error) {
	if name == "" {
		name = Specified
	}
	for i := range builtIn {
		if b := &builtIn[i]; b.name == name {
			return func(inv *Inventory, m reducer.Machine) ControlPlane {
				return newPlane(b.rules, inv, m)
			}, nil
		}
	}
	return nil, fmt.Errorf("control plane %q does not exist: the control planes are %q", name, Names())
}

// Restart makes the control plane that follows a crash, out of what the crash left.
func Restart(
	build New, inv *Inventory, m reducer.Machine, now reducer.Time, from Durable, out Output,
) (ControlPlane, error) {
	c := build(inv, m)
	if err := c.Restore(now, from, out); err != nil {
		return nil, err
	}
	return c, nil
}

// Log is an Output that keeps what it receives. The zero value is empty.
type Log struct {
	Entries    []trace.Entry // numbered from 1
	Dispatches []Dispatch
	Timers     []Timer
}

// Timer is a call of Output.Arm.
type Timer struct {
	Rollout reducer.RolloutID
	Due     reducer.Time
}

// Entry keeps a clone of e.
func (l *Log) Entry(e *trace.Entry) {
	l.Entries = append(l.Entries, e.Clone())
	l.Entries[len(l.Entries)-1].Seq = uint64(len(l.Entries))
}

// Dispatch keeps d.
func (l *Log) Dispatch(d Dispatch) { l.Dispatches = append(l.Dispatches, d) }

// Arm replaces the timer of the rollout.
func (l *Log) Arm(rollout reducer.RolloutID, due reducer.Time) {
	l.Timers = slices.DeleteFunc(l.Timers, func(t Timer) bool { return t.Rollout == rollout })
	l.Timers = append(l.Timers, Timer{rollout, due})
}

// Applied does nothing: the entries say it.
func (l *Log) Applied(*reducer.Rollout, *reducer.Event, *reducer.Effects) {}

// Settled does nothing.
func (l *Log) Settled(*reducer.Rollout, *reducer.Event) {}
