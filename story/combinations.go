package story

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"rollsim/internal/plural"
)

// maxCombinations bounds the runs of a scenario about everything that may go wrong.
const maxCombinations = 100_000

// combinations are the runs of a scenario about everything that may go wrong.
type combinations struct {
	p        *pass
	plain    *world
	runs     int
	possible int    // how many things may go wrong in the plain run
	met      []bool // by allowance: some run has what it allows
	seen     map[uint64]bool
	some     []someRun
}

// A someRun counts the runs in which a sentence holds that must hold in one of them.
type someRun struct {
	step  int
	held  int
	found string // in the first run in which it does not hold
}

// tryAll runs the scenario with every combination of what may go wrong, those with the fewest
// deviations first, until one fails. The plain run has passed.
func (p *pass) tryAll() error {
	g := &p.world.wrong
	c := &combinations{
		p: p, plain: p.world, met: make([]bool, len(g.allowed)), seen: make(map[uint64]bool),
		some: p.world.some, runs: 1,
	}
	bound := g.most()
	allowed := g.allowed
	sets, err := c.extend(nil)
	c.possible = len(sets)
	for depth := 1; err == nil && depth <= bound; depth++ {
		var next [][]Deviation
		for _, set := range sets {
			if err = c.try(set); err != nil {
				break
			}
			if depth == bound {
				continue
			}
			var more [][]Deviation
			if more, err = c.extend(set); err != nil {
				break
			}
			next = append(next, more...)
		}
		sets = next
	}
	if err != nil {
		return err
	}
	return c.settle(bound, allowed)
}

// extend returns what goes wrong in the runs with one deviation more than the current one.
func (c *combinations) extend(set []Deviation) ([][]Deviation, error) {
	more, err := c.p.world.nextMishaps()
	if err != nil {
		return nil, c.fail(err)
	}
	var all [][]Deviation
	for _, m := range more {
		sum := m.Identity()
		for _, other := range set {
			sum += other.Identity()
		}
		if c.seen[sum] {
			continue
		}
		c.seen[sum] = true
		for i := range c.met {
			c.met[i] = c.met[i] || m.AllowedBy(&c.p.world.wrong.allowed[i].Allowance)
		}
		all = append(all, append(slices.Clip(set), m))
	}
	if len(c.seen) >= maxCombinations {
		return nil, c.fail(fmt.Errorf("more than %d combinations of what may go wrong: say that fewer "+
			"things go wrong at once, or which ones may, as in: Given up to 1 control-plane crash happens "+
			"at any moment", maxCombinations))
	}
	return all, nil
}

// try runs the scenario with some deviations.
func (c *combinations) try(set []Deviation) error {
	p := c.p
	if err := p.ctx.Err(); err != nil {
		p.failed, p.result = true, p.c.newResult()
		p.result.Status = Unrun
		return err
	}
	if err := p.beginRun(p.c.seed); err != nil {
		return err
	}
	p.world.wrong.mishaps = set
	c.runs++
	if err := p.callAgain(); err != nil {
		for _, m := range set {
			p.result.Wrong = append(p.result.Wrong, m.String())
		}
		p.result.Message += fmt.Sprintf("\nwrong     %s\nholds     in every run in which less goes "+
			"wrong; %s before this one", strings.Join(p.result.Wrong, "\n          "),
			plural.Count(uint64(c.runs-1), "run"))
		return err
	}
	for i := range c.some {
		c.some[i].held += p.world.some[i].held
	}
	p.endRun(false)
	return nil
}

// fail fails the scenario as a whole.
func (c *combinations) fail(err error) error {
	c.p.failed = true
	c.p.result.fail(err)
	return err
}

// settle decides the result of a scenario all of whose runs have passed.
func (c *combinations) settle(bound int, allowed []allowance) error {
	result := &c.p.result
	c.p.world = c.plain // whose trace shows the story
	bounds := fmt.Sprintf("up to %d of %s (%s)", bound,
		plural.Count(c.possible, "possible deviation"), plural.Count(uint64(c.runs), "run"))
	blame := func(step int, err error) error {
		s := &result.Steps[step]
		s.Status, result.Step, result.StepLine = Failed, s.Keyword+" "+s.Text, s.Line
		return c.fail(err)
	}
	for i := range c.some {
		if c.some[i].held == 0 {
			return blame(c.some[i].step, &unmetError{fmt.Sprintf(
				"it holds in no combination of %s\nin the run in which nothing goes wrong:\n%s", bounds,
				c.some[i].found,
			)})
		}
	}
	for i, met := range c.met {
		if !met {
			return blame(allowed[i].step, fmt.Errorf("this cannot happen in any of the runs: expected "+
				"something that may go wrong, in %s", bounds))
		}
	}
	if c.possible == 0 {
		return c.fail(errors.New("nothing may go wrong in this story: it has one run alone"))
	}
	result.Combinations = "holds for every combination of " + bounds
	return nil
}

// expectSome carries out a sentence that must hold in one of the runs. If it does not hold in this
// one, what it changes in the story is undone.
func (w *world) expectSome(inner reading, sentence string) error {
	switch {
	case inner.step.phase != expects:
		return errOnlyOfRun
	case !w.wrong.claims():
		return errOnePlainRun
	}
	held, found, err := w.attempt(inner, sentence)
	s := someRun{step: w.step, found: found}
	if held {
		s.held = 1
	}
	w.some = append(w.some, s)
	return err
}
