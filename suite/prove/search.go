package prove

import (
	"context"
	"slices"

	"rollsim/internal/ordered"
)

// search is a search in progress.
type search struct {
	*Prover
	ctx    context.Context
	result *Result
	nodes  []*node // whose children are the next level
}

// batch is how many nodes are run before their results are added, and the result is saved.
const batch = 1 << 8

// Run tries all combinations of up to bound deviations, those with the fewest first. Without
// Options.Continue it ends after the first number of deviations with which something is violated.
// If the context ends, the result has what is complete. earlier, if not nil, is the result of a run
// of the same search that has ended early.
func (p *Prover) Run(ctx context.Context, bound int, earlier *Result) (*Result, error) {
	s := &search{Prover: p, ctx: ctx}
	plain := &node{}
	o := p.run(plain, true)
	if o.err != nil {
		return nil, o.err
	}
	if err := s.begin(bound, earlier, o); err != nil {
		return nil, err
	}
	r := s.result
	s.nodes = []*node{plain}
	for depth := 1; depth <= bound && (p.opt.Continue || len(r.Found) == 0); depth++ {
		if depth > 1 {
			if err := s.descend(); err != nil {
				return nil, err
			}
		}
		done := depth < len(r.Levels) && r.Levels[depth].Complete
		if !done {
			var err error
			if done, err = s.level(depth); err != nil {
				return nil, err
			}
		}
		if !done || ctx.Err() != nil {
			return r, p.save(r)
		}
	}
	r.Unfinished = false
	return r, p.save(r)
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
	if s.differs() {
		names := s.names()
		r.Differs = names[0] + " and " + names[1]
	}
	s.result = r
	if earlier == nil {
		r.Met = plain.met
		r.Levels = []Level{{Runs: 1, Complete: true}}
		return s.add(0, plain.found, [2]int{})
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

// descend replaces the nodes with their children.
func (s *search) descend() error {
	var next []*node
	var failure error
	seen := make(map[uint64]bool) // a child may have two parents
	work := ordered.Work[*outcome]{
		Jobs: s.opt.Jobs, Order: ordered.Singly(len(s.nodes)),
		Do:    ordered.Each(func(i int) *outcome { return s.run(s.nodes[i], true) }),
		Stops: func(o *outcome) bool { return o.err != nil },
		Deliver: func(i int, o *outcome, done bool) {
			if !done || failure != nil || o.void {
				return
			}
			failure = o.err
			for _, d := range o.children {
				if n := s.nodes[i].with(d); !seen[n.hash] {
					seen[n.hash] = true
					next = append(next, n)
				}
			}
		},
	}
	work.Run(s.ctx)
	s.nodes = next
	return failure
}

// family is the outcome of the children of a node that belong to the shard.
type family struct {
	runs  uint64
	found []finding
	met   uint64
	err   error
}

// finding is a violation of a run that is a failure.
type finding struct {
	node      *node
	child     int // its number among the children of its parent
	violation violation
}

// family runs the children of a node.
func (s *search) family(n *node) *family {
	parent := s.run(n, true)
	all := &family{err: parent.err}
	if parent.void {
		return all
	}
	for i, d := range parent.children {
		if s.ctx.Err() != nil {
			all.err = s.ctx.Err()
		}
		if all.err != nil {
			return all
		}
		if !s.opt.Shard.Has(i) {
			continue
		}
		o := s.run(n.with(d), false)
		if o.void {
			continue
		}
		for k := range o.found {
			o.found[k].child = i
		}
		all.runs++
		all.found = append(all.found, o.found...)
		all.met |= o.met
		all.err = o.err
	}
	return all
}

// level runs all children of the nodes, from where an earlier run has ended. It reports whether all
// were run.
func (s *search) level(depth int) (bool, error) {
	r := s.result
	if len(r.Levels) == depth {
		r.Levels = append(r.Levels, Level{Deviations: depth})
	}
	l := &r.Levels[depth]
	for l.Parents < len(s.nodes) {
		nodes := s.nodes[l.Parents:min(l.Parents+batch, len(s.nodes))]
		families := make([]*family, 0, len(nodes))
		work := ordered.Work[*family]{
			Jobs: s.opt.Jobs, Order: ordered.Singly(len(nodes)),
			Do:    ordered.Each(func(i int) *family { return s.family(nodes[i]) }),
			Stops: func(f *family) bool { return f.err != nil },
			Deliver: func(_ int, f *family, done bool) {
				if done {
					families = append(families, f)
				}
			},
		}
		work.Run(s.ctx)
		for _, f := range families {
			if s.ctx.Err() != nil && f.err != nil {
				break
			}
			if f.err != nil {
				return false, f.err
			}
			if err := s.add(depth, f.found, [2]int{l.Parents}); err != nil {
				return false, err
			}
			l.Parents++
			l.Runs += f.runs
			r.Met |= f.met
			if s.Progress != nil {
				s.Progress(r.Runs(), depth)
			}
		}
		l.Complete = l.Parents == len(s.nodes)
		if err := s.save(r); err != nil || s.ctx.Err() != nil {
			return l.Complete, err
		}
	}
	l.Complete = true
	return true, nil
}

// add adds the failures of one family. Of each kind, the first one is the counterexample.
func (s *search) add(depth int, found []finding, place [2]int) error {
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
		place[1] = f.child
		r.Found = append(r.Found, &Counterexample{
			Key: f.violation.key(), Level: depth, Place: place, Subject: f.violation.Subject,
			Detail: f.violation.Detail, Deviations: f.node.text(), File: text,
		})
	}
	return nil
}
