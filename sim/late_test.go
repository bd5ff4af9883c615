package sim

import (
	"fmt"
	"testing"
	"time"

	"rollsim/controlplane"
	"rollsim/internal/hash64"
	"rollsim/reducer"
	"rollsim/trace"
)

// TestLateCopies doubles a message that is sent at 22s. The control plane is down from 20s to 320s,
// and the agent sends the message again at 332s. The hash may leave the copy out only if the run
// then ends as the one without it.
func TestLateCopies(t *testing.T) {
	crash := func(at, length time.Duration) Action {
		return Action{At: at, Fault: &FaultNow{Kind: ControlPlaneCrash, For: length}}
	}
	down := crash(20*time.Second, 5*time.Minute)
	lost := fault(325*time.Second, MessageDropped, "a", 0)
	offline := fault(22500*time.Millisecond, HostOffline, "a", 10*time.Minute)
	leaves := func(at time.Duration) Action {
		return Action{At: at, Order: &Order{Kind: controlplane.RemoveHost, Host: "a"}}
	}
	waits := lost
	waits.When = &Moment{Rollout: "stable@a1", State: reducer.Failed}
	for _, c := range []struct {
		name  string
		after time.Duration // the copy arrives
		noisy bool          // faults may still come
		lines []Action
		equal bool // the hashes are
		alike bool // the ends are
	}{
		{"at once", 500 * time.Millisecond, true, []Action{down}, true, true},
		{"before the restart", 298*time.Second - tick, true, []Action{down}, true, true},
		{"at the restart", 298 * time.Second, false, []Action{down}, false, false},
		{"before it is sent again", 310*time.Second - tick, false, []Action{down}, false, false},
		{"when it is sent again", 310 * time.Second, false, []Action{down}, false, true},
		{"after that", 310*time.Second + tick, false, []Action{down}, true, true},
		{"after that, with faults to come", 310*time.Second + tick, true, []Action{down}, false, true},
		{"with a loss to come", 325 * time.Second, false, []Action{down, lost}, false, false},
		{"while the host is offline", 325 * time.Second, false, []Action{down, offline}, false, false},
		{"with a loss that waits for a message", 20 * time.Second, false, []Action{
			crash(2500*time.Millisecond, 20*time.Second),
			fault(23*time.Second, MessageDropped, "a", 0),
		}, false, false},
		{"with a loss that waits for a state", 325 * time.Second, false, []Action{down, waits},
			false, true},
		{"of a host that leaves", 325 * time.Second, false, []Action{down, leaves(326 * time.Second)},
			false, false},
		{"of a host that leaves at the restart", 325 * time.Second, false, []Action{
			down, leaves(23 * time.Second),
		}, false, false},
		// It is sent again right before the restart, and after that at 62s.
		{"after the restart", 20 * time.Second, false, []Action{
			crash(2500*time.Millisecond, 29500*time.Millisecond),
		}, false, false},
		{"while the control plane is up", time.Minute, false, nil, true, true},
	} {
		var states [2]uint64
		var ends [2]string
		for i := range states {
			sc := faulty(t)
			sc.Channels[0].Waves = []Wave{{Hosts: []reducer.HostID{"a"}, Soak: time.Hour}}
			sc.Behaviour.Ack = constant(t, 2*time.Second)
			sc.Behaviour.Activation = constant(t, 20*time.Second)
			sc.Timeline = append(sc.Timeline[:1:1], c.lines...)
			if i == 1 {
				sc.Timeline = append(sc.Timeline, Action{At: 21 * time.Second, Fault: &FaultNow{
					Kind: MessageDuplicated, Host: "a", Message: reducer.ActivationCompleted, For: c.after,
				}})
			}
			states[i], ends[i] = lateCopy(t, sc, !c.noisy)
		}
		equal, alike := states[0] == states[1], ends[0] == ends[1]
		if equal != c.equal || alike != c.alike {
			t.Errorf("%s: equal hashes %v, want %v; equal ends %v, want %v",
				c.name, equal, c.equal, alike, c.alike)
		}
	}
}

// lateCopy returns the hash of a run after 23s, and what it writes from then on.
func lateCopy(t *testing.T, sc *Scenario, calm bool) (state uint64, end string) {
	t.Helper()
	var wrote trace.Collector
	k, err := NewWalk(sc, Options{Machine: reducer.RFC0008(), Sink: &wrote})
	if err != nil {
		t.Fatal(err)
	}
	if calm {
		k.Calm()
	}
	for k.Next() && k.Elapsed() < 23*time.Second {
	}
	state = k.Hash()
	from := len(wrote.Entries)
	for k.Next() {
	}
	for _, e := range facts(wrote.Entries[from:]) {
		end += fmt.Sprintln(e.At, e.Kind, e.Agent, e.Event)
	}
	return state, end
}

// TestHashOfAcks checks that what a host runs when it acks a dispatch is part of a state only where
// hosts roll back, and what it has activated everywhere.
func TestHashOfAcks(t *testing.T) {
	for kind, want := range map[reducer.AgentEventKind][2]bool{ // under halt, and under rollback
		reducer.DispatchAck: {false, true}, reducer.ActivationCompleted: {true, true},
	} {
		for i, policy := range []reducer.HealthPolicy{reducer.Halt, reducer.RollbackAndHalt} {
			var sums [2]hash64.Sum
			for k, closure := range []reducer.ClosureHash{"a1", initialClosure} {
				m := message{event: trace.AgentEvent{Kind: kind, Closure: closure}}
				new(world).hashMessage(&sums[k], &m, &agent{profile: &profile{policy: policy}})
			}
			if differ := sums[0] != sums[1]; differ != want[i] {
				t.Errorf("%v under %v: the hashes differ: %v", kind, policy, differ)
			}
		}
	}
}
