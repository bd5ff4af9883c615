package sim

import "rollsim/invariant"

// The invariants of liveness, under the names that package features still uses.
const (
	Stuck    = invariant.Stuck
	Unpruned = invariant.Unpruned
	Stranded = invariant.Stranded
)
