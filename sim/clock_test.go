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
		if x, ok := c.pop(); !ok || x.a != want || x.work() != workPoll {
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
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				at := reducer.Time(rapid.IntRange(0, 5).Draw(t, "at"))
				model = append(model, item{at: at, order: q.inserted<<8 | uint64(workTick)})
				q.push(at, workTick, 0, 0)
			},
			"pop": func(t *rapid.T) {
				if len(model) == 0 {
					t.Skip("empty")
				}
				slices.SortFunc(model, func(a, b item) int {
					if a.before(&b) {
						return -1
					}
					return 1
				})
				if at, ok := q.next(); !ok || at != model[0].at {
					t.Fatalf("next is %v, %v; want %v", at, ok, model[0].at)
				}
				if got := q.pop(); got != model[0] {
					t.Fatalf("got %+v, want %+v", got, model[0])
				}
				model = model[1:]
			},
		})
	})
}
