package sim

import (
	"math/bits"

	"rollsim/reducer"
)

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
	workBeat      // a: host; a heartbeat of a shipped agent
	workPrune     // the shipped control plane deletes old rows
)

// item is work that is scheduled for an instant. There may be millions.
type item struct {
	at   reducer.Time
	what uint32 // a, shifted left by workBits, and the kind of work
	b    uint32
}

// workBits is how many bits a kind of work takes.
const workBits = 5

// maxNumber is the highest number of a host, a channel, a rollout or a line that work can name.
const maxNumber = 1<<(32-workBits) - 1

func newItem(at reducer.Time, w work, a, b uint32) item {
	return item{at: at, what: a<<workBits | uint32(w), b: b}
}

func (x item) work() work { return work(x.what & (1<<workBits - 1)) }
func (x item) a() uint32  { return x.what >> workBits }

// queue holds scheduled work, ordered by time and then by insertion. It is a radix heap (Ahuja,
// Mehlhorn, Orlin and Tarjan, "Faster algorithms for the shortest path problem", 1990): nothing may
// be scheduled before the present instant, so an item need only be compared with that instant, and
// a push and a pop touch few places in memory however many items there are.
type queue struct {
	now    reducer.Time
	popped int    // how many items of buckets[0] were popped
	used   uint64 // bit i-1 is set if buckets[i] holds items

	// buckets[0] holds the items of the present instant, and buckets[i] those whose time differs from
	// it in bit i-1 and not in a higher one. Items of the same time are always in the same bucket, in
	// the order of insertion.
	buckets [65][]item
}

// push adds work that is due at an instant, which must not lie before the present one.
func (q *queue) push(at reducer.Time, w work, a, b uint32) {
	q.add(newItem(at, w, a, b))
}

func (q *queue) add(x item) {
	i := bucketOf(x.at, q.now)
	if i > 0 {
		q.used |= 1 << (i - 1)
	}
	q.buckets[i] = append(q.buckets[i], x)
}

// bucketOf returns the index of the bucket for a time.
func bucketOf(at, now reducer.Time) int { return bits.Len64(uint64(at ^ now)) }

// advance moves to the instant of the first item, unless that lies after end or the queue is empty.
func (q *queue) advance(end reducer.Time) bool {
	if q.popped < len(q.buckets[0]) {
		return q.now <= end
	}
	if q.used == 0 {
		return false
	}
	n := bits.TrailingZeros64(q.used)
	first := q.buckets[n+1]
	at := first[0].at
	for i := range first {
		at = min(at, first[i].at)
	}
	if at > end {
		return false
	}
	q.now = at
	q.used &^= 1 << n
	q.buckets[n+1] = emptied(first)
	for i := range first {
		q.add(first[i])
	}
	return true
}

// pop removes and returns the first item of the present instant, or returns false if none exists.
func (q *queue) pop() (item, bool) {
	due := q.buckets[0]
	if q.popped == len(due) {
		return item{}, false
	}
	x := due[q.popped]
	if q.popped++; q.popped == len(due) {
		q.buckets[0], q.popped = emptied(due), 0
	}
	return x, true
}

// rest returns the items of a bucket that are not popped.
func (q *queue) rest(i int) []item {
	if i == 0 {
		return q.buckets[0][q.popped:]
	}
	return q.buckets[i]
}

// appendAll appends all work, bucket by bucket: what is due at one instant in the order of
// insertion.
func (q *queue) appendAll(all []item) []item {
	all = append(all, q.rest(0)...)
	for used := q.used; used != 0; used &= used - 1 {
		all = append(all, q.buckets[bits.TrailingZeros64(used)+1]...)
	}
	return all
}

// emptied returns an empty bucket in the memory of another one, or without memory after a large
// one: what a million hosts do at one instant should not occupy memory until the end.
func emptied(bucket []item) []item {
	const large = 1 << 12
	if cap(bucket) > large {
		return nil
	}
	return bucket[:0]
}
