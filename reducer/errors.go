package reducer

import (
	"errors"
	"fmt"
)

// IllegalForState says that the event may not happen in the rollout's state.
type IllegalForState struct {
	From    State
	Event   EventKind
	Rollout RolloutID
}

func (e *IllegalForState) Error() string {
	return fmt.Sprintf("event %v is not legal in state %v (rollout %s)", e.Event, e.From, e.Rollout)
}

// Unimplemented says that the machine knows the event to be legal in the state but has no
// transition for it.
type Unimplemented struct {
	From    State
	Event   EventKind
	Rollout RolloutID
}

func (e *Unimplemented) Error() string {
	return fmt.Sprintf(
		"event %v is not implemented in state %v (rollout %s)", e.Event, e.From, e.Rollout,
	)
}

// AnotherRollout is what an Invariant says of an event that belongs to another rollout than the
// record's.
const AnotherRollout = "event of another rollout"

// Invariant says that the event contradicts what is known. State is invalid (zero) where there is
// no record.
type Invariant struct {
	What    string
	State   State
	Event   EventKind
	Rollout RolloutID
}

func (e *Invariant) Error() string {
	if e.State == 0 {
		return fmt.Sprintf("%s: event %v (rollout %s)", e.What, e.Event, e.Rollout)
	}
	return fmt.Sprintf("%s: event %v in state %v (rollout %s)", e.What, e.Event, e.State, e.Rollout)
}

// SupersessionExpected says that a rollout was opened while another stands for its channel, and
// that no SuccessorOpened came in lockstep.
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

// UnknownRollout says that no RolloutOpened came before the event: normal in a log that was trimmed
// or that is the export of one rollout.
type UnknownRollout struct {
	Event   EventKind
	Rollout RolloutID
}

func (e *UnknownRollout) Error() string {
	return fmt.Sprintf("event %v of a rollout that was never opened (rollout %s)", e.Event, e.Rollout)
}

// MachineFailure says that a machine outside this process gave no answer that could be used. It
// tells nothing of the event: whoever steps records must stop, and not take it for a refusal.
type MachineFailure struct {
	Machine string // its name
	Err     error  // what went wrong
}

func (e *MachineFailure) Error() string { return fmt.Sprintf("machine %s: %v", e.Machine, e.Err) }

// Unwrap gives what went wrong.
func (e *MachineFailure) Unwrap() error { return e.Err }

func gaveNoAnswer(err error) bool { return err != nil && errors.As(err, new(*MachineFailure)) }
