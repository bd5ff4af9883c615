// Package ordered does independent pieces of work in parallel and delivers their results in order.
package ordered

import (
	"context"
	"sync/atomic"
)

// Work is pieces of work, numbered from 0.
type Work[T any] struct {
	Jobs  int   // how many pieces run at once; values below 1 mean 1
	Order []int // the numbers of all pieces, in the order in which they begin

	// Do does a piece. Several goroutines call it.
	Do func(i int) T

	// Stops reports whether the work ends with this result. The pieces that are later in Order count
	// as not done, even if they run already, so that the outcome does not depend on Jobs. Nil never
	// ends the work.
	Stops func(T) bool

	// Deliver receives the results in the order of their numbers, from one goroutine. done is false
	// for a piece that was not done.
	Deliver func(i int, result T, done bool)
}

// Run does the work. It begins no piece after the context has ended.
func (w *Work[T]) Run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type outcome struct {
		result T
		done   bool
	}
	n := len(w.Order)
	slots := make([]chan outcome, n) // by position in Order
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
	outcomes := make([]outcome, n) // by number
	known := make([]bool, n)
	delivered, stopped := 0, false
	for k, slot := range slots {
		o := <-slot
		if stopped {
			o = outcome{}
		} else if o.done && w.Stops != nil && w.Stops(o.result) {
			stopped = true
			cancel()
		}
		outcomes[w.Order[k]], known[w.Order[k]] = o, true
		for ; delivered < n && known[delivered]; delivered++ {
			w.Deliver(delivered, outcomes[delivered].result, outcomes[delivered].done)
			outcomes[delivered] = outcome{} // frees the result
		}
	}
}

// Natural returns the numbers from 0 to n-1 in ascending order.
func Natural(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}
