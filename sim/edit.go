package sim

import (
	"fmt"
	"slices"
	"time"

	"rollsim/internal/hash64"
	"rollsim/reducer"
)

// Edit is a change of a scenario during a Walk. It has the effect that it would have if the
// scenario had had it from the start.
type Edit struct {
	Fate  *Fate // of a host under a ref, which it has not met yet
	Delay *Delay
	Lines []Action // more lines of the timeline, at times or moments that have not come

	// Moved is a line of the timeline, from 1, that moves a ref and happens At instead of later; 0
	// stands for no line.
	Moved int
	At    time.Duration

	ID uint64 // a hash of what Lines say
}

// Edit changes the scenario from now on. The error says that it is too late, or that the scenario
// does not have what the edit is about. The Walk must not be used after an error.
func (k *Walk) Edit(e *Edit) error {
	k.changes()
	switch {
	case e.Fate != nil:
		return k.w.give(e.Fate.Host, func(p *profile) {
			p.fates = append(slices.Clip(p.fates), *e.Fate)
			p.met = append(slices.Clone(p.met), noRollout)
		})
	case e.Delay != nil:
		return k.w.give(e.Delay.Host, func(p *profile) {
			p.delays = append(slices.Clip(p.delays), *e.Delay)
		})
	case e.Moved > 0:
		return k.moveLine(e.Moved-1, e.At)
	}
	for i := range e.Lines {
		if err := k.addLine(&e.Lines[i], hash64.Of(e.ID, uint64(i))); err != nil {
			return err
		}
	}
	return nil
}

// give changes the profile of one host.
func (w *world) give(host reducer.HostID, change func(*profile)) error {
	n, known := w.inv.Host(host)
	if !known {
		return fmt.Errorf("no channel has host %s", host)
	}
	a := &w.agents.list[n]
	own := *a.profile
	own.own = true
	change(&own)
	a.profile = &own
	return nil
}

// addLine adds a line to the timeline. It comes before other work of its instant, as lines do that
// are scheduled from the start.
func (k *Walk) addLine(a *Action, id uint64) error {
	w, n := k.w, len(k.w.timeline)
	w.timeline, w.lineIDs = append(w.timeline, a), append(w.lineIDs, id)
	w.moments.timeline = w.timeline
	if a.When != nil {
		w.moments.await(n)
		return nil
	}
	return k.insertLine(uint32(n), a.At)
}

// moveLine makes a line of the timeline happen earlier.
func (k *Walk) moveLine(n int, at time.Duration) error {
	w := k.w
	if n >= len(w.timeline) || !w.clock.queue.remove(func(x item) bool {
		return x.work() == workTimeline && int(x.a()) == n
	}) {
		return fmt.Errorf("line %d of the timeline is not to come", n+1)
	}
	return k.insertLine(uint32(n), at)
}

// insertLine schedules a line: after the lines before it, and before any other work.
func (k *Walk) insertLine(n uint32, at time.Duration) error {
	w := k.w
	due := w.clock.start + reducer.Time(at)
	if due < w.clock.now || due == w.clock.now && k.begun {
		return fmt.Errorf("%v has passed", at)
	}
	w.clock.queue.insert(newItem(due, workTimeline, n, 0), func(x item) bool {
		return x.work() == workTimeline && x.a() < n && w.timeline[x.a()].When == nil
	})
	return nil
}

// insert adds an item after those of its time for which after is true, which are the first ones.
func (q *queue) insert(x item, after func(item) bool) {
	q.add(x)
	all := q.bucket(x.at)
	last := len(all) - 1
	at := slices.IndexFunc(all, func(y item) bool { return y.at == x.at && !after(y) })
	copy(all[at+1:], all[at:last])
	all[at] = x
}

// bucket returns the items of the bucket of a time that are not popped.
func (q *queue) bucket(at reducer.Time) []item { return q.rest(bucketOf(at, q.now)) }

// remove removes the first item that is wanted, and reports whether there was one.
func (q *queue) remove(wanted func(item) bool) bool {
	for i := range q.buckets {
		from := 0
		if i == 0 {
			from = q.popped
		}
		at := slices.IndexFunc(q.buckets[i][from:], wanted)
		if at < 0 {
			continue
		}
		q.buckets[i] = slices.Delete(q.buckets[i], from+at, from+at+1)
		switch {
		case i == 0 && q.popped == len(q.buckets[0]):
			q.buckets[0], q.popped = q.buckets[0][:0], 0
		case i > 0 && len(q.buckets[i]) == 0:
			q.used &^= 1 << (i - 1)
		}
		return true
	}
	return false
}

// Waits reports whether a line that an Edit has added, and whose time has come, still waits for its
// moment, its message or its poll: something else of its instant has kept it from happening.
func (k *Walk) Waits() bool {
	w := k.w
	given := len(w.sc.Timeline)
	for _, n := range w.moments.waiting {
		if int(n) >= given {
			return true
		}
	}
	for _, a := range w.timeline[given:] {
		for n := range w.network.links {
			if slices.Contains(w.network.links[n].armed, a) {
				return true
			}
		}
		for n := range w.driver.armed {
			if slices.Contains(w.driver.armed[n], a) {
				return true
			}
		}
	}
	return false
}
