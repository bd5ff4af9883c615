package prove

import (
	"cmp"
	"context"
	"slices"

	"rollsim/internal/ordered"
)

// search is a search in progress.
type search struct {
	*Prover
	ctx    context.Context
	result *Result
	tasks  []task
	base   *seen    // what the levels before have seen; empty where every run begins at the start
	trunk  []uint64 // the states of the plain run
}

// groupSize is how many tasks a worker does, one after the other, and cuts off what it has seen in
// one of them in the next.
const groupSize = 1 << 4

// Run tries all combinations of up to bound deviations, those with the fewest first. With the bound
// All it tries any number of them, and is complete only at the end. Without Options.Continue it
// ends after the first number of deviations with which something is violated. If the context ends,
// the result has what is complete. earlier, if not nil, is the result of a run of the same search
// that has ended early.
func (p *Prover) Run(ctx context.Context, bound int, earlier *Result) (*Result, error) {
	p.all = bound == All
	s := &search{Prover: p, ctx: ctx, base: new(seen)}
	o := p.run(&node{}, true)
	if o.err != nil {
		return nil, o.err
	}
	if err := s.begin(bound, earlier, o); err != nil {
		return nil, err
	}
	r := s.result
	copied := s.trunk != nil || len(r.Found) > 0
	if bound == All && (!copied || p.opt.Uncut || p.opt.Continue || p.opt.Shard.N > 1) {
		return nil, errAll
	}
	if bound == All && len(r.Found) == 0 {
		if holds, err := s.everything(); holds || err != nil || ctx.Err() != nil {
			return r, cmp.Or(err, p.save(r))
		}
	}
	for depth := 1; depth <= bound && (p.opt.Continue || len(r.Found) == 0); depth++ {
		done, err := s.level(depth)
		if err != nil {
			return nil, err
		}
		if !done {
			return r, p.save(r)
		}
	}
	r.Unfinished = false
	return r, p.save(r)
}

// prepare sets the tasks.
func (s *search) prepare(plain *outcome) error {
	var err error
	if s.tasks, s.trunk, err = s.plainTasks(); err != nil || s.tasks != nil {
		return err
	}
	for _, d := range plain.children {
		s.tasks = append(s.tasks, task{first: d})
	}
	return nil
}

// begin sets the result: a new one with the plain run, or an earlier one.
func (s *search) begin(bound int, earlier *Result, plain *outcome) error {
	r := &Result{
		Scenario: s.opt.Scenario.Name, Machine: s.opt.Machine.Name(), Kinds: describe(s.allowed),
		ControlPlane: string(s.opt.Scenario.ControlPlane), Bound: bound,
		AllHosts: s.opt.Asymmetric, Possible: len(plain.children), Fingerprint: s.fingerprint(plain),
		Unfinished: true,
	}
	for i := range s.plain.Sometimes {
		r.Sometimes = append(r.Sometimes, s.plain.Sometimes[i].String())
	}
	if part := s.opt.Shard; part.N > 1 {
		r.Parts, r.Of = []int{part.I}, part.N
	}
	if err := s.prepare(plain); err != nil {
		return err
	}
	if s.differs() {
		names := s.names()
		r.Differs = names[0] + " and " + names[1]
	}
	s.result = r
	if earlier == nil {
		r.Met = plain.met
		r.Levels = []Level{{Runs: 1, States: uint64(len(s.trunk)), Complete: true}}
		return s.add(0, plain.found, 0)
	}
	if err := earlier.continues(r); err != nil {
		return err
	}
	earlier.Bound, earlier.Unfinished = bound, true
	s.result = earlier
	return nil
}

// save passes the result to Options.Save.
func (p *Prover) save(r *Result) error {
	if p.opt.Save == nil {
		return nil
	}
	return p.opt.Save(r)
}

// level does all groups with a number of deviations, from where an earlier search has ended. It
// reports whether all were done.
func (s *search) level(depth int) (bool, error) {
	r := s.result
	if len(r.Levels) == depth {
		r.Levels = append(r.Levels, Level{Deviations: depth})
	}
	for _, state := range s.trunk {
		s.base.add(state, depth-1)
	}
	l := &r.Levels[depth]
	last := depth == r.Bound
	from := l.Groups
	if !last {
		from = 0 // the next level needs what this one has seen
	}
	groups := slices.Collect(slices.Chunk(s.tasks, groupSize))
	next := new(seen)
	broken, failure := false, error(nil)
	work := ordered.Work[*tree]{
		Jobs: s.opt.Jobs, Order: ordered.Singly(len(groups) - from),
		Do: ordered.Each(func(i int) *tree {
			t := &tree{search: s, depth: depth}
			if !last || s.opt.Shard.Has(from+i) {
				for k := range groups[from+i] {
					t.try(&groups[from+i][k])
				}
			}
			return t
		}),
		Stops: func(t *tree) bool { return t.err != nil },
		Deliver: func(i int, t *tree, done bool) {
			if !done || broken {
				return
			}
			if broken = t.err != nil; broken {
				if s.ctx.Err() == nil {
					failure = t.err
				}
				return
			}
			if !last {
				next.merge(&t.own)
			}
			if from+i >= l.Groups {
				failure = s.addTree(l, t)
				broken = failure != nil
			}
		},
	}
	work.Run(s.ctx)
	if failure != nil {
		return false, failure
	}
	l.Complete = l.Groups == len(groups)
	s.base.merge(next)
	return !broken && s.ctx.Err() == nil && l.Complete, nil
}

// addTree adds what a tree has found to a level, and saves the result.
func (s *search) addTree(l *Level, t *tree) error {
	if err := s.add(l.Deviations, t.found, l.Groups); err != nil {
		return err
	}
	l.Groups++
	l.Runs += t.runs
	l.States += t.states
	s.result.Met |= t.met
	if s.Progress != nil {
		s.Progress(s.result.Runs(), l.Deviations)
	}
	return s.save(s.result)
}

// add adds the failures of one group. Of each kind, the first one is the counterexample.
func (s *search) add(depth int, found []finding, number int) error {
	r := s.result
	for i := range found {
		f := &found[i]
		known := slices.ContainsFunc(r.Found, func(c *Counterexample) bool {
			return c.Key == f.violation.key()
		})
		if known {
			continue
		}
		sc := f.node.scenario(s.plain)
		text, err := s.repeat(sc, &f.violation)
		if err != nil {
			return err
		}
		r.Found = append(r.Found, &Counterexample{
			Key: f.violation.key(), Level: depth, Place: [2]int{number, f.run}, Subject: f.violation.Subject,
			Detail: f.violation.Detail, Deviations: f.node.text(), File: text,
		})
	}
	return nil
}
