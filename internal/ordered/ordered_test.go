package ordered

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestRun does work in every order and at every width: what is handed over is the same, in the same
// order, also when it stops early.
func TestRun(t *testing.T) {
	const n, first, second = 30, 11, 7
	for seed := range uint64(5) {
		order := rand.New(rand.NewPCG(seed, 0)).Perm(n)
		if seed == 0 {
			slices.Sort(order)
		}
		for _, stops := range []bool{false, true} {
			want := ""
			for _, jobs := range []int{1, 2, 3, 64} {
				var got strings.Builder
				w := Work[int]{Jobs: jobs, Order: order}
				w.Do = func(i int) int {
					time.Sleep(time.Duration(i*7%5) * 100 * time.Microsecond)
					return i * i
				}
				if stops {
					w.Stops = func(result int) bool { return result == first*first || result == second*second }
				}
				w.Take = func(i, result int, done bool) { fmt.Fprintln(&got, i, result, done) }
				w.Run(context.Background())
				if lines := strings.Count(got.String(), "\n"); lines != n {
					t.Fatalf("%d of %d were handed over", lines, n)
				}
				if want == "" {
					want = got.String()
				}
				if got.String() != want {
					t.Errorf("seed %d, %d jobs, stops %v\ngot\n%swant\n%s", seed, jobs, stops, got.String(), want)
				}
				undone := strings.Count(got.String(), "false")
				if at := min(slices.Index(order, first), slices.Index(order, second)); stops &&
					undone != n-1-at ||
					!stops && undone != 0 {
					t.Errorf("seed %d, %d jobs, stops %v: %d are not done", seed, jobs, stops, undone)
				}
			}
		}
	}
}

// TestRunEnds begins nothing more once its context has ended, and hands over all the same.
func TestRunEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var done []bool
	w := Work[bool]{Jobs: 1, Order: []int{0, 1, 2}, Do: func(int) bool { cancel(); return true }}
	w.Take = func(_ int, _, d bool) { done = append(done, d) }
	w.Run(ctx)
	if !slices.Equal(done, []bool{true, false, false}) {
		t.Errorf("got %v", done)
	}
}
