package trace

import (
	"errors"

	"rollsim/reducer"
)

// The names of the reducer's errors in a Rejection.
const (
	ErrorIllegalForState      = "IllegalForState"
	ErrorUnimplemented        = "Unimplemented"
	ErrorInvariant            = "Invariant"
	ErrorSupersessionExpected = "SupersessionExpected"
	ErrorUnknownRollout       = "UnknownRollout"
)

// NewRejection returns the Rejection for an error of a reducer.Fleet. It panics for any other
// error.
func NewRejection(err error) Rejection {
	r := Rejection{Message: err.Error()}
	if e, is := errors.AsType[*reducer.IllegalForState](err); is {
		r.Error, r.Event, r.Rollout, r.From = ErrorIllegalForState, e.Event, e.Rollout, e.From
	} else if e, is := errors.AsType[*reducer.Unimplemented](err); is {
		r.Error, r.Event, r.Rollout, r.From = ErrorUnimplemented, e.Event, e.Rollout, e.From
	} else if e, is := errors.AsType[*reducer.Invariant](err); is {
		r.Error, r.Event, r.Rollout, r.From = ErrorInvariant, e.Event, e.Rollout, e.State
	} else if e, is := errors.AsType[*reducer.SupersessionExpected](err); is {
		r.Error, r.Event, r.Rollout = ErrorSupersessionExpected, reducer.RolloutOpened, e.Rollout
	} else if e, is := errors.AsType[*reducer.UnknownRollout](err); is {
		r.Error, r.Event, r.Rollout = ErrorUnknownRollout, e.Event, e.Rollout
	} else {
		panic("trace: not an error of the reducer: " + r.Message)
	}
	return r
}
