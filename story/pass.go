package story

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/cucumber/godog"
	messages "github.com/cucumber/messages/go/v34"

	"rollsim/reducer"
	"rollsim/story/gherkin"
)

// A pass is one run of a scenario by godog, which matches the sentences with the expressions of the
// steps and calls their functions. The hooks record the results. A scenario for several seeds runs
// for the first one in this way, and the calls are repeated for each other seed.
type pass struct {
	c      *Case
	ctx    context.Context
	wrap   func(reducer.Machine) reducer.Machine // around every machine; nil for nothing
	judged bool                                  // its vacuous parts are wanted
	bare   bool                                  // only the result of its steps is wanted

	result Scenario
	failed bool // a tag or a step failed
	ended  bool

	started time.Time // when godog has begun the scenario

	calls   []call // so far
	current call   // whose step is nil until godog has matched the sentence
	began   time.Time

	// The runs: one for each seed.
	world       *world // of the current one
	first, last uint64 // seeds; they are the same unless many is set
	many        bool
	defects     []knownDefect
	shares      []seedShare
	vacuous     vacuousParts // in every run
}

// A call is one sentence that godog has matched with a step.
type call struct {
	at       int // its index in the scenario
	step     *step
	text     string
	argument *messages.PickleStepArgument
}

// begin begins the first run.
func (p *pass) begin() error {
	p.started = time.Now()
	p.first, p.last, p.many = p.c.seeds()
	seed := p.c.seed
	if p.many && !seed.Set {
		seed = reducer.Some(p.first)
	}
	return p.beginRun(seed)
}

// beginRun makes the world of a run, with a seed that overrides what the scenario says, and applies
// the tags.
func (p *pass) beginRun(seed reducer.Opt[uint64]) error {
	w, d := p.c.newWorld(), p.c.scenario.Document
	w.simulator.wrap, w.seed.override = p.wrap, seed
	if seed.Set {
		w.fleet.Seed = seed.Value
	}
	w.fleet.ControlPlane = p.c.plane
	p.world, p.result = w, p.c.newResult()
	for _, tag := range p.c.scenario.Pickle.Tags {
		w.level = d.TagLevel(tag)
		if err := w.applyTag(tag.Name, d.TagLine(tag)); err != nil {
			p.failed = true
			p.result.fail(err)
			p.result.Step, p.result.StepLine = tag.Name, d.TagLine(tag)
			return err
		}
	}
	return nil
}

// beginStep begins a step. One without an index is a part of a step of another suite.
func (p *pass) beginStep(at int, s *messages.PickleStep) {
	if at < 0 {
		p.current = call{at: p.current.at, text: s.Text}
		return
	}
	own := p.c.scenario.Pickle.Steps[at]
	p.current, p.began = call{at: at, text: own.Text, argument: own.Argument}, time.Now()
}

// carryOut carries out the current sentence with the step that godog has found.
func (p *pass) carryOut(s *step) error {
	p.current.step = s
	p.calls = append(p.calls, p.current)
	return p.call(&p.current)
}

// call carries out a sentence. A panic fails the scenario, and the others still run.
func (p *pass) call(c *call) error {
	return guarded(func() error {
		step := p.c.scenario.Pickle.Steps[c.at]
		p.world.step, p.world.level = c.at, p.c.scenario.Document.StepLevel(step)
		if name := gherkin.Unfilled(step); name != "" {
			return fmt.Errorf("no Examples have a value for <%s>: they need a column of that name", name)
		}
		return p.world.carryOut(c.step, c.text, c.argument)
	})
}

// guarded calls a function, and returns its panic as an error.
func guarded(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("this is a defect of rollsim, not of the feature: %v\n%s", p, debug.Stack())
		}
	}()
	return do()
}

// endStep records the result of a step that has ended with some error. It returns an error that
// godog does not know. The last step also checks what must hold of every scenario, and repeats the
// scenario for the other seeds.
func (p *pass) endStep(at int, err error) error {
	if p.failed || at < 0 {
		return nil
	}
	found, last := err, at == len(p.result.Steps)-1
	switch {
	case errors.Is(err, godog.ErrUndefined), errors.Is(err, godog.ErrAmbiguous):
		if found = p.call(&p.current); found == nil { // it says what was probably meant
			found = fmt.Errorf("this is a defect of rollsim, not of the feature: %w", err)
		}
	case err == nil && last:
		found = guarded(p.world.finish)
	}
	p.settleStep(at, p.began, found)
	if last && found == nil && p.repeat() != nil && p.failed {
		found = errors.New(p.result.Message)
	}
	if err != nil {
		return nil
	}
	return found
}

// repeat ends the first run, and repeats it for each other seed until one fails.
func (p *pass) repeat() error {
	p.endRun(true)
	if p.world.wrong.claims() {
		return p.tryAll()
	}
	if !p.many || p.c.seed.Set {
		return nil
	}
	for seed := p.first; seed < p.last; {
		if err := p.ctx.Err(); err != nil {
			p.failed, p.result = true, p.c.newResult()
			p.result.Status = Unrun
			return err
		}
		seed++
		if err := p.runAgain(seed); err != nil {
			return err
		}
		p.endRun(false)
	}
	return nil
}

// runAgain carries out all sentences again, under another seed.
func (p *pass) runAgain(seed uint64) error {
	if err := p.beginRun(reducer.Some(seed)); err != nil {
		return err
	}
	return p.callAgain()
}

// callAgain carries out all sentences again.
func (p *pass) callAgain() error {
	for i := range p.calls {
		began := time.Now()
		err := p.call(&p.calls[i])
		if err == nil && i == len(p.calls)-1 {
			err = guarded(p.world.finish)
		}
		p.settleStep(p.calls[i].at, began, err)
		if err != nil {
			return err
		}
	}
	return nil
}

// again runs the scenario by itself once more, under one seed.
func (p *pass) again(seed reducer.Opt[uint64]) *pass {
	once := *p.c
	once.seed = seed
	q := &pass{c: &once, ctx: p.ctx, wrap: p.wrap, bare: true}
	runAlone(q)
	return q
}

// endRun adds the results of a run in which every step has passed.
func (p *pass) endRun(first bool) {
	p.defects = mergeDefects(p.defects, p.world.defects)
	p.shares = mergeShares(p.shares, p.world.shares)
	if p.judged && (first || len(p.vacuous) > 0) {
		p.vacuous = p.world.judgeVacuity(len(p.result.Steps), p.vacuous)
	}
}

// settleStep records the result of a step of the current run.
func (p *pass) settleStep(at int, began time.Time, err error) {
	done := &p.result.Steps[at]
	done.Elapsed = time.Since(began)
	if err == nil {
		done.Status = Passed
		return
	}
	p.failed = true
	p.result.fail(err)
	done.Status = p.result.Status
	p.result.Step, p.result.StepLine = done.Keyword+" "+done.Text, done.Line
	written := p.c.scenario.Document.Written(p.c.scenario.Pickle.Steps[at])
	if t := written.DataTable; t != nil {
		if row := rowOf(err); row > 0 && row < len(t.Rows) {
			p.result.StepLine = int(t.Rows[row].Location.Line)
		}
	}
	if p.world.wrong.claims() && !p.world.wrong.deviates() && errors.As(err, new(*unmetError)) {
		p.result.Message += "\nwrong     nothing: it does not hold even if nothing goes wrong"
	}
	if p.many && !p.c.seed.Set && errors.As(err, new(*unmetError)) {
		seed := p.world.seed.override.Value
		p.result.Seed = reducer.Some(seed)
		p.result.Message += fmt.Sprintf(
			"\nseed      %d is the smallest of the seeds %d to %d that fails", seed, p.first, p.last,
		)
	}
}

// end decides the result of the scenario. It returns an error that godog does not know. A scenario
// with a step of another suite that failed has no result here.
func (p *pass) end(err error) error {
	p.ended = true
	if err != nil && !p.failed || p.bare {
		return nil
	}
	if p.result.Status == Passed && p.judged {
		p.settleVacuity()
	}
	// The end of the context may be why a step failed, or why another row of the outline did.
	if p.ctx.Err() != nil && (p.result.Status.Fails() || len(p.vacuous) > 0) {
		p.result = p.c.newResult()
		p.result.Status = Unrun
	}
	if p.result.Status == Unrun {
		return nil
	}
	p.result.describe(p.shares)
	if p.result.Status == Passed && !p.c.seed.Set {
		if quoted := p.result.settleShares(p.shares); quoted.Set {
			p.world = p.again(quoted).world // whose trace shows the failure
		}
	}
	if p.result.Status == Passed {
		if p.many && p.c.seed.Set { // a defect need not show under each of several seeds
			p.defects = shownOnly(p.defects)
		}
		p.result.invert(p.defects)
	}
	p.keepRun()
	if err == nil && p.result.Status.Fails() {
		return errors.New(p.result.Message)
	}
	return nil
}

// keepRun adds the latest run to the result, if it is wanted.
func (p *pass) keepRun() {
	w := p.world
	if w.failed != nil {
		w = w.failed // the sentence that failed is about another run
	}
	if p.result.Status == Passed && !p.c.traces {
		return
	}
	if w.history != nil || w.asked {
		p.result.Run = fmt.Sprintf("machine %s, seed %d", w.simulator.machine.Name(), w.fleet.Seed)
	}
	if w.history != nil {
		p.result.Trace, p.result.Violations = w.history.entries, w.history.result.Violations
		p.result.Simulated = w.history.scenario
	}
}
