package story

import (
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	messages "github.com/cucumber/messages/go/v34"

	"rollsim/reducer"
)

// Case is one scenario that can be run alone, any number of times and several cases at once,
// without the ceremony of a suite.
type Case struct {
	scenario *scenarioCase
	seed     reducer.Opt[uint64] // instead of what the scenario says
}

// Cases gives the scenarios that the options select, in the order in which Run reports them. The
// error is one of Run's.
func Cases(opt Options) ([]*Case, error) {
	documents, err := selectScenarios(&opt)
	if err != nil {
		return nil, err
	}
	var all []*Case
	for _, d := range documents {
		for _, c := range d.cases {
			if c.selected {
				all = append(all, &Case{c, opt.Seed})
			}
		}
	}
	return all, nil
}

// Place is where the scenario stands, as FILE:LINE.
func (c *Case) Place() string { return fmt.Sprintf("%s:%d", c.scenario.document.name, c.scenario.line) }

// Run runs the scenario. Its transitions are decided by what through makes of the machine that it
// chooses, under that one's name; nil leaves that as it is.
func (c *Case) Run(through func(reducer.Machine) reducer.Machine) Scenario {
	return c.run(context.Background(), through)
}

// run is Run; once the context has ended, no further seed is told, and the scenario is not run to
// its end.
func (c *Case) run(ctx context.Context, through func(reducer.Machine) reducer.Machine) Scenario {
	sc := c.scenario
	began := time.Now()
	result := sc.begun()
	switch {
	case sc.skipped != "":
		result.Status, result.Message = Skipped, sc.skipped
		return result
	case len(sc.pickle.Steps) == 0:
		result.Status, result.Message = Undefined, "the scenario has no steps"
		return result
	}
	result, w, err := c.tell(ctx, through)
	if result.Status == Unrun {
		return result
	}
	if slices.Contains(result.Tags, tagDefect) {
		result.turn(err)
	}
	if result.Status != Passed && (w.telling != nil || w.asked) {
		result.Run = fmt.Sprintf("machine %s, seed %d", w.machine.Name(), w.scenario.Seed)
	}
	if result.Status != Passed && w.telling != nil {
		result.Trace = w.telling.entries
	}
	result.Elapsed = time.Since(began)
	return result
}

// world is where the scenario is told.
func (c *scenarioCase) world() *world {
	w := newWorld(c.pickle.Name)
	w.files, w.dir = c.document.files, path.Dir(c.document.name)
	return w
}

// carryOut does what the tags and the steps say, up to the first that fails.
func (c *scenarioCase) carryOut(result *Scenario, w *world) error {
	for _, tag := range c.pickle.Tags {
		if err := w.applyTag(tag.Name); err != nil {
			result.fail(err)
			result.Step, result.StepLine = tag.Name, c.document.tags[tag.AstNodeId]
			return err
		}
	}
	for i, step := range c.pickle.Steps {
		began := time.Now()
		err := c.step(w, step, i == len(c.pickle.Steps)-1)
		done := &result.Steps[i]
		done.Elapsed = time.Since(began)
		if err != nil {
			result.fail(err)
			result.Step, result.StepLine, done.Status = done.Keyword+" "+done.Text, done.Line, result.Status
			if t := c.document.steps[step.AstNodeIds[0]].DataTable; t != nil {
				if row := rowAmiss(err); row > 0 && row < len(t.Rows) {
					result.StepLine = int(t.Rows[row].Location.Line)
				}
			}
			return err
		}
		done.Status = Passed
	}
	return nil
}

// step does what one step says. Nothing that it meets stops the others.
func (c *scenarioCase) step(w *world, step *messages.PickleStep, last bool) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("this is a mistake in rollsim and none in the feature: "+
				"%v\n%s", p, debug.Stack())
		}
	}()
	w.shared = c.document.shared[step.AstNodeIds[0]]
	if left := LeftOver(step); left != "" {
		return fmt.Errorf("no Examples give a value for <%s>: they need a column of that name", left)
	}
	if err := w.carryOut(step.Text, step.Argument); err != nil || !last {
		return err
	}
	return w.finish()
}

// placeholder is what a column of examples stands for in an outline.
var placeholder = regexp.MustCompile(`<([^<>|\n]+)>`)

// Placeholders lists those in a text, by name.
func Placeholders(text string) []string {
	var names []string
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	return names
}

// LeftOver gives a placeholder in a step or its table for which no examples gave a value; empty
// when there is none.
func LeftOver(step *messages.PickleStep) string {
	texts := []string{step.Text}
	if step.Argument != nil && step.Argument.DataTable != nil {
		for _, row := range step.Argument.DataTable.Rows {
			for _, cell := range row.Cells {
				texts = append(texts, cell.Value)
			}
		}
	}
	for _, text := range texts {
		if left := Placeholders(text); left != nil {
			return left[0]
		}
	}
	return ""
}

// carryOut does what a sentence and what follows it say.
func (w *world) carryOut(sentence string, argument *messages.PickleStepArgument) error {
	s, values, t, _, err := understand(sentence, argument)
	if err != nil {
		return err
	}
	return w.do(s, sentence, values, t)
}

// understand finds the step of a sentence, and reads its values and the table after it. flaw is
// what the error is about.
func understand(
	sentence string, argument *messages.PickleStepArgument,
) (s *step, values []any, t table, flaw Flaw, err error) {
	sentence = plainly(sentence)
	found := find(sentence)
	switch len(found) {
	case 0:
		return nil, nil, nil, FlawUndefined, &undefinedError{sentence}
	case 1:
		s = found[0]
	default:
		return nil, nil, nil, FlawAmbiguous, &ambiguousError{sentence, found}
	}
	if values, _, err = s.read(sentence); err != nil {
		return nil, nil, nil, FlawValue, err
	}
	t, err = readTable(s.table, argument)
	return s, values, t, FlawTable, err
}

// applyTag takes the machine or the seed from a tag. The nearest tag of a scenario comes last, so
// that it wins.
func (w *world) applyTag(tag string) error {
	name, value, _ := strings.Cut(tag, ":")
	switch name {
	case tagMachine:
		if err := w.carryOut("the machine is "+strconv.Quote(value), nil); err != nil {
			return fmt.Errorf("tag %s: %w", tag, err)
		}
	case tagSeed:
		if err := w.carryOut("seed "+value, nil); err != nil {
			return fmt.Errorf("tag %s: expected a number, as in @seed:7", tag)
		}
		w.seeded = false // a sentence is nearer than a tag
	}
	return nil
}

// begun is the result of a scenario to which nothing has happened yet.
func (c *scenarioCase) begun() Scenario {
	result := Scenario{
		File: c.document.name, Line: c.line, Name: c.pickle.Name, Tags: c.tags(), Status: Passed,
		Feature: c.document.feature.Name, FeatureLine: int(c.document.feature.Location.Line),
	}
	for _, step := range c.pickle.Steps {
		written := c.document.steps[step.AstNodeIds[0]]
		s := Step{
			Keyword: strings.TrimSpace(
				written.Keyword,
			), Text: step.Text, Line: int(written.Location.Line), Status: Skipped,
		}
		if step.Argument != nil && step.Argument.DataTable != nil {
			for _, row := range step.Argument.DataTable.Rows {
				var cells []string
				for _, cell := range row.Cells {
					cells = append(cells, cell.Value)
				}
				s.Table = append(s.Table, cells)
			}
		}
		result.Steps = append(result.Steps, s)
	}
	return result
}

// fail notes why the scenario fails.
func (s *Scenario) fail(err error) {
	var undefined *undefinedError
	var ambiguous *ambiguousError
	s.Status, s.Message = Failed, err.Error()
	switch {
	case errors.As(err, &undefined):
		s.Status = Undefined
	case errors.As(err, &ambiguous):
		s.Status = Ambiguous
	}
}

// turn makes the result of a scenario with a known defect, which ended with an error: an
// expectation must not hold. Anything else that is wrong is a mistake in the scenario, as it is
// everywhere.
func (s *Scenario) turn(err error) {
	switch {
	case err == nil:
		s.Status = Failed
		s.Message = "all of this holds, and the scenario is tagged @known-defect: if the defect is " +
			"gone, take the tag away"
	case errors.As(err, new(*unmetError)):
		s.Status = Defect
	}
}

// An unmetError says that an expectation does not hold.
type unmetError struct{ text string }

func (e *unmetError) Error() string { return e.text }
