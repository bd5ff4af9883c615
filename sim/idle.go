package sim

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"rollsim/controlplane"
	"rollsim/reducer"
)

// routine is one kind of work that comes again at a fixed interval: the polls of a channel, or
// plans.
type routine struct {
	item
	every   reducer.Time
	skipped reducer.Time // when the last one that is skipped is due
}

// idleScan is how many items of the queue an idle stretch may cost. A search that finds more
// stops.
const idleScan = 256

// worthwhile is the shortest idle stretch in which skipping costs less than not skipping.
const worthwhile = 4 * reducer.Time(controlplane.PlanInterval)

// next moves to the next instant with work, or returns false if none is due until end. It skips
// polls and plans that have no effect, so that a quiet day costs as much as a quiet hour. The order
// of work is as if it did not.
func (w *world) next(end reducer.Time) bool {
	until := w.idleUntil()
	if until <= w.clock.now {
		return w.clock.advance(end)
	}
	w.skip(min(until, end+1))
	for w.clock.advance(end) {
		if w.clock.now >= until || !w.repeat() {
			return true
		}
	}
	return false
}

// repeat schedules the next of all work of the present instant, if that is polls and plans without
// effect and chance makes nothing happen. It reports whether it has.
func (w *world) repeat() bool {
	q := &w.clock.queue
	due := q.buckets[0]
	for _, x := range due {
		if !isRoutine(x) || w.struck(x) {
			return false
		}
	}
	q.buckets[0] = emptied(due)
	for _, x := range due {
		r := w.routine(x)
		w.count(&r, x.at+1)
		q.push(r.skipped+r.every, x.work(), x.a(), 0)
	}
	return true
}

// struck reports whether chance makes something happen to a routine now.
func (w *world) struck(x item) bool {
	kinds, key, before := w.strikers(x)
	return slices.ContainsFunc(kinds, func(kind FaultKind) bool {
		return w.chance.strikes(kind, noHost, key, before+1) != nil
	})
}

// idleUntil returns an instant before which polls and plans have no effect unless something else
// happens.
func (w *world) idleUntil() reducer.Time {
	d := &w.driver
	idler, ok := d.plane.(controlplane.Idler)
	if !ok || d.production != nil || d.down || d.planDue {
		return 0
	}
	if !slices.Equal(d.polled, w.upstream.refs) {
		return 0
	}
	for _, waiting := range d.armed {
		if len(waiting) > 0 {
			return 0
		}
	}
	return idler.IdleUntil(w.upstream.refs)
}

// skip skips the polls and plans that are due before an instant and before any other work, and at
// which chance makes nothing happen.
func (w *world) skip(until reducer.Time) {
	q := &w.clock.queue
	other, near := q.firstOther()
	until = min(until, other)
	if until-w.clock.now < worthwhile {
		return
	}
	var few [8]routine
	routines := few[:0]
	for used := near; used != 0; used &= used - 1 {
		for _, x := range q.buckets[bits.TrailingZeros64(used)+1] {
			if isRoutine(x) && x.at < until {
				routines = append(routines, w.routine(x))
			}
		}
	}
	for i := range routines {
		until = w.firstStrike(&routines[i], until)
	}
	if !slices.ContainsFunc(routines, func(r routine) bool { return r.at < until }) {
		return
	}
	q.drop(near, until)
	routines = slices.DeleteFunc(routines, func(r routine) bool { return r.at >= until })
	for i := range routines {
		w.count(&routines[i], until)
	}
	// As if each of them had scheduled the next one: those with the same time and another interval
	// were scheduled at another time, and others never meet.
	slices.SortFunc(routines, func(a, b routine) int {
		return cmp.Or(
			cmp.Compare(a.skipped, b.skipped), cmp.Compare(a.work(), b.work()), cmp.Compare(a.a(), b.a()),
		)
	})
	for i := range routines {
		r := &routines[i]
		q.push(r.skipped+r.every, r.work(), r.a(), 0)
	}
}

// The faults that may happen to routines.
var (
	crashes    = []FaultKind{ControlPlaneCrash}
	pollFaults = []FaultKind{PollFailed, PollStale}
)

func isRoutine(x item) bool { return x.work() == workPoll || x.work() == workTick }

func (w *world) routine(x item) routine {
	every := controlplane.PlanInterval
	if x.work() == workPoll {
		every = w.sc.Channels[x.a()].PollInterval
	}
	return routine{item: x, every: reducer.Time(every)}
}

// firstStrike returns when chance makes something happen to a routine for the first time before an
// instant, or that instant if it does not.
func (w *world) firstStrike(r *routine, until reducer.Time) reducer.Time {
	kinds, key, before := w.strikers(r.item)
	for _, kind := range kinds {
		until = w.chance.firstStrike(kind, key, before+1, r.at, r.every, until)
	}
	return until
}

// strikers returns which kinds of faults may happen to a routine, the key of their draws, and how
// many draws came before.
func (w *world) strikers(x item) (kinds []FaultKind, key, before uint64) {
	if x.work() == workTick {
		return crashes, 0, w.driver.ticks
	}
	if w.driver.polls == nil {
		return nil, 0, 0
	}
	return pollFaults, w.driver.keys[x.a()], w.driver.polls[x.a()]
}

// count counts a routine as done until before an instant.
func (w *world) count(r *routine, until reducer.Time) {
	times := (until - r.at + r.every - 1) / r.every
	r.skipped = r.at + (times-1)*r.every
	switch {
	case r.work() == workTick:
		w.driver.ticks += uint64(times)
	case w.driver.polls != nil:
		w.driver.polls[r.a()] += uint64(times)
	}
}

// firstOther returns when the first work is due that is no routine, and the buckets that may hold
// work that is due before, as a subset of used.
func (q *queue) firstOther() (first reducer.Time, near uint64) {
	if q.popped < len(q.buckets[0]) {
		return q.now, 0
	}
	scanned := 0
	for used := q.used; used != 0; used &= used - 1 {
		n := bits.TrailingZeros64(used) + 1
		if scanned += len(q.buckets[n]); scanned > idleScan {
			return q.now, 0
		}
		first = math.MaxInt64
		for _, x := range q.buckets[n] {
			if !isRoutine(x) {
				first = min(first, x.at)
			}
		}
		if first < math.MaxInt64 {
			return first, q.used &^ (used & (used - 1))
		}
	}
	return first, q.used
}

// drop removes the routines of some buckets that are due before an instant.
func (q *queue) drop(near uint64, until reducer.Time) {
	for ; near != 0; near &= near - 1 {
		n := bits.TrailingZeros64(near) + 1
		q.buckets[n] = slices.DeleteFunc(q.buckets[n], func(x item) bool {
			return isRoutine(x) && x.at < until
		})
		if len(q.buckets[n]) == 0 {
			q.used &^= 1 << (n - 1)
		}
	}
}
