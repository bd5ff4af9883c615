package mutate

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"rollsim/internal/ordered"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/suite/check"
)

// Options say what is mutated.
type Options struct {
	Machines []*reducer.Table
	State    reducer.State     // only the cells of this state; 0 for all
	Event    reducer.EventKind // only the cells of this event; 0 for all, also those of other rollouts
	Jobs     int               // the number of mutants that are tried at once

	// Each, if not nil, is called from one goroutine after each mutant.
	Each func(done, of int)
}

// Tried is the result of one mutant.
type Tried struct {
	*Mutant
	Reached  []string // the cases that reach the place, the cheapest first
	KilledBy string   // the first one that failed; empty if none did
}

// Result holds the results of all mutants, in the order of the machines, states and events.
type Result struct {
	Features, Scenarios int // cases
	Tried               []*Tried
}

// Survivors returns the mutants that no case noticed.
func (r *Result) Survivors() []*Tried {
	return slices.DeleteFunc(slices.Clone(r.Tried), func(t *Tried) bool { return t.KilledBy != "" })
}

// FailingError reports a case that fails without any mutant, and so cannot judge mutants.
type FailingError struct{ Result *check.Result }

func (e *FailingError) Error() string {
	return fmt.Sprintf(
		"%s fails without a mutant, so it cannot judge mutants\nrerun: %s", e.Result.Path, e.Result.Rerun,
	)
}

// Run tries every mutant on the cases that reach its place, features before scenario files and the
// cheapest first, until one fails. The result does not depend on Jobs. The error is a
// *FailingError, or that of the context.
func Run(ctx context.Context, cases []*check.Case, opt Options) (*Result, error) {
	result := &Result{}
	var features, files []*check.Case
	for _, c := range cases {
		if c.Feature() {
			features = append(features, c)
		} else {
			files = append(files, c)
		}
	}
	result.Features, result.Scenarios = len(features), len(files)
	for _, table := range opt.Machines {
		for _, m := range Mutants(table) {
			if (opt.State == 0 || m.State == opt.State) && (opt.Event == 0 || m.Class.Kind() == opt.Event) {
				result.Tried = append(result.Tried, &Tried{Mutant: m})
			}
		}
	}
	left := result.Tried
	for _, group := range [][]*check.Case{features, files} { // few mutants need the second
		if len(left) == 0 || len(group) == 0 {
			continue
		}
		measured, err := check.Measure(ctx, group, opt.Jobs, nil)
		if err != nil {
			return nil, err
		}
		for _, m := range measured {
			if m.Result.Status == check.Failed || m.Result.Status == check.Unusable {
				return nil, &FailingError{m.Result}
			}
		}
		slices.SortStableFunc(
			measured, func(a, b *check.Measured) int { return cmp.Compare(a.Steps, b.Steps) },
		)
		done := len(result.Tried) - len(left)
		work := ordered.Work[struct{}]{
			Jobs: opt.Jobs, Order: ordered.Singly(len(left)),
			Do: ordered.Each(func(i int) struct{} {
				left[i].try(ctx, measured)
				return struct{}{}
			}),
			Deliver: func(i int, _ struct{}, _ bool) {
				if opt.Each != nil {
					opt.Each(done+i+1, len(result.Tried))
				}
			},
		}
		work.Run(ctx)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		left = result.Survivors()
	}
	return result, nil
}

// try runs the cases that reach the mutant's place, until one fails.
func (t *Tried) try(ctx context.Context, cases []*check.Measured) {
	var reaching []*check.Case
	for _, c := range cases {
		if t.reachedIn(c.Reached[t.Machine]) {
			reaching = append(reaching, c.Case)
			t.Reached = append(t.Reached, c.Case.Path())
		}
	}
	for _, c := range reaching {
		if ctx.Err() != nil {
			return
		}
		through := func(m reducer.Machine) reducer.Machine { return machine.Until(ctx, t.Through(m)) }
		if r := c.Run(through); r.Status == check.Failed || r.Status == check.Unusable {
			t.KilledBy = r.Path
			return
		}
	}
}
