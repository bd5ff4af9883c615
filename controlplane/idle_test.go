package controlplane

import (
	"math/rand/v2"
	"testing"
	"time"

	"rollsim/reducer"
)

// TestWindowNext checks that a window does not open or shut before next, and that next is within a
// day.
func TestWindowNext(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		w := Window{
			From: time.Duration(random.IntN(24*60)) * time.Minute,
			For:  time.Duration(1+random.IntN(24*60)) * time.Minute,
		}
		if random.IntN(2) == 0 {
			w.Days = []time.Weekday{time.Weekday(random.IntN(7))}
		}
		after := reducer.Time(random.Int64N(int64(60*day)) / int64(time.Minute) * int64(time.Minute))
		next := w.next(after)
		if next <= after || next > after+reducer.Time(day) {
			t.Fatalf("%+v: next after %d is %d, want later, and at most a day", w, after, next)
		}
		open := Open([]Window{w}, after)
		for at := after; at < next; at += reducer.Time(time.Minute) {
			if Open([]Window{w}, at) != open {
				t.Fatalf("%+v: it opens or shuts at %d, before the next instant %d", w, at, next)
			}
		}
		if len(w.Days) == 0 && w.For < day && Open([]Window{w}, next) == open {
			t.Fatalf("%+v: it neither opens nor shuts at the next instant %d", w, next)
		}
	}
}

// TestIdleUntil checks when the next plan may have an effect: after an input at once, with a
// dispatch without an ack when it is sent again, and with one that is held back not by itself.
func TestIdleUntil(t *testing.T) {
	c, log := start(t, Specified, oneWave())
	idle := func(what string, want reducer.Time) {
		t.Helper()
		if got := c.(Idler).IdleUntil(); got != want {
			t.Errorf("%s: idle until %d, want %d", what, got, want)
		}
	}
	idle("before the first plan", 0)
	drive(t, c, log, []input{plan(second)})
	idle("after a plan that dispatched", second)
	drive(t, c, log, []input{plan(2 * second)})
	idle("until the dispatches are sent again", 61*second)
	sent(log)
	drive(t, c, log, []input{plan(61*second - 1)})
	same(t, "sent again before", sent(log))
	drive(t, c, log, []input{plan(61 * second)})
	same(t, "sent again then", sent(log), 0, 1, 2, 3)

	drive(t, c, log, []input{func(c ControlPlane, out Output) error {
		return c.Operate(62*second, Order{Kind: PauseDispatch}, out)
	}})
	idle("after an order", 61*second)
	for _, at := range []reducer.Time{62, 121, 136, 151} {
		drive(t, c, log, []input{plan(at * second)})
	}
	same(t, "sent while dispatching is paused", sent(log))
	idle("while every dispatch is held back", forever)
	drive(t, c, log, []input{func(c ControlPlane, out Output) error {
		return c.Operate(152*second, Order{Kind: ResumeDispatch}, out)
	}, plan(153 * second)})
	same(t, "sent when dispatching resumes", sent(log), 0, 1, 2, 3)
}
