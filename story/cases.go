package story

import (
	"context"
	"errors"
	"fmt"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	messages "github.com/cucumber/messages/go/v34"

	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/story/gherkin"
)

// A Case is one scenario that can run alone, any number of times and at the same time as other
// cases.
type Case struct {
	scenario *gherkin.Scenario
	steps    vocabulary
	seed     reducer.Opt[uint64] // overrides the seed that the scenario chooses
	machine  reducer.Machine     // if not nil, replaces the machine that it chooses
	traces   bool                // as Options.Traces
	vacuity  Vacuity
}

// Cases returns the scenarios that the options select, in the order in which Run reports them. Its
// errors are among those of Run.
func Cases(opt Options) ([]*Case, error) {
	selected, err := gherkin.Select(gherkin.Selection{
		FS: opt.FS, Paths: opt.Paths, Tags: opt.Tags, Name: opt.Name, Fast: opt.Fast,
		Check: checkDocument,
	})
	if err != nil {
		return nil, err
	}
	var all []*Case
	for _, s := range selected {
		all = append(all, &Case{s, steps(), opt.Seed, opt.Machine, opt.Traces, opt.Vacuous})
	}
	return all, nil
}

// checkDocument refuses a document with a step in a description, or with contradictory tags.
func checkDocument(d *gherkin.Document) error {
	for _, in := range d.Descriptions {
		if err := StrayStep(d, in); err != nil {
			return err
		}
	}
	for _, tags := range d.TagLists {
		if err := ContradictoryTags(d, tags); err != nil {
			return err
		}
	}
	return nil
}

// StrayStep returns an error for a step in a description, where Gherkin ignores it; nil if none
// exists. Its keyword is mistyped, or no scenario precedes it.
func StrayStep(d *gherkin.Document, in gherkin.Description) *gherkin.Error {
	return d.StrayStep(in, steps().isSentence)
}

// Place returns the place of the scenario, as FILE:LINE.
func (c *Case) Place() string {
	return fmt.Sprintf("%s:%d", c.scenario.Document.Name, c.scenario.Line)
}

// Run runs the scenario. It passes the machine that the scenario chooses to wrap, which returns the
// machine that decides the transitions; if wrap is nil, the chosen machine does. The result always
// names the chosen machine. A scenario is not judged to be vacuous under a machine that wrap
// returns, nor under a seed or a machine of the options.
func (c *Case) Run(wrap func(reducer.Machine) reducer.Machine) Scenario {
	return c.run(context.Background(), wrap)
}

// RunContext is Run without a wrapped machine. Once the context has ended, it ends the run and
// returns an Unrun scenario.
func (c *Case) RunContext(ctx context.Context) Scenario { return c.run(ctx, nil) }

// run is Run with a context. Once that has ended, it ends the run and returns an Unrun scenario.
func (c *Case) run(ctx context.Context, wrap func(reducer.Machine) reducer.Machine) Scenario {
	began := time.Now()
	result := c.newResult()
	switch {
	case c.scenario.Skipped != "":
		result.Status, result.Message = Skipped, c.scenario.Skipped
		return result
	case len(c.scenario.Pickle.Steps) == 0:
		result.Status, result.Message = Undefined, "the scenario has no steps"
		return result
	}
	judged := wrap == nil && c.machine == nil && !c.seed.Set
	out := c.runSeeds(ctx, func(m reducer.Machine) reducer.Machine {
		if c.machine != nil {
			m = reducer.Named(c.machine, m.Name())
		}
		if wrap != nil {
			m = wrap(m)
		}
		return machine.Until(ctx, m)
	}, judged)
	result, w := out.result, out.world
	if ctx.Err() != nil && result.Status.Fails() { // the end of the context may be the reason
		result = c.newResult()
		result.Status = Unrun
	}
	if result.Status == Unrun {
		return result
	}
	if result.Status == Passed && judged {
		c.settleVacuity(&result, out.vacuous)
	}
	if result.Status == Passed && !c.seed.Set {
		result.settleShares(out.shares)
	}
	if result.Status == Passed {
		result.invert(out.defects)
	}
	if result.Status != Passed || c.traces {
		if w.history != nil || w.asked {
			result.Run = fmt.Sprintf("machine %s, seed %d", w.simulator.machine.Name(), w.fleet.Seed)
		}
		if w.history != nil {
			result.Trace, result.Violations = w.history.entries, w.history.result.Violations
		}
	}
	result.Elapsed = time.Since(began)
	return result
}

// An outcome is the result of a scenario under all of its seeds.
type outcome struct {
	result  Scenario // the last one
	world   *world   // of the last run
	defects []knownDefect
	shares  []seedShare
	vacuous vacuousParts // under every seed
}

// runSeeds runs the scenario, once or for every seed until one fails. judged reports whether its
// vacuous parts are wanted. Under one seed of several that is chosen from outside, a defect need
// not show.
func (c *Case) runSeeds(
	ctx context.Context, wrap func(reducer.Machine) reducer.Machine, judged bool,
) *outcome {
	out := new(outcome)
	first, last, many := c.seeds()
	if c.seed.Set || !many {
		_ = out.add(c, wrap, c.seed, judged) // the result has it
		if many {
			out.defects = shownOnly(out.defects)
		}
		return out
	}
	for seed := first; ; seed++ {
		err := out.add(c, wrap, reducer.Some(seed), judged)
		if errors.As(err, new(*unmetError)) {
			out.result.Seed = reducer.Some(seed)
			out.result.Message += fmt.Sprintf(
				"\nseed      %d is the smallest of the seeds %d to %d that fails", seed, first, last,
			)
		}
		if err != nil || seed == last {
			return out
		}
		if ctx.Err() != nil {
			out.result = c.newResult()
			out.result.Status = Unrun
			return out
		}
	}
}

// add runs the scenario once more. It returns the error that made it fail.
func (o *outcome) add(
	c *Case, wrap func(reducer.Machine) reducer.Machine, seed reducer.Opt[uint64], judged bool,
) error {
	first := o.world == nil
	result, w, err := c.runOnce(wrap, seed)
	o.result, o.world = result, w
	o.defects = mergeDefects(o.defects, w.defects)
	o.shares = mergeShares(o.shares, w.shares)
	if judged && err == nil && (first || len(o.vacuous) > 0) {
		o.vacuous = w.judgeVacuity(len(result.Steps), o.vacuous)
	}
	return err
}

// seeds returns the first and the last of the seeds that the scenario runs for. many reports
// whether it runs for a range of seeds, and no nearer tag or sentence chooses one seed.
func (c *Case) seeds() (first, last uint64, many bool) {
	var nearest gherkin.Level
	for _, s := range c.steps {
		if s.seeds == nil {
			continue
		}
		for _, p := range c.scenario.Pickle.Steps {
			values, fits, err := s.read(gherkin.Plain(p.Text))
			level := c.scenario.Document.StepLevel(p)
			if !fits || err != nil || level < nearest {
				continue
			}
			nearest = level
			first, last, err = s.seeds(values)
			many = err == nil && s.isRange
		}
	}
	for _, tag := range c.scenario.Pickle.Tags {
		name, _, _ := strings.Cut(tag.Name, ":")
		if name == tagSeed && c.scenario.Document.TagLevel(tag) > nearest {
			return 0, 0, false
		}
	}
	return first, last, many
}

// runOnce runs the scenario once, with a seed that overrides what it says.
func (c *Case) runOnce(
	wrap func(reducer.Machine) reducer.Machine, seed reducer.Opt[uint64],
) (Scenario, *world, error) {
	w := c.newWorld()
	w.simulator.wrap, w.seed.override = wrap, seed
	if seed.Set {
		w.fleet.Seed = seed.Value
	}
	result := c.newResult()
	err := c.carryOut(&result, w)
	return result, w, err
}

// newWorld returns the world in which the scenario runs.
func (c *Case) newWorld() *world {
	w := newWorld(c.scenario.Pickle.Name)
	w.steps = c.steps
	w.files, w.dir = c.scenario.Document.FS, path.Dir(c.scenario.Document.Name)
	return w
}

// carryOut applies the tags and carries out the steps, up to the first that fails.
func (c *Case) carryOut(result *Scenario, w *world) error {
	d := c.scenario.Document
	for _, tag := range c.scenario.Pickle.Tags {
		w.level = d.TagLevel(tag)
		if err := w.applyTag(tag.Name, d.TagLine(tag)); err != nil {
			result.fail(err)
			result.Step, result.StepLine = tag.Name, d.TagLine(tag)
			return err
		}
	}
	for i, step := range c.scenario.Pickle.Steps {
		began := time.Now()
		err := c.carryOutStep(w, i)
		done := &result.Steps[i]
		done.Elapsed = time.Since(began)
		if err != nil {
			result.fail(err)
			result.Step, result.StepLine, done.Status = done.Keyword+" "+done.Text, done.Line, result.Status
			if t := d.Written(step).DataTable; t != nil {
				if row := rowOf(err); row > 0 && row < len(t.Rows) {
					result.StepLine = int(t.Rows[row].Location.Line)
				}
			}
			return err
		}
		done.Status = Passed
	}
	return nil
}

// carryOutStep carries out one step. A panic fails the scenario, and the others still run.
func (c *Case) carryOutStep(w *world, i int) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("this is a defect of rollsim, not of the feature: %v\n%s", p, debug.Stack())
		}
	}()
	all := c.scenario.Pickle.Steps
	w.step, w.level = i, c.scenario.Document.StepLevel(all[i])
	if name := gherkin.Unfilled(all[i]); name != "" {
		return fmt.Errorf("no Examples have a value for <%s>: they need a column of that name", name)
	}
	if err := w.carryOut(all[i].Text, all[i].Argument); err != nil || i < len(all)-1 {
		return err
	}
	return w.finish()
}

// carryOut carries out a sentence and the table or text that follows it.
func (w *world) carryOut(sentence string, argument *messages.PickleStepArgument) error {
	w.mention(sentence)
	if argument != nil && argument.DataTable != nil {
		for _, row := range argument.DataTable.Rows {
			for _, cell := range row.Cells {
				w.mention(cell.Value)
			}
		}
	}
	r, _, err := w.steps.read(sentence, argument)
	if err != nil {
		return err
	}
	return w.do(r, sentence)
}

// applyTag sets the machine or the seed that a tag names, or declares a known defect. The nearest
// tag or sentence wins.
func (w *world) applyTag(tag string, line int) error {
	if meant, misspelt := MisspeltTag(tag); misspelt {
		return fmt.Errorf("the tag %s has no meaning: did you mean %s?", tag, meant)
	}
	name, value, _ := strings.Cut(tag, ":")
	switch name {
	case tagMachine:
		m, err := machine.ByName(value)
		if err == nil {
			err = setMachine(w, m, "the tag "+tag, true)
		}
		if err != nil {
			return fmt.Errorf("tag %s: %w", tag, err)
		}
	case tagVacuous:
		_, err := vacuousTag([]string{tag})
		return err
	case tagDefect:
		return w.declareDefect(tag, value, line)
	case tagSeed:
		seed, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			return fmt.Errorf("tag %s: expected a number, as in @seed:7", tag)
		}
		return setSeed(w, seed, value, "the tag "+tag, true, false)
	}
	return nil
}

// rowOf returns the row of a table that an error is about, from 1; 0 for any other error.
func rowOf(err error) int {
	var e *gherkin.RowError
	if errors.As(err, &e) {
		return e.Row
	}
	return 0
}

// newResult returns the result of the scenario before its first step is carried out.
func (c *Case) newResult() Scenario {
	d, p := c.scenario.Document, c.scenario.Pickle
	result := Scenario{
		File: d.Name, Line: c.scenario.Line, Name: p.Name, Status: Passed,
		Feature: d.Feature.Name, FeatureLine: int(d.Feature.Location.Line),
		FeatureDescription: d.Feature.Description, Description: c.scenario.Written.Description,
	}
	if c.scenario.Rule != nil {
		result.Rule = c.scenario.Rule.Name
	}
	for _, t := range d.Feature.Tags {
		result.FeatureTags = append(result.FeatureTags, Tag{t.Name, int(t.Location.Line)})
	}
	for _, t := range p.Tags {
		result.Tags = append(result.Tags, Tag{t.Name, d.TagLine(t)})
	}
	if c.machine != nil {
		result.Machine = c.machine.Name()
	}
	for _, step := range p.Steps {
		written := d.Written(step)
		s := Step{
			Keyword: strings.TrimSpace(written.Keyword), Text: step.Text,
			Line: int(written.Location.Line), Status: Skipped,
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

// fail records why the scenario fails.
func (s *Scenario) fail(err error) {
	s.Status, s.Message = Failed, err.Error()
	switch {
	case errors.As(err, new(*undefinedError)):
		s.Status = Undefined
	case errors.As(err, new(*ambiguousError)):
		s.Status = Ambiguous
	}
}
