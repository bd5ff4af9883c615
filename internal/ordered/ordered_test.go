package ordered

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestRun does work in several orders and with any number of jobs, with and without an early end.
// The number of jobs must not change what is delivered.
func TestRun(t *testing.T) {
	const n, first, second = 30, 11, 7
	for seed := range uint64(5) {
		order := Singly(n)
		numbers := slices.Concat(order...)
		if seed > 0 {
			numbers = rand.New(rand.NewPCG(seed, 0)).Perm(n)
			order = slices.Collect(slices.Chunk(numbers, int(seed))) // the last one may be shorter
		}
		for _, stops := range []bool{false, true} {
			wantUndone := 0
			if stops {
				wantUndone = n - 1 - min(slices.Index(numbers, first), slices.Index(numbers, second))
			}
			want := ""
			for _, jobs := range []int{-1, 1, 2, 3, 64} {
				var got strings.Builder
				w := Work[int]{Jobs: jobs, Order: order}
				w.Do = Each(func(i int) int {
					time.Sleep(time.Duration(i*7%5) * 100 * time.Microsecond)
					return i * i
				})
				if stops {
					w.Stops = func(result int) bool { return result == first*first || result == second*second }
				}
				w.Deliver = func(i, result int, done bool) { fmt.Fprintln(&got, i, result, done) }
				w.Run(context.Background())
				if want == "" {
					want = got.String()
				}
				if got.String() != want {
					t.Errorf("seed %d, %d jobs, stops %v\ngot\n%swant\n%s", seed, jobs, stops, got.String(), want)
				}
				if lines := strings.Count(got.String(), "\n"); lines != n {
					t.Errorf("seed %d, %d jobs: %d of %d pieces were delivered", seed, jobs, lines, n)
				}
				if undone := strings.Count(got.String(), "false"); undone != wantUndone {
					t.Errorf("seed %d, %d jobs: %d are not done, want %d", seed, jobs, undone, wantUndone)
				}
			}
		}
	}
}

// TestRunInParallel does two pieces that wait for each other.
func TestRunInParallel(t *testing.T) {
	arrived, both := make(chan int, 2), make(chan struct{})
	go func() {
		<-arrived
		<-arrived
		close(both)
	}()
	met := true
	w := Work[bool]{Jobs: 2, Order: Singly(2)}
	w.Do = Each(func(i int) bool {
		arrived <- i
		select {
		case <-both:
			return true
		case <-time.After(10 * time.Second):
			return false
		}
	})
	w.Deliver = func(_ int, result, _ bool) { met = met && result }
	w.Run(context.Background())
	if !met {
		t.Error("two jobs did not run at the same time")
	}
}

// TestRunCanceled cancels the context in the first piece: no other one begins, neither in its
// group nor in another, but all are delivered.
func TestRunCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var begun atomic.Int64
	var done []bool
	w := Work[bool]{Jobs: 1, Order: [][]int{{0, 1}, {2}}}
	w.Do = Each(func(int) bool {
		begun.Add(1)
		cancel()
		return true
	})
	w.Deliver = func(_ int, _, d bool) { done = append(done, d) }
	w.Run(ctx)
	if !slices.Equal(done, []bool{true, false, false}) || begun.Load() != 1 {
		t.Errorf("done %v, %d begun; want only the first piece", done, begun.Load())
	}
}

// TestRunNothing does no work.
func TestRunNothing(t *testing.T) {
	w := Work[int]{Jobs: 2, Deliver: func(int, int, bool) { t.Error("delivered") }}
	w.Run(context.Background())
}

// TestGroupEndsEarly does a group that passes on fewer results than it has pieces: the others are
// not done, and those of the next group are.
func TestGroupEndsEarly(t *testing.T) {
	var got []string
	w := Work[int]{Jobs: 1, Order: [][]int{{2, 0}, {}, {1}}}
	w.Do = func(group []int, done func(int) bool) {
		if len(group) > 0 {
			done(10 * group[0])
		}
	}
	w.Deliver = func(i, result int, done bool) { got = append(got, fmt.Sprint(i, result, done)) }
	w.Run(context.Background())
	if want := []string{"0 0 false", "1 10 true", "2 20 true"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
