package check

import (
	"context"
	"errors"
	"io/fs"

	"rollsim/internal/ordered"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/suite/coverage"
)

// Case is one test of a suite: a scenario of a feature file, or a scenario file with its golden. It
// can run any number of times, and in parallel with other cases.
type Case struct {
	fsys fs.FS
	unit unit
}

// Cases returns the cases of a suite in its order. The error names every feature file that cannot
// be read.
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

// Path returns the path of the file. For a scenario of a feature it ends with the line, as :LINE.
func (c *Case) Path() string { return c.unit.path }

// Feature reports whether the case is a scenario of a feature.
func (c *Case) Feature() bool { return c.unit.feature != nil }

// Run checks the case. If through is not nil, the case runs on the machine that through returns for
// its own.
func (c *Case) Run(through func(reducer.Machine) reducer.Machine) *Result {
	if c.unit.feature != nil {
		return checkFeature(c.unit.feature, through)
	}
	return checkScenario(c.fsys, c.unit.path, &Options{through: through})
}

// Measured is the result of a case, with the parts of the machine that it exercised.
type Measured struct {
	Case    *Case
	Result  *Result
	Reached coverage.Recording
	Steps   uint64 // of all its machines; unlike a time, the same on every computer
}

// Measure runs cases, up to jobs at once, and measures each one. The results are in the order of
// the cases. If outside is not nil, it replaces the specification's machine. The error is that of
// the context.
func Measure(
	ctx context.Context, cases []*Case, jobs int, outside reducer.Machine,
) ([]*Measured, error) {
	specification := reducer.RFC0008().Name()
	all := make([]*Measured, len(cases))
	work := ordered.Work[*Measured]{
		Jobs: jobs, Order: ordered.Singly(len(cases)),
		Do: ordered.Each(func(i int) *Measured {
			m := &Measured{Case: cases[i], Reached: make(coverage.Recording)}
			m.Result = cases[i].Run(func(own reducer.Machine) reducer.Machine {
				if outside != nil && own.Name() == specification {
					own = reducer.Named(outside, specification)
				}
				return machine.Until(ctx, &counted{m.Reached.Through(own), &m.Steps})
			})
			return m
		}),
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
