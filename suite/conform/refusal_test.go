package conform

import (
	"errors"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// TestRefusalMatches compares errors with a wanted one whose parts are all given, in part, or not.
func TestRefusalMatches(t *testing.T) {
	const opening, active = reducer.Opening, reducer.Active
	const opened, joined = reducer.RolloutOpened, reducer.HostJoined
	for _, test := range []struct {
		name string
		want refusal
		err  error
		is   bool
	}{
		{"the same", refusal{trace.ErrorIllegalForState, opening, opened},
			&reducer.IllegalForState{From: opening, Event: opened}, true},
		{"another state", refusal{trace.ErrorIllegalForState, opening, opened},
			&reducer.IllegalForState{From: active, Event: opened}, false},
		{"another event", refusal{trace.ErrorIllegalForState, opening, opened},
			&reducer.IllegalForState{From: opening, Event: joined}, false},
		{"another kind", refusal{trace.ErrorIllegalForState, opening, opened},
			&reducer.Unimplemented{From: opening, Event: opened}, false},
		{"any state", refusal{trace.ErrorUnimplemented, 0, opened},
			&reducer.Unimplemented{From: active, Event: opened}, true},
		{"any state, another event", refusal{trace.ErrorUnimplemented, 0, opened},
			&reducer.Unimplemented{From: active, Event: joined}, false},
		{"any event", refusal{trace.ErrorInvariant, active, 0},
			&reducer.Invariant{State: active, Event: joined}, true},
		{"any event, another state", refusal{trace.ErrorInvariant, active, 0},
			&reducer.Invariant{State: opening, Event: joined}, false},
		{"the kind alone", refusal{kind: trace.ErrorSupersessionExpected},
			&reducer.SupersessionExpected{}, true},
		{"no error", refusal{kind: trace.ErrorInvariant}, nil, false},
		{"an error of no machine", refusal{}, errors.New("another"), false},
	} {
		if got := test.want.matches(test.err); got != test.is {
			t.Errorf("%s: %v matches %v: %v", test.name, test.want, test.err, got)
		}
	}
}

func TestRefusalString(t *testing.T) {
	for want, r := range map[string]refusal{
		"error Invariant":                           {kind: "Invariant"},
		"error Invariant from Opening":              {"Invariant", reducer.Opening, 0},
		"error Invariant on RolloutOpened":          {"Invariant", 0, reducer.RolloutOpened},
		"error Invariant from Active on HostJoined": {"Invariant", reducer.Active, reducer.HostJoined},
	} {
		if got := r.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
