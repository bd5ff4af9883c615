package explore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cespare/xxhash/v2"

	"rollsim/internal/shard"
)

// Sweep is many seeds to run.
type Sweep struct {
	Source *Source
	Seeds  Range // of the whole sweep
	Shard  shard.Shard
	Jobs   int // how many seeds at once; at least 1

	// Again runs a seed once more in a fresh process and gives its Fingerprint. Every seed that fails
	// is run again, and of those that pass VerifyPerMille out of a thousand, chosen by a hash of the
	// seed. Nil runs none again.
	Again          func(ctx context.Context, seed uint64) (string, error)
	VerifyPerMille int

	// Resume is the result of an earlier run of the same sweep that was cut short; nil starts afresh.
	Resume *Result

	// Keep takes the example of each failure when the first of its group is found; nil for nothing.
	Keep func(*Result, *Example) error

	// Checkpoint takes the result so far, every now and then and at the end; nil for nothing.
	Checkpoint      func(*Result) error
	CheckpointEvery time.Duration

	// Progress takes how many seeds of the share are done, whenever that changes; nil for nothing.
	Progress func(done, share uint64)
}

// finished is a seed that was run.
type finished struct {
	seed     uint64
	outcomes []*outcome
	same     string // how a second run differed; empty when it did not
	err      error
}

// Run runs the sweep. What it gives is the same whatever Jobs is. When the context ends it gives
// what is done so far, which is every seed of the share up to some seed. The error is one of Keep,
// Checkpoint or Again, or that Resume is of another sweep.
func (s *Sweep) Run(ctx context.Context) (*Result, error) {
	result, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	left, ok := s.left(result)
	if !ok {
		return result, s.checkpoint(result)
	}

	inner, stop := context.WithCancel(ctx)
	defer stop()
	results := s.start(inner, left)
	saved := time.Now()
	var failure error
	for slot := range results {
		f := <-slot
		if failure != nil || f.err != nil {
			if failure == nil {
				failure = f.err
				stop()
			}
			continue // what comes after a seed that is not done cannot be done either
		}
		if failure = s.add(result, f); failure != nil {
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

// begin makes the result that the sweep adds to.
func (s *Sweep) begin(ctx context.Context) (*Result, error) {
	first, err := s.Source.Fingerprint(context.WithoutCancel(ctx), s.Seeds.From)
	if err != nil {
		return nil, err
	}
	p := Parameters{
		Machine:   s.Source.Machine,
		Faults:    s.Source.FaultsArgument,
		Seeds:     s.Seeds,
		FirstSeed: first,
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
			"what is to be resumed is of another sweep: %v, and not %v", &r.Parameters, &p,
		)
	case r.share.String() != share.String():
		return nil, fmt.Errorf("what is to be resumed is of seeds %v, and not %v", r.share, share)
	}
	return s.Resume, nil
}

// left gives the seeds that are still to be run.
func (s *Sweep) left(r *Result) (Range, bool) {
	if len(r.share) == 0 {
		return Range{}, false
	}
	return r.share[0].without(r.done)
}

// ahead is how many seeds may be finished or under way beyond the one that is next in order, for
// each worker.
const ahead = 64

// start runs seeds in workers. It gives the results' places in the order of seeds, and closes when
// there are no more.
func (s *Sweep) start(ctx context.Context, left Range) <-chan chan finished {
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
		for seed := left.From; seed <= left.To && ctx.Err() == nil; seed++ {
			slot := make(chan finished, 1)
			order <- slot
			next <- job{seed, slot}
		}
	}()
	for range jobs {
		go func() {
			for j := range next {
				j.slot <- s.one(ctx, j.seed)
			}
		}()
	}
	return order
}

// one runs one seed, and once more where that is called for.
func (s *Sweep) one(ctx context.Context, seed uint64) finished {
	f := finished{seed: seed}
	if f.outcomes, f.err = s.Source.runAll(ctx, seed); f.err != nil {
		return f
	}
	again := s.verifies(seed)
	for _, o := range f.outcomes {
		again = again || len(o.failures()) > 0
	}
	if s.Again == nil || !again {
		return f
	}
	second, err := s.Again(ctx, seed)
	switch first := fingerprint(f.outcomes); {
	case ctx.Err() != nil:
		f.err = ctx.Err()
	case err != nil:
		f.err = fmt.Errorf("seed %d cannot be run again: %w", seed, err)
	case second != first:
		f.same = fmt.Sprintf(
			"the first run has fingerprint %s, a second one in a fresh process %s", first, second,
		)
	}
	return f
}

// verifies tells whether a seed that passes is run again.
func (s *Sweep) verifies(seed uint64) bool {
	return xxhash.Sum64String(fmt.Sprintf("verify %d", seed))%1000 < uint64(s.VerifyPerMille)
}

// add adds a seed to the result; seeds come in order.
func (s *Sweep) add(r *Result, f finished) error {
	fresh := r.addSeed(s.Source, f.seed, f.outcomes, f.same)
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
