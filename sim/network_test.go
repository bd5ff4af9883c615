package sim

import (
	"slices"
	"testing"
	"time"

	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// wire is a network with links that records what arrives, and acknowledges it while ack is set.
type wire struct {
	network
	arrived []uint64
	ack     bool
}

func newWire(t *testing.T, faults ...Fault) *wire {
	t.Helper()
	c := &clock{}
	w := &wire{ack: true}
	w.network = network{
		clock: c, chance: &chance{clock: c}, inv: threeHosts(t),
		record:   &recorder{clock: c, check: invariant.NewChecker(nil, &trace.Header{})},
		rollouts: &rollouts{list: []rollout{{id: "stable@r1"}}},
		deliver: func(_, _ uint32, m *trace.AgentEvent) bool {
			w.arrived = append(w.arrived, m.Seq)
			return w.ack
		},
	}
	for i := range faults {
		if err := w.chance.add(&faults[i], w.inv); err != nil {
			t.Fatal(err)
		}
	}
	w.connect()
	return w
}

// deliverAll does the scheduled work, up to and including one round of repetitions.
func (w *wire) deliverAll() {
	for w.clock.advance(w.clock.now + reducer.Time(resendInterval)) {
		for x, ok := w.clock.pop(); ok; x, ok = w.clock.pop() {
			switch x.work() {
			case workArrive:
				w.land(x.a(), x.b)
			case workResend:
				w.resend(x.a())
				return
			case workOnline:
				w.reconnect(x.a())
			}
		}
	}
}

func (w *wire) expect(t *testing.T, what string, want ...uint64) {
	t.Helper()
	if !slices.Equal(w.arrived, want) {
		t.Errorf("%s: %v arrived, want %v", what, w.arrived, want)
	}
	w.arrived = nil
}

func say(seq uint64) trace.AgentEvent { return trace.AgentEvent{Seq: seq} }

func TestOutbox(t *testing.T) {
	t.Run("acknowledged", func(t *testing.T) {
		w := newWire(t)
		w.send(0, 0, say(1))
		w.expect(t, "at once", 1)
		w.deliverAll()
		w.expect(t, "later")
	})
	t.Run("not acknowledged", func(t *testing.T) {
		w := newWire(t)
		w.ack = false
		w.send(0, 0, say(1))
		w.send(0, 0, say(2))
		w.expect(t, "at once", 1, 2)
		w.deliverAll()
		w.expect(t, "again", 1, 2)
		w.ack = true
		w.deliverAll()
		w.expect(t, "again", 1, 2)
		w.deliverAll()
		w.expect(t, "once acknowledged")
	})
	t.Run("offline", func(t *testing.T) {
		w := newWire(t)
		w.disconnect(0, time.Second)
		w.send(0, 0, say(1))
		w.expect(t, "while offline")
		w.deliverAll()
		w.expect(t, "once back", 1)
	})
	t.Run("lost", func(t *testing.T) {
		w := newWire(t)
		w.ack = false
		w.send(0, 0, say(1))
		w.cut(0)
		w.send(0, 0, say(2))
		w.expect(t, "before", 1)
		w.deliverAll()
		w.expect(t, "afterwards")
		if !w.lost(0) || w.lost(1) {
			t.Error("lost must be host a, and no other")
		}
	})
}

func TestMessageFaults(t *testing.T) {
	const later = 5 * time.Second
	t.Run("dropped", func(t *testing.T) {
		w := newWire(t, Fault{Kind: MessageDropped, Probability: Certain, Until: time.Second})
		w.send(0, 0, say(1))
		w.expect(t, "at once")
		w.deliverAll()
		w.expect(t, "again", 1)
	})
	t.Run("delayed", func(t *testing.T) {
		w := newWire(t, Fault{Kind: MessageDelayed, Probability: Certain, For: constant(t, later)})
		w.send(0, 0, say(1))
		w.expect(t, "at once")
		w.clock.advance(reducer.Time(later))
		x, ok := w.clock.pop()
		if !ok || x.work() != workArrive {
			t.Fatalf("not under way: %+v", x)
		}
		w.land(x.a(), x.b)
		w.expect(t, "later", 1)
		w.send(0, 0, say(2))
		if len(w.flights) != 1 {
			t.Errorf("%d places for messages under way, want 1", len(w.flights))
		}
	})
	t.Run("duplicated", func(t *testing.T) {
		w := newWire(t, Fault{Kind: MessageDuplicated, Probability: Certain, For: constant(t, later)})
		w.send(0, 0, say(1))
		w.expect(t, "at once", 1)
		w.deliverAll()
		w.expect(t, "once more", 1)
	})
	t.Run("reordered", func(t *testing.T) {
		w := newWire(t, Fault{Kind: MessageReordered, Probability: Certain, Until: time.Second})
		w.send(0, 0, say(1))
		w.expect(t, "at once")
		w.clock.now = reducer.Time(time.Second)
		w.send(0, 0, say(2))
		w.expect(t, "with the next", 2, 1)
	})
	t.Run("reordered and repeated", func(t *testing.T) {
		w := newWire(t, Fault{Kind: MessageReordered, Probability: Certain, Until: time.Second})
		w.send(0, 0, say(1))
		w.expect(t, "at once")
		w.deliverAll()
		w.expect(t, "again", 1)
		w.send(0, 0, say(2))
		w.expect(t, "with the next", 2) // the held copy of 1 is gone
	})
	t.Run("reordered while offline", func(t *testing.T) {
		w := newWire(t, Fault{Kind: MessageReordered, Probability: Certain, Until: time.Second})
		w.send(0, 0, say(1))
		w.clock.now = reducer.Time(time.Second)
		w.disconnect(0, time.Second)
		w.reconnect(0)
		w.expect(t, "once back", 1)
		w.send(0, 0, say(2))
		w.expect(t, "with the next", 2)
	})
}

func TestSkew(t *testing.T) {
	w := newWire(t, Fault{
		Kind: ClockSkew, Probability: Certain, For: constant(t, time.Minute), Hosts: []string{"b"},
		From: time.Hour,
	})
	w.links[2].skew = -time.Second // of the timeline
	show := func(host uint32) time.Duration { return time.Duration(w.time(host) - w.clock.now) }
	if a, b, c := show(0), show(1), show(2); a != 0 || b != 0 || c != -time.Second {
		t.Errorf("before the window the clocks are off by %v, %v and %v", a, b, c)
	}
	w.clock.now = reducer.Time(time.Hour)
	if a, b := show(0), show(1); a != 0 || b != time.Minute && b != -time.Minute {
		t.Errorf("within the window the clocks are off by %v and %v", a, b)
	}
	show(1)
	if w.record.seq != 1 {
		t.Errorf("the skew is logged %d times", w.record.seq)
	}
}
