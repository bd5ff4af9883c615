package trace

import (
	"errors"

	"rollsim/reducer"
)

// The names under which a Rejection stands for the reducer's errors.
const (
	ErrorIllegalForState      = "IllegalForState"
	ErrorUnimplemented        = "Unimplemented"
	ErrorInvariant            = "Invariant"
	ErrorSupersessionExpected = "SupersessionExpected"
	ErrorUnknownRollout       = "UnknownRollout"
)

// NewRejection writes down why the reducer refused an event. err is one of the errors of
// reducer.Fleet; anything else is a mistake of the caller, and panics.
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
		r.Error, r.Event, r.Rollout, r.From = ErrorIllegalForState, illegal.Event, illegal.Rollout, illegal.From
	case errors.As(err, &unimplemented):
		r.Error, r.Event, r.Rollout, r.From = ErrorUnimplemented, unimplemented.Event, unimplemented.Rollout, unimplemented.From
	case errors.As(err, &invariant):
		r.Error, r.Event, r.Rollout, r.From = ErrorInvariant, invariant.Event, invariant.Rollout, invariant.State
	case errors.As(err, &supersession):
		r.Error, r.Event, r.Rollout = ErrorSupersessionExpected, reducer.RolloutOpened, supersession.Rollout
	case errors.As(err, &unknown):
		r.Error, r.Event, r.Rollout = ErrorUnknownRollout, unknown.Event, unknown.Rollout
	default:
		panic("trace: not an error of the reducer: " + err.Error())
	}
	return r
}
