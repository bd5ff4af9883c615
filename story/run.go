package story

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"

	"rollsim/controlplane"
	"rollsim/internal/ordered"
	"rollsim/reducer"
)

// Options are the options of one run of feature files.
type Options struct {
	// FS holds the feature files; nil is the file system of the operating system.
	FS fs.FS

	// Paths are feature files in FS, FILE:LINE for one scenario of a file, or folders; with forward
	// slashes. None is the same as ".".
	Paths []string

	// Tags selects scenarios by a tag expression such as "@slow and not (@wip or @machine:v0.2)".
	// Empty selects all.
	Tags string

	// Name selects scenarios whose name contains a text or matches a regular expression, ignoring
	// case. Empty selects all.
	Name string

	// Fast skips scenarios that are tagged @slow.
	Fast bool

	// Jobs is the number of scenarios that run at once; less than 1 is 1. Only durations in the report
	// depend on it.
	Jobs int

	// Shuffle is the seed of the order in which scenarios run; 0 is the order of the files. Reports
	// are always in the order of the files.
	Shuffle uint64

	// Seed, if set, is the seed of every scenario. It overrides what the scenario says.
	Seed reducer.Opt[uint64]

	// Machine, if not nil, decides the transitions of every scenario, under the name of the machine
	// that the scenario chooses.
	Machine reducer.Machine

	// ControlPlane, if not empty, runs in every scenario that does not choose one.
	ControlPlane controlplane.Name

	// Explorer returns what may go wrong in a run. Without one, a scenario about everything that may
	// go wrong fails.
	Explorer Explorer

	// Traces keeps the trace of every scenario. Otherwise only those that have not passed have one.
	Traces bool

	// Vacuous says how a scenario counts in which something has no effect.
	Vacuous Vacuity

	// FailFast stops after the first scenario that fails; the remaining ones are reported as Unrun.
	FailFast bool

	// Each is called with every scenario in the order of the report, as soon as its result is known.
	Each func(*Scenario)
}

// Run runs feature files. The report says which scenarios failed. The error says why they could not
// run: a file that does not exist or cannot be read, invalid options, an empty selection, or the
// end of the context.
func Run(ctx context.Context, opt Options) (Report, error) {
	cases, err := Cases(opt)
	if err != nil {
		return Report{}, err
	}
	runs := func(c *Case) bool { return c.scenario.Skipped == "" }
	if len(cases) > 0 && !slices.ContainsFunc(cases, runs) {
		return Report{}, fmt.Errorf("nothing runs: %s", cases[0].scenario.Skipped)
	}
	order := Suites(cases, opt.Jobs)
	if opt.Shuffle != 0 {
		shuffle(order, rand.New(rand.NewPCG(opt.Shuffle, 0)))
	}
	var report Report
	work := ordered.Work[Scenario]{
		Jobs: opt.Jobs, Order: order,
		Do: func(group []int, done func(Scenario) bool) {
			RunSuite(ctx, picked(cases, group), done)
		},
		Deliver: func(i int, s Scenario, done bool) {
			if !done {
				s = cases[i].newResult()
				s.Status = Unrun
			}
			report.Scenarios = append(report.Scenarios, s)
			report.Warnings = append(report.Warnings, s.Warnings...)
			if opt.Each != nil {
				opt.Each(&report.Scenarios[i])
			}
		},
	}
	if opt.FailFast {
		work.Stops = func(s Scenario) bool { return s.Status.Fails() }
	}
	work.Run(ctx)
	return report, ctx.Err()
}
