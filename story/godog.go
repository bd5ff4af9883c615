package story

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"

	"github.com/cucumber/godog"
	messages "github.com/cucumber/messages/go/v34"

	"rollsim/story/gherkin"
)

// InitializeScenario adds the sentences to a suite of godog: it is the ScenarioInitializer of a
// godog.TestSuite, or is called by one. A scenario may also have sentences of the suite. If it has
// a sentence of rollsim, everything is checked that rollsim checks of a scenario, in the last step
// and after it. Features are read from the file system of the operating system.
func InitializeScenario(sc *godog.ScenarioContext) { Initializer(nil, nil)(sc) }

// Initializer returns InitializeScenario for a suite whose Options.FS is fsys. With an Explorer, a
// scenario can be about everything that may go wrong.
func Initializer(fsys fs.FS, e Explorer) func(*godog.ScenarioContext) {
	return func(sc *godog.ScenarioContext) {
		steps().register(sc, func(p *messages.Pickle) (*pass, error) { return openPass(fsys, e, p) })
	}
}

var lineOfPath = regexp.MustCompile(`(\.feature):[0-9]+$`)

// openPass returns the pass of a scenario of another suite; nil if none of its steps is a sentence.
// The file has what a pickle does not have: the lines, and what belongs to a Background.
func openPass(fsys fs.FS, e Explorer, pickle *messages.Pickle) (*pass, error) {
	if !slices.ContainsFunc(pickle.Steps, func(s *messages.PickleStep) bool {
		return steps().isSentence(s.Text)
	}) {
		return nil, nil
	}
	file := lineOfPath.ReplaceAllString(pickle.Uri, "$1")
	cases, err := Cases(Options{FS: fsys, Paths: []string{file}, Explorer: e})
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(cases, func(c *Case) bool { return c.scenario.Is(pickle) })
	if at < 0 {
		return nil, fmt.Errorf(
			"%s: the file has no scenario %q with these steps: it has changed since the suite read it",
			file, pickle.Name,
		)
	}
	if cases[at].scenario.Skipped != "" {
		return nil, godog.ErrSkip
	}
	return &pass{c: cases[at], ctx: context.Background(), judged: true}, nil
}

// errOnlyNested is the error of a scenario in which only steps of steps are sentences.
var errOnlyNested = errors.New("a step has sentences of rollsim as its own steps, and the " +
	"scenario has no other: say one of them in the scenario itself")

// runSuite runs scenarios of one file in a suite of godog, one after the other. Other suites may
// run at the same time. It passes each one that has ended to done, and runs no more once that
// returns false.
func runSuite(passes []*pass, done func(*pass) bool) {
	d, steps := passes[0].c.scenario.Document, passes[0].c.steps
	var scenarios []*gherkin.Scenario
	for _, p := range passes {
		scenarios = append(scenarios, p.c.scenario)
	}
	begun, wanted := 0, true
	deliver := func() { // the one that has begun last
		p := passes[begun-1]
		passes[begun-1] = nil // frees its trace
		if !p.ended {
			p.result = p.c.newResult()
			p.result.fail(errors.New("this is a defect of rollsim: godog has not run the scenario"))
		}
		wanted = done(p)
	}
	suite := godog.TestSuite{
		Name: d.Name,
		ScenarioInitializer: func(sc *godog.ScenarioContext) {
			steps := steps
			if begun < len(passes) { // only what the next scenario may need
				steps = steps.mayFit(passes[begun].c.scenario.Pickle.Steps)
			}
			steps.register(sc, func(*messages.Pickle) (*pass, error) {
				if begun > 0 && wanted {
					deliver()
				}
				if !wanted {
					return nil, godog.ErrSkip
				}
				begun++
				return passes[begun-1], nil
			})
		},
		Options: &godog.Options{
			FeatureContents: []godog.Feature{{Name: d.Name, Contents: d.Together(scenarios)}},
			Format:          "progress", Output: io.Discard, Strict: true, Concurrency: 1,
		},
	}
	suite.Run() // the exit code says less than the hooks
	if begun > 0 && wanted {
		deliver()
	}
	for wanted && begun < len(passes) {
		begun++
		deliver()
	}
}

// runAlone runs one scenario in a suite of its own.
func runAlone(p *pass) { runSuite([]*pass{p}, func(*pass) bool { return true }) }

// register adds the steps and the hooks to a suite. open returns the pass of a scenario.
func (v vocabulary) register(
	sc *godog.ScenarioContext, open func(*messages.Pickle) (*pass, error),
) {
	var p *pass // nil if it could not be opened
	var all []*messages.PickleStep
	sc.Before(func(ctx context.Context, pickle *messages.Pickle) (context.Context, error) {
		opened, err := open(pickle)
		if err != nil {
			return ctx, err
		}
		if p, all = opened, pickle.Steps; p == nil {
			return ctx, nil
		}
		return ctx, p.begin()
	})
	sc.StepContext().Before(func(
		ctx context.Context, s *messages.PickleStep,
	) (context.Context, error) {
		if p != nil {
			p.beginStep(slices.Index(all, s), s)
		}
		return ctx, nil
	})
	for _, s := range v {
		sc.Step(s.expr(), func(context.Context) error {
			if p == nil {
				return errOnlyNested
			}
			return p.carryOut(s)
		})
	}
	sc.StepContext().After(func(
		ctx context.Context, s *messages.PickleStep, _ godog.StepResultStatus, err error,
	) (context.Context, error) {
		if p == nil {
			return ctx, nil
		}
		return ctx, p.endStep(slices.Index(all, s), err)
	})
	sc.After(func(ctx context.Context, _ *messages.Pickle, err error) (context.Context, error) {
		if p == nil {
			return ctx, nil
		}
		return ctx, p.end(err)
	})
}
