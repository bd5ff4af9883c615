package mutate

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"rollsim/internal/ordered"
	"rollsim/reducer"
	"rollsim/suite/check"
)

// Options say what is mutated.
type Options struct {
	Machines []*reducer.Table
	State    reducer.State // only the cells of this state; 0 for all
	// only those of this event; 0 for all, and for what comes of events of other rollouts
	Event reducer.EventKind
	Jobs  int // how many mutants at once

	// Each is called, from one goroutine, when another mutant has been tried. Nil for nothing.
	Each func(done, of int)
}

// Tried is what became of one mutant.
type Tried struct {
	*Mutant
	Reached  []string // the cases that come to the place, the cheapest first
	KilledBy string   // the one that failed first; empty when none did
}

// Result is what became of all mutants, in the order of the machines, states and events.
type Result struct {
	Features, Scenarios int // cases
	Tried               []*Tried
}

// Survivors lists the mutants that no case noticed.
func (r *Result) Survivors() []*Tried {
	return slices.DeleteFunc(slices.Clone(r.Tried), func(t *Tried) bool { return t.KilledBy != "" })
}

// A FailingError says that a case fails without any mutant, so that it can tell nothing of them.
type FailingError struct{ Result *check.Result }

func (e *FailingError) Error() string {
	return fmt.Sprintf(
		"%s fails as it is, so that nothing can be told by it\nrerun: %s", e.Result.Path, e.Result.Rerun,
	)
}

// Run tries every mutant on the cases that come to its place, features before scenario files and
// the cheapest first, until one fails. What it gives does not depend on Jobs. The error is a
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
	for _, machine := range opt.Machines {
		for _, m := range Mutants(machine) {
			if (opt.State == 0 || m.State == opt.State) && (opt.Event == 0 || m.Class.Kind() == opt.Event) {
				result.Tried = append(result.Tried, &Tried{Mutant: m})
			}
		}
	}
	left := result.Tried
	for _, group := range [][]*check.Case{features, files} { // most mutants never need the second
		if len(left) == 0 || len(group) == 0 {
			continue
		}
		measured, err := check.Measure(ctx, group, opt.Jobs)
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
			Jobs: opt.Jobs, Order: ordered.Natural(len(left)),
			Do: func(i int) struct{} {
				left[i].try(ctx, measured)
				return struct{}{}
			},
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

// try runs the mutant through the cases that come to its place, until one fails.
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
		if r := c.Run(t.Through); r.Status == check.Failed || r.Status == check.Unusable {
			t.KilledBy = r.Path
			return
		}
	}
}
