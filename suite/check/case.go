package check

import (
	"context"
	"errors"
	"io/fs"

	"rollsim/internal/ordered"
	"rollsim/reducer"
	"rollsim/suite/coverage"
)

// Case is one thing that a suite checks: a scenario of a feature file, or a scenario file with its
// golden. It can be run alone, any number of times and several cases at once.
type Case struct {
	fsys fs.FS
	unit unit
}

// Cases lists the cases of a suite in its order. The error names every feature file that cannot be
// read.
func (s *Suite) Cases() ([]*Case, error) {
	var all []*Case
	var errs []error
	for _, u := range s.units() {
		if u.err != nil {
			errs = append(errs, u.err)
		}
		all = append(all, &Case{s.FS, u})
	}
	return all, errors.Join(errs...)
}

// Path is the file, with the line for a scenario of a feature.
func (c *Case) Path() string { return c.unit.path }

// Feature tells whether the case is a scenario of a feature.
func (c *Case) Feature() bool { return c.unit.feature != nil }

// Run checks the case. Its transitions are decided by what through makes of the machine that it
// names; nil leaves that as it is.
func (c *Case) Run(through func(reducer.Machine) reducer.Machine) *Result {
	if c.unit.feature != nil {
		return checkFeature(c.unit.feature, through, false)
	}
	return checkScenario(c.fsys, c.unit.path, &Options{through: through})
}

// Measured is what running a case exercised.
type Measured struct {
	Case    *Case
	Result  *Result
	Reached coverage.Recording
	Steps   uint64 // of all its machines: what running it costs, the same on every computer
}

// Measure runs cases, so many at once, and tells of each, in their order, what it exercised. The
// error is that of the context.
func Measure(ctx context.Context, cases []*Case, jobs int) ([]*Measured, error) {
	all := make([]*Measured, len(cases))
	work := ordered.Work[*Measured]{
		Jobs: jobs, Order: ordered.Natural(len(cases)),
		Do: func(i int) *Measured {
			m := &Measured{Case: cases[i], Reached: make(coverage.Recording)}
			m.Result = cases[i].Run(func(machine reducer.Machine) reducer.Machine {
				return &counted{m.Reached.Through(machine), &m.Steps}
			})
			return m
		},
		Deliver: func(i int, m *Measured, _ bool) { all[i] = m },
	}
	work.Run(ctx)
	return all, ctx.Err()
}

// counted is a machine that counts its steps.
type counted struct {
	reducer.Machine
	steps *uint64
}

func (c *counted) Step(
	rec *reducer.Record, ev *reducer.Event, now reducer.Time, policy reducer.Policy,
	out *reducer.Effects,
) error {
	*c.steps++
	return c.Machine.Step(rec, ev, now, policy, out)
}
