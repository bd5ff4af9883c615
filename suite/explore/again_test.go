package explore

import (
	"context"
	"slices"
	"sync"
	"testing"

	"rollsim/invariant"
)

// repeats records the seeds that run again. Those in differ have another fingerprint then.
type repeats struct {
	mu     sync.Mutex
	seeds  []uint64
	differ []uint64
}

func (r *repeats) of(source *Source) func(context.Context, []uint64) ([]string, error) {
	run := again(source)
	return func(ctx context.Context, seeds []uint64) ([]string, error) {
		r.mu.Lock()
		r.seeds = append(r.seeds, seeds...)
		r.mu.Unlock()
		all, err := run(ctx, seeds)
		for i, seed := range seeds {
			if err == nil && slices.Contains(r.differ, seed) {
				all[i] = "another"
			}
		}
		return all, err
	}
}

// sorted returns the seeds that ran again.
func (r *repeats) sorted() []uint64 {
	slices.Sort(r.seeds)
	return r.seeds
}

// TestWhichSeedsRunAgain checks that every seed that the report names runs again, once, and of the
// others that fail those of the sample. Neither jobs nor a sweep that was cut change which.
func TestWhichSeedsRunAgain(t *testing.T) {
	source, seeds := drawn(canary), Range{1, 300}
	var failing []uint64
	for seed := seeds.From; seed <= seeds.To; seed++ {
		all, err := source.runAll(t.Context(), seed)
		if err != nil {
			t.Fatal(err)
		}
		f := finished{outcomes: all}
		if f.failures(func(signature) { failing = append(failing, seed) }); len(failing) > 1 {
			failing = slices.Compact(failing)
		}
	}
	var ran repeats
	whole := sweep(t, &Sweep{Source: source, Seeds: seeds, Jobs: 3, Again: ran.of(source)})
	var want []uint64
	for _, g := range whole.Failures() {
		want = append(want, g.First.Seed)
	}
	named := len(want)
	for _, seed := range failing {
		if hashOf(seed)%sampled == 0 {
			want = append(want, seed)
		}
	}
	slices.Sort(want)
	want = slices.Compact(want)
	if got := ran.sorted(); !slices.Equal(got, want) {
		t.Errorf("seeds %v have run again, want %v", got, want)
	}
	if named == len(want) || len(want) == len(failing) {
		t.Errorf("%d named, %d run again, %d fail: not all different", named, len(want), len(failing))
	}

	var cut repeats
	ctx, cancel := context.WithCancel(t.Context())
	first, err := (&Sweep{
		Source: source, Seeds: seeds, Jobs: 2, Again: cut.of(source),
		Progress: func(done, _ uint64) {
			if done == 100 {
				cancel()
			}
		},
	}).Run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	done := first.Done()
	cut.seeds = slices.DeleteFunc(cut.seeds, func(seed uint64) bool { return seed > done })
	sweep(t, &Sweep{Source: source, Seeds: seeds, Again: cut.of(source), Resume: first})
	if got := cut.sorted(); !slices.Equal(got, want) {
		t.Errorf("resumed after %d: seeds %v have run again, want %v", done, got, want)
	}
}

// TestNamedAfterOneThatDiffers checks that the seed that is named instead of one whose second run
// differed runs again too.
func TestNamedAfterOneThatDiffers(t *testing.T) {
	source, seeds := drawn(canary), Range{1, 60}
	before := sweep(t, &Sweep{Source: source, Seeds: seeds}).Failures()[0]
	ran := repeats{differ: []uint64{before.First.Seed}}
	repeated := &Sweep{Source: source, Seeds: seeds, Again: ran.of(source)}
	for _, g := range sweep(t, repeated).Failures() {
		switch {
		case g.Invariant == invariant.SameBytes:
			if g.First.Seed != before.First.Seed || g.Runs != 1 {
				t.Errorf("seed %d differs in %d runs, want %d", g.First.Seed, g.Runs, before.First.Seed)
			}
		case g.Key(true) == before.Key(true):
			if g.First.Seed <= before.First.Seed || !slices.Contains(ran.seeds, g.First.Seed) ||
				g.Runs != before.Runs-1 {
				t.Errorf("seed %d is named instead of %d, and seeds %v ran again", g.First.Seed,
					before.First.Seed, ran.seeds)
			}
			return
		}
	}
	t.Error("the failure is no longer there")
}
