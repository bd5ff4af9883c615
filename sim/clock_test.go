package sim

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"rollsim/reducer"
)

func TestClock(t *testing.T) {
	c := clock{start: 100, now: 100}
	c.schedule(20, workTick, 1, 0)
	c.schedule(10, workPoll, 2, 0)
	c.schedule(10, workPoll, 3, 0)
	if _, ok := c.pop(); ok {
		t.Error("work of a later instant was popped")
	}
	if c.advance(109) || c.now != 100 {
		t.Errorf("it advanced beyond the end, to %d", c.now)
	}
	if !c.advance(110) || c.now != 110 || c.elapsed() != 10 {
		t.Errorf("it is at %d, after %v", c.now, c.elapsed())
	}
	for _, want := range []uint32{2, 3} {
		if x, ok := c.pop(); !ok || x.a() != want || x.work() != workPoll {
			t.Errorf("popped %+v, %v, want number %d", x, ok, want)
		}
	}
	if _, ok := c.pop(); ok {
		t.Error("work of a later instant was popped")
	}
	if !c.advance(1000) || c.now != 120 {
		t.Errorf("it is at %d", c.now)
	}
	c.pop()
	if c.advance(1000) {
		t.Error("an empty queue advances")
	}
}

func TestQueueIsATotalOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q queue
		var model []item
		pushed := uint32(0)
		first := func() int {
			least := 0
			for i := range model {
				if model[i].at < model[least].at {
					least = i
				}
			}
			return least
		}
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				ahead := rapid.Uint32().Draw(t, "ahead") >> rapid.IntRange(0, 32).Draw(t, "bits")
				pushed++
				at := q.now + reducer.Time(ahead)
				model = append(model, newItem(at, workTick, pushed, 7))
				q.push(at, workTick, pushed, 7)
			},
			"advance": func(t *rapid.T) {
				end := q.now + reducer.Time(rapid.Uint32().Draw(t, "end"))
				want := len(model) > 0 && model[first()].at <= end
				if got := q.advance(end); got != want || got && q.now != model[first()].at {
					t.Fatalf("advance to %d returns %v at %d, of %+v", end, got, q.now, model)
				}
			},
			"pop": func(t *rapid.T) {
				got, ok := q.pop()
				if want := len(model) > 0 && model[first()].at == q.now; ok != want {
					t.Fatalf("pop at %d returns %v, of %+v", q.now, ok, model)
				}
				if !ok {
					return
				}
				if i := first(); got != model[i] {
					t.Fatalf("got %+v, want %+v", got, model[i])
				} else {
					model = slices.Delete(model, i, i+1)
				}
			},
		})
	})
}

// TestItem checks that an item keeps its parts, also the last kind of work and the highest number.
func TestItem(t *testing.T) {
	for _, number := range []uint32{0, 1, maxNumber} {
		for w := workTimeline; w <= workTraffic; w++ {
			x := newItem(3, w, number, 9)
			if x.at != 3 || x.work() != w || x.a() != number || x.b != 9 {
				t.Errorf("work %d of number %d reads as %d of %d", w, number, x.work(), x.a())
			}
		}
	}
}

// TestQueueFreesLargeBuckets checks that the work of many hosts at one instant occupies no memory
// once it is done.
func TestQueueFreesLargeBuckets(t *testing.T) {
	var q queue
	for range 100_000 {
		q.push(5, workTick, 0, 0)
	}
	q.advance(5)
	for _, ok := q.pop(); ok; _, ok = q.pop() {
	}
	for i := range q.buckets {
		if n := cap(q.buckets[i]); n > 0 {
			t.Errorf("bucket %d occupies %d items", i, n)
		}
	}
}
