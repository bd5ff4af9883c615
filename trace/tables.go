package trace

import "rollsim/reducer"

// Tables are the derived tables of a control plane's state.db. What they hold, it says that its log
// leads to.
type Tables interface {
	// Rollouts gives every row of the table rollouts to do, until that gives an error, in the order of
	// the ids. It gives false when there is no such table.
	Rollouts(do func(*reducer.Record) error) (bool, error)

	// Quarantines gives every row of the table quarantined_closures to do, until that gives an error.
	// It gives false when there is no such table.
	Quarantines(do func(*QuarantineRow) error) (bool, error)
}

// QuarantineRow is a row of the table quarantined_closures.
type QuarantineRow struct {
	Channel reducer.ChannelID
	Closure reducer.ClosureHash
	At      reducer.Time
	Seq     reducer.Opt[int64] // of the entry that led to it
}
