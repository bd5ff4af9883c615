package controlplane

import (
	"errors"
	"fmt"
	"slices"

	"rollsim/reducer"
	"rollsim/trace"
)

// ControlPlane opens rollouts, plans their dispatches and applies the messages of agents. Each
// method that returns an error and has an Output handles one input: it carries out all consequences
// of the input before it returns, and writes them to out in order. The time of an input is never
// before that of the previous input. An error is a *reducer.MachineFailure or ErrRunaway. After an
// error the control plane must not be used.
type ControlPlane interface {
	// Poll handles the ref that a poll of a channel has found. It opens a rollout for a ref that never
	// had one.
	Poll(now reducer.Time, channel uint32, ref reducer.ChannelRef, out Output) error

	// Receive handles a message of an agent, and reports whether the control plane acknowledges it.
	// The agent repeats a message until it is acknowledged.
	Receive(now reducer.Time, m Message, out Output) (acked bool, err error)

	// Plan moves wave cursors, dispatches hosts and repeats dispatches that were not acked. A driver
	// calls it every PlanInterval, and at the end of each instant after which PlanNeeded is true.
	Plan(tick Tick, out Output) error

	// Expire handles the end of the retention of a rollout. A driver calls it when Output.Arm has
	// asked for it.
	Expire(now reducer.Time, rollout reducer.RolloutID, out Output) error

	// Lift removes an entry from the quarantine on behalf of an operator.
	Lift(now reducer.Time, entry QuarantineEntry, out Output) error

	// Operate carries out an order of an operator. The error says that the control plane does not
	// know such orders.
	Operate(now reducer.Time, order Order, out Output) error

	// Apply passes an event to the reducer unchanged: an operator's clearance, or a raw event.
	Apply(now reducer.Time, ev *reducer.Event, out Output) error

	// Misroute passes an event of another rollout to the record of a rollout, as a control plane does
	// that looks up the wrong record. Only the machine can refuse it.
	Misroute(now reducer.Time, reached reducer.RolloutID, ev *reducer.Event, out Output) error

	// PlanNeeded reports whether something has happened since the last Plan that may let a rollout
	// continue.
	PlanNeeded() bool

	// Fleet returns the fleet as the control plane knows it. The caller must not change it.
	Fleet() *reducer.Fleet

	// Seen returns the ref that the last poll of a channel found. It is empty before the first poll.
	Seen(channel uint32) reducer.ChannelRef

	// LastDispatch returns the rollout for which a host was last dispatched. It is empty before the
	// first dispatch.
	LastDispatch(host uint32) reducer.RolloutID

	// Obstacle describes why a Pending host of a rollout makes no progress.
	Obstacle(rollout reducer.RolloutID, host reducer.HostID) string

	// Counted returns the hosts that a budget counts now: those in flight, and those dispatched and
	// not yet acked.
	Counted(budget int) []uint32

	// Facts returns what it holds and the entries of a trace do not all show, for a reader: what polls
	// saw, budgets, waves or rows, dispatches without an ack, timers.
	Facts() []Fact

	// Clone returns a copy that shares no mutable state with the original.
	Clone() ControlPlane

	// Diff returns the differences between two control planes of one kind and inventory, and a single
	// difference if they are not. It compares the records of rollouts and, where two records are
	// equal, the states of their hosts; the refs seen; the last dispatch of each host; the quarantine;
	// the retention timers; and, for each member of a rollout, whether it was dispatched and the seq
	// of its last accepted message. The shipped control plane compares its tables.
	//
	// It does not compare the machines, which dispatches wait for an ack, when they were sent and with
	// which attempt, when the soaks of hosts are due, the gate decisions that were logged last, the
	// counts of budgets, and PlanNeeded.
	Diff(other ControlPlane) []Difference

	// Durable returns what survives a crash. log holds every entry that the control plane has written.
	Durable(log []trace.Entry) Durable

	// Restore rebuilds the state of a new control plane from what is durable, and arms its timers
	// again. It writes nothing else to out.
	Restore(now reducer.Time, from Durable, out Output) error
}

// Output receives the consequences of one input, in order. A pointer is valid only during the call.
type Output interface {
	// Entry receives an entry of the trace, without its seq.
	Entry(e *trace.Entry)

	// Dispatch receives a dispatch for the agent of a host.
	Dispatch(d Dispatch)

	// Arm asks the driver to call Expire at an instant, which may have passed. It replaces an earlier
	// timer of the rollout.
	Arm(rollout reducer.RolloutID, due reducer.Time)

	// Applied receives each event that the fleet has accepted, between the entry of the event and the
	// entries of its effects.
	Applied(r *reducer.Rollout, ev *reducer.Event, effects *reducer.Effects)

	// Settled receives each accepted event once more, after its effects have been carried out.
	Settled(r *reducer.Rollout, ev *reducer.Event)
}

// Dispatch orders a host's agent to switch to the closure of a rollout.
type Dispatch struct {
	Host      uint32 // by number in the inventory
	Rollout   reducer.RolloutID
	Closure   reducer.ClosureHash
	SoakDueAt reducer.Time
	Attempt   int // 1 for the first; higher when it is repeated without an ack

	QueuedAt reducer.Time // when the shipped control plane has queued it
}

// Message is a report of a host's agent about its work for a rollout.
type Message struct {
	Host    uint32 // by number in the inventory
	Rollout reducer.RolloutID
	Event   *trace.AgentEvent

	// Raw is the payload as the agent of production spells it, where Event cannot hold all of it. The
	// entry of the message has it too.
	Raw []byte
}

// Tick is the input of a plan.
type Tick struct {
	Now reducer.Time

	// Order is the order in which the shipped control plane visits the hosts of a rollout: a
	// permutation of the numbers of all hosts, or nil for the order in which they joined. A control
	// plane draws no random numbers, so that a driver draws a random order.
	Order []uint32

	// Channels is the order in which the shipped control plane visits the channels: a permutation of
	// their numbers, or nil for the order in which they are declared.
	Channels []uint32
}

// Durable is what survives a crash of a control plane. The next one is restored from it.
type Durable struct {
	Log []trace.Entry // entries that the control plane has written, in order

	tables *shippedPlane // of the shipped control plane, which reads no log
}

// Difference is one difference between two control planes.
type Difference struct {
	Subject string // a rollout, channel, host, or channel and closure
	Detail  string
	State   reducer.State // of the rollout, where the records of the fleets differ
}

// ErrRunaway reports that the work of one instant does not end, because some of it causes itself
// again without a delay.
var ErrRunaway = errors.New(
	"the work of one instant does not end: some of it causes itself again without a delay",
)

// New returns a control plane without rollouts.
type New func(*Inventory, reducer.Machine) ControlPlane

// Name is the name of a control plane of this package. Empty stands for Specified.
type Name string

// The control planes.
const (
	Specified Name = "specified" // what the RFCs ask for
	Shipped   Name = "shipped"   // what runs in production
	None      Name = "none"      // plans nothing, and arms no retention timer
)

// builtIn lists the control planes in the order of Names.
var builtIn = []struct {
	name Name
	make New
}{
	{Specified, func(inv *Inventory, m reducer.Machine) ControlPlane {
		return newPlane(specified{}, inv, m)
	}},
	{Shipped, newShipped},
	{None, func(inv *Inventory, m reducer.Machine) ControlPlane { return newPlane(none{}, inv, m) }},
}

// Names returns the names of all control planes.
func Names() []Name {
	names := make([]Name, len(builtIn))
	for i := range builtIn {
		names[i] = builtIn[i].name
	}
	return names
}

// ByName returns the control plane with a name. The error for an unknown name lists the known ones.
func ByName(name Name) (New, error) {
	if name == "" {
		name = Specified
	}
	for i := range builtIn {
		if b := &builtIn[i]; b.name == name {
			return b.make, nil
		}
	}
	return nil, fmt.Errorf("control plane %q does not exist: the control planes are %q", name, Names())
}

// Restart returns the control plane that replaces a crashed one, restored from what survives the
// crash.
func Restart(
	build New, inv *Inventory, m reducer.Machine, now reducer.Time, from Durable, out Output,
) (ControlPlane, error) {
	c := build(inv, m)
	if err := c.Restore(now, from, out); err != nil {
		return nil, err
	}
	return c, nil
}

// Log is an Output that records what it receives. The zero value is ready to use.
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

// Entry appends a copy of e.
func (l *Log) Entry(e *trace.Entry) {
	l.Entries = append(l.Entries, e.Clone())
	l.Entries[len(l.Entries)-1].Seq = uint64(len(l.Entries))
}

// Dispatch appends d.
func (l *Log) Dispatch(d Dispatch) { l.Dispatches = append(l.Dispatches, d) }

// Arm replaces the timer of the rollout.
func (l *Log) Arm(rollout reducer.RolloutID, due reducer.Time) {
	l.Timers = slices.DeleteFunc(l.Timers, func(t Timer) bool { return t.Rollout == rollout })
	l.Timers = append(l.Timers, Timer{rollout, due})
}

// Applied does nothing: the event has an entry.
func (l *Log) Applied(*reducer.Rollout, *reducer.Event, *reducer.Effects) {}

// Settled does nothing.
func (l *Log) Settled(*reducer.Rollout, *reducer.Event) {}
