package controlplane

import (
	"math/rand/v2"
	"strings"
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
		if got := c.(Idler).IdleUntil([]reducer.ChannelRef{"r1"}); got != want {
			t.Errorf("%s: idle until %d, want %d", what, got, want)
		}
	}
	idle("before the first plan", 0)
	drive(t, c, log, []input{plan(second)})
	idle("after a plan that dispatched, until it is sent again", 61*second)
	sent(log)
	drive(t, c, log, []input{plan(61*second - 1)})
	same(t, "sent again before", sent(log))
	drive(t, c, log, []input{plan(61 * second)})
	same(t, "sent again then", sent(log), 0, 1, 2, 3)
	idle("until they are sent once more", 121*second)
	if got := c.(Idler).IdleUntil([]reducer.ChannelRef{"r2"}); got != 61*second {
		t.Errorf("idle until %d with a ref that was not seen, want the last plan", got)
	}

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

// TestNotSettled checks that what changes a decision of the next plan, and wakes no driver, is not
// skipped: a second budget that a dispatch exhausts, and a ref that had a rollout before.
func TestNotSettled(t *testing.T) {
	conf := oneWave()
	conf.Budgets = []Budget{
		{Name: "late", Hosts: []string{"[cd]"}, MaxInFlight: 1},
		{Name: "early", Hosts: []string{"[bc]"}, MaxInFlight: 1},
	}
	c, log := start(t, Specified, conf)
	for i, want := range []string{"'early'", "'late'"} {
		drive(t, c, log, []input{plan(reducer.Time(i) * second)})
		if got := reasons(log); !strings.Contains(got, want) || strings.Contains(got, "\n") {
			t.Errorf("plan %d logs %q, want a decision about the budget %s", i, got, want)
		}
	}
	drive(t, c, log, []input{plan(2 * second)})
	same(t, "blocked again for the same reason", gates(log))

	conf = twoChannels()
	conf.Channels[0].Waves = []Wave{{Hosts: []reducer.HostID{"a", "b", "c", "d"}}}
	conf.Channels[0].HostEdges, conf.Budgets = nil, nil
	c, log = start(t, Specified, conf)
	drive(t, c, log, []input{plan(0)})
	for host := range uint32(4) {
		drive(t, c, log, converge(second, host, "stable@r1"))
	}
	drive(t, c, log, []input{plan(5 * second), poll(6*second, 0, "r2"), poll(6*second, 1, "z1")})
	drive(t, c, log, []input{plan(6 * second), plan(7 * second), plan(8 * second)})
	sent(log)
	same(t, "the last decision", gates(log), "x channel-edges", "y channel-edges")
	drive(t, c, log, []input{poll(9*second, 0, "r1")})
	if c.PlanNeeded() {
		t.Error("a ref that had a rollout before needs a plan at once")
	}
	drive(t, c, log, []input{plan(10 * second)})
	same(t, "dispatched once the channel is back at a ref that is Terminal", sent(log), 4, 5)
}

// reasons returns the reasons of the gate decisions since the last call, a line each.
func reasons(l *Log) string {
	var found []string
	for _, e := range l.Entries {
		if e.Gate != nil {
			found = append(found, e.Gate.Reason)
		}
	}
	l.Entries = nil
	return strings.Join(found, "\n")
}
