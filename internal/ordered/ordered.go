// Package ordered does pieces of work side by side and hands over what came of them one after the
// other.
package ordered

import (
	"context"
	"sync/atomic"
)

// Work is a number of pieces of work, counted from 0.
type Work[T any] struct {
	Jobs  int   // how many pieces are done at once; less than 1 is 1
	Order []int // the order in which they are begun: each number once

	Do func(i int) T

	// Stops tells whether no more is to be begun after this result. Pieces that come later in Order do
	// not count as done then, whether or not they have been begun: so what counts does not depend on
	// Jobs. Nil for never.
	Stops func(T) bool

	// Take is given each result in the order of the numbers, from one goroutine; done is false for a
	// piece that was not done.
	Take func(i int, result T, done bool)
}

// Run does the work, and begins no more once the context has ended.
func (w *Work[T]) Run(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	type outcome struct {
		result T
		done   bool
	}
	n := len(w.Order)
	slots := make([]chan outcome, n)
	for k := range slots {
		slots[k] = make(chan outcome, 1)
	}
	var next atomic.Int64
	for range min(max(1, w.Jobs), n) {
		go func() {
			for k := int(next.Add(1)) - 1; k < n; k = int(next.Add(1)) - 1 {
				var o outcome
				if ctx.Err() == nil {
					o = outcome{w.Do(w.Order[k]), true}
				}
				slots[k] <- o
			}
		}()
	}
	outcomes := make([]outcome, n)
	known := make([]bool, n)
	taken, stopped := 0, false
	for k, slot := range slots {
		o := <-slot
		if stopped {
			o = outcome{}
		} else if o.done && w.Stops != nil && w.Stops(o.result) {
			stopped = true
			stop()
		}
		outcomes[w.Order[k]], known[w.Order[k]] = o, true
		for ; taken < n && known[taken]; taken++ {
			w.Take(taken, outcomes[taken].result, outcomes[taken].done)
			outcomes[taken] = outcome{} // let go of it
		}
	}
}

// Natural is the order in which n pieces are begun as they are numbered.
func Natural(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}
