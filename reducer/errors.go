package reducer

import (
	"errors"
	"fmt"
)

// IllegalForState reports an event that may not happen in the rollout's state.
type IllegalForState struct {
	From    State
	Event   EventKind
	Rollout RolloutID
}

func (e *IllegalForState) Error() string {
	return "event " + e.Event.String() + " is not legal in state " + e.From.String() +
		" (rollout " + string(e.Rollout) + ")"
}

// Unimplemented reports an event that is legal in the rollout's state, but for which the machine
// has no transition.
type Unimplemented struct {
	From    State
	Event   EventKind
	Rollout RolloutID
}

func (e *Unimplemented) Error() string {
	return "event " + e.Event.String() + " is not implemented in state " + e.From.String() +
		" (rollout " + string(e.Rollout) + ")"
}

// AnotherRollout is the What of an Invariant for an event of another rollout than the record's.
const AnotherRollout = "event of another rollout"

// Invariant reports an event that contradicts what is known. State is zero where there is no
// record.
type Invariant struct {
	What    string
	State   State
	Event   EventKind
	Rollout RolloutID
}

func (e *Invariant) Error() string {
	in := ""
	if e.State != 0 {
		in = " in state " + e.State.String()
	}
	return e.What + ": event " + e.Event.String() + in + " (rollout " + string(e.Rollout) + ")"
}

// SupersessionExpected reports a rollout that was opened while another stands for its channel,
// without a SuccessorOpened in lockstep.
type SupersessionExpected struct {
	Rollout  RolloutID // the one that was opened
	Channel  ChannelID
	Standing RolloutID // the first predecessor that still stands
	At       Time      // when Rollout was opened
}

func (e *SupersessionExpected) Error() string {
	return fmt.Sprintf("rollout %s was opened while %s stands for channel %s: a SuccessorOpened in "+
		"lockstep was expected",
		e.Rollout, e.Standing, e.Channel)
}

// UnknownRollout reports an event without a RolloutOpened before it. That is normal in a log that
// was trimmed or that is the export of one rollout.
type UnknownRollout struct {
	Event   EventKind
	Rollout RolloutID
}

func (e *UnknownRollout) Error() string {
	return fmt.Sprintf("event %v of a rollout that was never opened (rollout %s)", e.Event, e.Rollout)
}

// MachineFailure reports that a machine outside this process returned no usable answer. It does
// not refuse the event: the caller must stop.
type MachineFailure struct {
	Machine string // its name
	Err     error
}

func (e *MachineFailure) Error() string { return fmt.Sprintf("machine %s: %v", e.Machine, e.Err) }

// Unwrap returns e.Err.
func (e *MachineFailure) Unwrap() error { return e.Err }

// IsMachineFailure reports whether an error is or wraps a *MachineFailure.
func IsMachineFailure(err error) bool {
	_, is := errors.AsType[*MachineFailure](err)
	return is
}
