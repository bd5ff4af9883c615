package story

import (
	"slices"

	"rollsim/invariant"
	"rollsim/reducer"
)

// allowed holds what would fail the scenario if no sentence expected it: violations of invariants
// and events that the reducer refuses.
type allowed struct {
	violations []invariant.Violation
	refusals   []refusedEvent
}

// A refusedEvent is an event that the reducer refuses.
type refusedEvent struct {
	event   reducer.EventKind
	rollout reducer.RolloutID
}

// unexpectedViolation returns the first violation that matches and is not allowed. It reports
// whether there is one.
func (a *allowed) unexpectedViolation(
	h *history, matches func(invariant.Violation) bool,
) (invariant.Violation, bool) {
	for _, v := range h.result.Violations {
		if matches(v) && !slices.ContainsFunc(a.violations, v.Is) {
			return v, true
		}
	}
	return invariant.Violation{}, false
}

// unexpectedRefusal returns the entry of the first refusal that is not allowed; noEntry if none
// exists.
func (a *allowed) unexpectedRefusal(h *history) int {
	for i := range h.entries {
		r := h.entries[i].Rejection
		if r != nil && !slices.Contains(a.refusals, refusedEvent{r.Event, r.Rollout}) {
			return i
		}
	}
	return noEntry
}
