package features

import (
	"errors"
	"fmt"
	"strings"

	messages "github.com/cucumber/messages/go/v21"

	"rollsim/reducer"
)

// Case is one scenario that can be run alone, any number of times and several cases at once, without the ceremony of a suite.
type Case struct{ scenario *scenario }

// Cases gives the scenarios that the options select, in the order in which Run runs them. The error is one of Run's.
func Cases(opt Options) ([]*Case, error) {
	documents, err := selectScenarios(&opt)
	if err != nil {
		return nil, err
	}
	var all []*Case
	for _, d := range documents {
		for _, c := range d.cases {
			if c.selected {
				all = append(all, &Case{c})
			}
		}
	}
	return all, nil
}

// Place is where the scenario stands, as FILE:LINE.
func (c *Case) Place() string { return fmt.Sprintf("%s:%d", c.scenario.document.name, c.scenario.line) }

// Run runs the scenario. Its transitions are decided by what through makes of the machine that it chooses, under that one's
// name; nil leaves that as it is.
func (c *Case) Run(through func(reducer.Machine) reducer.Machine) Scenario {
	sc := c.scenario
	result := sc.begun()
	w := newWorld(sc.pickle.Name, sc.again())
	w.through = through
	err := w.applyTags(sc.tags())
	for i, step := range sc.pickle.Steps {
		w.shared = sc.document.shared[step.AstNodeIds[0]]
		if err == nil {
			err = w.carryOut(step.Text, step.Argument)
		}
		if err == nil && i == len(sc.pickle.Steps)-1 {
			err = w.finish()
		}
		if err != nil {
			sc.fail(&result, w, step, err)
			break
		}
	}
	return result
}

// again is the command that runs only this scenario.
func (c *scenario) again() string {
	return fmt.Sprintf("rollsim features %s:%d", c.document.name, c.line)
}

// begun is the result of a scenario to which nothing has happened yet.
func (c *scenario) begun() Scenario {
	result := Scenario{
		File: c.document.name, Line: c.line, Feature: c.document.feature.Name, Name: c.pickle.Name, Status: Passed,
	}
	if len(c.pickle.Steps) == 0 {
		result.Status, result.Message = Undefined, "the scenario has no steps" // nothing will be called for it
	}
	return result
}

// fail notes why a scenario fails: the first error is the reason.
func (c *scenario) fail(result *Scenario, w *world, step *messages.PickleStep, err error) {
	if result.Status != Passed {
		return
	}
	written := c.document.steps[step.AstNodeIds[0]]
	result.Step, result.StepLine = strings.TrimSpace(written.Keyword)+" "+step.Text, int(written.Location.Line)
	result.Status, result.Message = Failed, err.Error()
	var undefined *undefinedError
	var ambiguous *ambiguousError
	switch {
	case errors.As(err, &undefined):
		result.Status = Undefined
	case errors.As(err, &ambiguous):
		result.Status = Ambiguous
	}
	if w.telling != nil {
		result.Trace = w.telling.entries
	}
}
