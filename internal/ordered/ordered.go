// Package ordered does independent pieces of work in parallel and delivers their results in order.
package ordered

import (
	"context"
	"slices"
	"sync/atomic"
)

// Work is pieces of work, numbered from 0.
type Work[T any] struct {
	Jobs int // how many groups are done at once; values below 1 mean 1

	// Order has the numbers of all pieces in groups, in the order in which they begin.
	Order [][]int

	// Do does the pieces of a group in their order. It passes each result to done, and does no more
	// once done returns false. Several goroutines call it.
	Do func(group []int, done func(T) bool)

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
	order := slices.Concat(w.Order...)
	n := len(order)
	slots := make([]chan outcome, n) // by position in order
	for k := range slots {
		slots[k] = make(chan outcome, 1)
	}
	doGroup := func(group []int, slots []chan outcome) {
		k := 0
		if ctx.Err() == nil {
			w.Do(group, func(result T) bool {
				slots[k] <- outcome{result, true}
				k++
				return ctx.Err() == nil
			})
		}
		for ; k < len(slots); k++ {
			slots[k] <- outcome{}
		}
	}
	first := make([]int, len(w.Order)+1) // position of the first piece of each group
	for g, group := range w.Order {
		first[g+1] = first[g] + len(group)
	}
	var next atomic.Int64
	for range min(max(1, w.Jobs), len(w.Order)) {
		go func() {
			for g := int(next.Add(1)) - 1; g < len(w.Order); g = int(next.Add(1)) - 1 {
				doGroup(w.Order[g], slots[first[g]:first[g+1]])
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
		outcomes[order[k]], known[order[k]] = o, true
		for ; delivered < n && known[delivered]; delivered++ {
			w.Deliver(delivered, outcomes[delivered].result, outcomes[delivered].done)
			outcomes[delivered] = outcome{} // frees the result
		}
	}
}

// Singly returns groups of one piece each, in the order of the numbers from 0 to n-1.
func Singly(n int) [][]int {
	order := make([][]int, n)
	for i := range order {
		order[i] = []int{i}
	}
	return order
}

// Each returns a function for Work.Do that does one piece after the other.
func Each[T any](do func(i int) T) func(group []int, done func(T) bool) {
	return func(group []int, done func(T) bool) {
		for _, i := range group {
			if !done(do(i)) {
				return
			}
		}
	}
}
