package trace

import "rollsim/reducer"

// Tables are the derived tables of a control plane's state.db: the result of its log, according to
// the control plane.
type Tables interface {
	// Rollouts calls do for every row of the table rollouts, in the order of opening, until do returns
	// an error. It reports whether there is such a table. If there are rows that cannot be read, the
	// error is a BadRows, after all others were read.
	Rollouts(do func(*reducer.Record) error) (bool, error)

	// Quarantines calls do for every row of the table quarantined_closures until do returns an error.
	// It reports whether there is such a table. The error is as that of Rollouts.
	Quarantines(do func(*QuarantineRow) error) (bool, error)
}

// QuarantineRow is a row of the table quarantined_closures.
type QuarantineRow struct {
	Channel reducer.ChannelID
	Closure reducer.ClosureHash
	At      reducer.Time
	Seq     reducer.Opt[int64] // the seq of the entry that caused it
}
