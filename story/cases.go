package story

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	messages "github.com/cucumber/messages/go/v34"

	"rollsim/controlplane"
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
	plane    controlplane.Name // if not empty, runs unless the scenario chooses one
	explorer Explorer          // of what may go wrong; nil for none
	outline  *outline          // that it is a row of; nil for one that is never judged as a row
}

// Cases returns the scenarios that the options select, in the order in which Run reports them. Its
// errors are among those of Run.
func Cases(opt Options) ([]*Case, error) {
	selected, err := gherkin.Select(gherkin.Selection{
		FS: opt.FS, Paths: opt.Paths, Tags: opt.Tags, Name: opt.Name, Fast: opt.Fast,
		Check: documentChecker(),
	})
	if err != nil {
		return nil, err
	}
	var all []*Case
	outlines := make(map[*messages.Scenario]*outline)
	for _, s := range selected {
		v, _ := languageOf(s.Document) // checkDocument has refused a wrong one
		if outlines[s.Written] == nil {
			outlines[s.Written] = new(outline)
		}
		all = append(all, &Case{
			s, v, opt.Seed, opt.Machine, opt.Traces, opt.Vacuous, opt.ControlPlane, opt.Explorer,
			outlines[s.Written],
		})
	}
	return all, nil
}

// documentChecker returns a function that checks documents as checkDocument does. A mistake in a
// file of phrases is reported once.
func documentChecker() func(*gherkin.Document) error {
	var reported []string
	return func(d *gherkin.Document) error {
		v, err := languageOf(d)
		if err != nil && !slices.Contains(reported, err.Error()) {
			reported = append(reported, err.Error())
			return err
		}
		return checkDocument(d, v)
	}
}

// checkDocument refuses a document with a step in a description, or with contradictory tags.
func checkDocument(d *gherkin.Document, v vocabulary) error {
	for _, in := range d.Descriptions {
		if err := d.StrayStep(in, v.isSentence); err != nil {
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
	v, _ := languageOf(d) // the file of phrases has findings of its own
	return d.StrayStep(in, v.isSentence)
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

// run is Run with a context. Once that has ended, it ends the run and returns an Unrun scenario.
func (c *Case) run(
	ctx context.Context, wrap func(reducer.Machine) reducer.Machine,
) (result Scenario) {
	runCases([]*Case{c}, func(c *Case) *pass { return c.newPass(ctx, wrap) }, func(s Scenario) bool {
		result = s
		return true
	})
	return result
}

// newPass returns a run of the scenario that has not begun.
func (c *Case) newPass(
	ctx context.Context, wrap func(reducer.Machine) reducer.Machine,
) *pass {
	p := &pass{c: c, ctx: ctx, judged: wrap == nil && c.usual()}
	p.wrap = func(m reducer.Machine) reducer.Machine {
		if c.machine != nil {
			m = reducer.Named(c.machine, m.Name())
		}
		if wrap != nil {
			m = wrap(m)
		}
		return machine.Until(ctx, m)
	}
	return p
}

// withoutRun returns the result of a scenario that does not run. It reports whether the scenario is
// one.
func (c *Case) withoutRun() (result Scenario, found bool) {
	result = c.newResult()
	switch {
	case c.scenario.Skipped != "":
		result.Status, result.Message = Skipped, c.scenario.Skipped
	case len(c.scenario.Pickle.Steps) == 0:
		result.Status, result.Message = Undefined, "the scenario has no steps"
	default:
		return Scenario{}, false
	}
	return result, true
}

// usual reports whether the scenario runs with what it chooses itself.
func (c *Case) usual() bool { return c.machine == nil && !c.seed.Set && c.plane == "" }

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

// newWorld returns the world in which the scenario runs.
func (c *Case) newWorld() *world {
	w := newWorld(c.scenario.Pickle.Name)
	w.steps = c.steps
	w.wrong.explorer = c.explorer
	w.files, w.dir = c.scenario.Document.FS, path.Dir(c.scenario.Document.Name)
	return w
}

// carryOut carries out a sentence and the table or text that follows it. s is its step, if known.
func (w *world) carryOut(
	s *step, sentence string, argument *messages.PickleStepArgument,
) error {
	w.mention(sentence)
	if argument != nil && argument.DataTable != nil {
		for _, row := range argument.DataTable.Rows {
			for _, cell := range row.Cells {
				w.mention(cell.Value)
			}
		}
	}
	r, _, err := w.steps.readAs(s, sentence, argument)
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
	w.tags = append(w.tags, appliedTag{tag, line, w.level})
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
