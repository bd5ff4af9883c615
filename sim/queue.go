package sim

import "rollsim/reducer"

// work is a kind of scheduled work. The zero value is invalid.
type work uint8

const (
	workTimeline   work = 1 + iota // a: index into the timeline
	workPoll                       // a: channel
	workTick                       // a plan tick
	workDispatched                 // a: host, b: rollout; the dispatch reaches the agent
	workSwitched                   // a: host, b: epoch, as for the next seven
	workRebooted
	workProbed
	workSustained // the probes have failed for the sustained-failure threshold
	workConverged
	workRolledBack
	workBroken    // the agent restarts in the middle of a switch
	workRestarted // the agent is back in the middle of a switch
	workRetention // a: rollout, b: generation of its timer
	workArrive    // a: host, b: index into network.flights
	workResend    // a: host
	workOnline    // a: host
	workRestart   // the control plane is back
	workTraffic   // a: index into Scenario.Traffic, b: how many changes came before
)

// item is work that is scheduled for an instant.
type item struct {
	at reducer.Time

	// order is the insertion number, shifted left by the 8 bits of the kind of work. It breaks ties of
	// time, which makes the order total. Its 56 bits outlast any run.
	order uint64
	a, b  uint32
}

func (x *item) work() work { return work(x.order) }

// queue holds scheduled work, ordered by (at, order). It is a heap of four children a node, which
// is shallower than one of two and so touches less memory.
type queue struct {
	heap     []item
	inserted uint64
}

func (x *item) before(y *item) bool {
	return x.at < y.at || x.at == y.at && x.order < y.order
}

func (q *queue) push(at reducer.Time, w work, a, b uint32) {
	x := item{at: at, order: q.inserted<<8 | uint64(w), a: a, b: b}
	q.inserted++
	q.heap = append(q.heap, x)
	i := len(q.heap) - 1
	for i > 0 {
		parent := (i - 1) / 4
		if !x.before(&q.heap[parent]) {
			break
		}
		q.heap[i] = q.heap[parent]
		i = parent
	}
	q.heap[i] = x
}

// next returns when the first item is due, and false if the queue is empty.
func (q *queue) next() (reducer.Time, bool) {
	if len(q.heap) == 0 {
		return 0, false
	}
	return q.heap[0].at, true
}

// pop removes and returns the first item. The queue must not be empty.
func (q *queue) pop() item {
	first := q.heap[0]
	n := len(q.heap) - 1
	x := q.heap[n]
	q.heap = q.heap[:n]
	i := 0
	for {
		child := 4*i + 1
		if child >= n {
			break
		}
		least := child
		for c := child + 1; c < min(child+4, n); c++ {
			if q.heap[c].before(&q.heap[least]) {
				least = c
			}
		}
		if !q.heap[least].before(&x) {
			break
		}
		q.heap[i] = q.heap[least]
		i = least
	}
	if n > 0 {
		q.heap[i] = x
	}
	return first
}
