package explore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rollsim/internal/shard"
)

// Sweep runs a range of seeds.
type Sweep struct {
	Source *Source
	Seeds  Range // of the whole sweep
	Shard  shard.Shard
	Jobs   int // how many seeds run at once; at least 1

	// Again runs seeds in another process, in the given order, and returns the Fingerprint of each.
	// Several goroutines may call it. The sweep calls it for every seed whose failure is the first of
	// its group, for one in sixteen of the others that fail, and for VerifyPerMille out of 1000 of all
	// seeds; a hash of the seed chooses these. Nil runs no seed twice.
	Again          func(ctx context.Context, seeds []uint64) ([]string, error)
	VerifyPerMille int

	// Resume is the result of an earlier, incomplete run of the same sweep. Nil starts at the first
	// seed.
	Resume *Result

	// Keep, if not nil, receives the example of each failure that is the first of its group.
	Keep func(*Result, *Example) error

	// Checkpoint, if not nil, receives the result at intervals of CheckpointEvery and at the end.
	Checkpoint      func(*Result) error
	CheckpointEvery time.Duration

	// Progress, if not nil, receives the count of seeds that are done, and of those in the share,
	// after each seed.
	Progress func(done, share uint64)
}

// finished is the outcome of a seed.
type finished struct {
	seed     uint64
	outcomes []*outcome
	again    bool   // it has run again
	differs  string // how the second run differed; empty if it did not
	err      error
}

// Run runs the sweep. The result does not depend on Jobs. If the context ends, the result has
// only the first seeds of the share. Run returns the errors of Keep, Checkpoint and
// Again, and an error if Resume is the result of another sweep.
func (s *Sweep) Run(ctx context.Context) (*Result, error) {
	result, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	remaining, ok := s.remaining(result)
	if !ok {
		return result, s.checkpoint(result)
	}

	inner, stop := context.WithCancel(ctx)
	defer stop()
	results := s.check(inner, s.start(inner, remaining), result.failing())
	saved := time.Now()
	var failure error
	for slot := range results {
		f := <-slot
		if failure != nil || f.err != nil {
			if failure == nil {
				failure = f.err
				stop()
			}
			continue // a seed counts only if all seeds before it are done
		}
		if failure = s.add(inner, result, f); failure != nil {
			stop()
			continue
		}
		if s.CheckpointEvery > 0 && time.Since(saved) >= s.CheckpointEvery {
			if failure = s.checkpoint(result); failure != nil {
				stop()
			}
			saved = time.Now()
		}
	}
	if failure != nil && (ctx.Err() == nil || !errors.Is(failure, ctx.Err())) {
		return nil, failure
	}
	return result, s.checkpoint(result)
}

// begin returns the result to which the sweep adds: a new one, or Resume.
func (s *Sweep) begin(ctx context.Context) (*Result, error) {
	first, err := s.Source.Fingerprint(context.WithoutCancel(ctx), s.Seeds.From)
	if err != nil {
		return nil, err
	}
	p := Parameters{
		Machine: s.Source.Machine, ControlPlane: s.Source.ControlPlane, Strict: s.Source.Strict,
		Faults: s.Source.FaultsArgument, Seeds: s.Seeds, FirstSeed: first,
	}
	for i := range s.Source.Given {
		p.Scenarios = append(p.Scenarios, s.Source.argument(i))
	}
	var share ranges
	if part, ok := s.Seeds.Part(s.Shard); ok {
		share = ranges{part}
	}
	if s.Resume == nil {
		r := newResult(p, share)
		for n := range s.Source.cases() {
			for _, what := range s.Source.claims(n) {
				r.claims = append(r.claims, Claim{Scenario: n, What: what})
			}
		}
		return r, nil
	}
	switch r := s.Resume; {
	case !r.Parameters.equal(&p):
		return nil, fmt.Errorf(
			"cannot resume another sweep: the result is of %v, this sweep is %v", &r.Parameters, &p,
		)
	case r.share.String() != share.String():
		return nil, fmt.Errorf("cannot resume another shard: the result is of seeds %v, this shard "+
			"has %v", r.share, share)
	}
	return s.Resume, nil
}

// remaining returns the seeds that are not done yet. It reports false if none exist.
func (s *Sweep) remaining(r *Result) (Range, bool) {
	if len(r.share) == 0 {
		return Range{}, false
	}
	return r.share[0].without(r.done)
}

// ahead is how many seeds for each worker may have started before the result is complete up to the
// first of them.
const ahead = 64

// start runs seeds in workers. It returns a channel with a slot for the outcome of each seed, in
// the order of the seeds, and closes that channel after the last one.
func (s *Sweep) start(ctx context.Context, remaining Range) <-chan chan finished {
	jobs := max(1, s.Jobs)
	type job struct {
		seed uint64
		slot chan finished
	}
	next := make(chan job)
	order := make(chan chan finished, ahead*jobs)
	go func() {
		defer close(order)
		defer close(next)
		for seed := remaining.From; seed <= remaining.To && ctx.Err() == nil; seed++ {
			slot := make(chan finished, 1)
			order <- slot
			next <- job{seed, slot}
		}
	}()
	for range jobs {
		go func() {
			for j := range next {
				f := finished{seed: j.seed}
				f.outcomes, f.err = s.Source.runAll(ctx, j.seed)
				j.slot <- f
			}
		}()
	}
	return order
}

// add adds a seed to the result. Seeds arrive in order.
func (s *Sweep) add(ctx context.Context, r *Result, f finished) error {
	if err := s.checkNamed(ctx, r, &f); err != nil {
		return err
	}
	fresh := r.addSeed(s.Source, f.seed, f.outcomes, f.differs)
	release(f.outcomes)
	done, err := r.done.unite(ranges{{f.seed, f.seed}})
	if err != nil {
		return err
	}
	r.done = done
	if s.Progress != nil {
		s.Progress(r.done.count(), r.share.count())
	}
	if s.Keep != nil {
		for _, e := range fresh {
			if err := s.Keep(r, e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Sweep) checkpoint(r *Result) error {
	if s.Checkpoint == nil {
		return nil
	}
	return s.Checkpoint(r)
}
