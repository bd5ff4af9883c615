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
	var (
		illegal       *reducer.IllegalForState
		unimplemented *reducer.Unimplemented
		invariant     *reducer.Invariant
		supersession  *reducer.SupersessionExpected
		unknown       *reducer.UnknownRollout
	)
	r := Rejection{Message: err.Error()}
	switch {
	case errors.As(err, &illegal):
		r.Error, r.Event = ErrorIllegalForState, illegal.Event
		r.Rollout, r.From = illegal.Rollout, illegal.From
	case errors.As(err, &unimplemented):
		r.Error, r.Event = ErrorUnimplemented, unimplemented.Event
		r.Rollout, r.From = unimplemented.Rollout, unimplemented.From
	case errors.As(err, &invariant):
		r.Error, r.Event = ErrorInvariant, invariant.Event
		r.Rollout, r.From = invariant.Rollout, invariant.State
	case errors.As(err, &supersession):
		r.Error, r.Event = ErrorSupersessionExpected, reducer.RolloutOpened
		r.Rollout = supersession.Rollout
	case errors.As(err, &unknown):
		r.Error, r.Event, r.Rollout = ErrorUnknownRollout, unknown.Event, unknown.Rollout
	default:
		panic("trace: not an error of the reducer: " + err.Error())
	}
	return r
}
