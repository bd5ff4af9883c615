package sim

import (
	"slices"
	"testing"
	"time"

	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// crew is the agents of hosts a, b and c, without links, and the messages that they have sent.
type crew struct {
	agents
	sent []reducer.AgentEventKind
}

// newCrew returns agents that know two rollouts. Each switch takes a minute, and a failure rolls
// back.
func newCrew(t *testing.T, fates ...Fate) *crew {
	t.Helper()
	c := &clock{}
	w := &crew{}
	r := &rollouts{}
	r.open("stable@r1", "r1")
	r.open("stable@r2", "r2")
	w.agents = agents{
		inv: threeHosts(t), clock: c, chance: &chance{clock: c}, rollouts: r,
		record: &recorder{clock: c, check: invariant.NewChecker(nil, &trace.Header{})},
		network: &network{clock: c, deliver: func(_, _ uint32, m *trace.AgentEvent) bool {
			w.sent = append(w.sent, m.Kind)
			return true
		}},
	}
	p := &profile{policy: reducer.RollbackAndHalt, fates: fates}
	p.Activation = constant(t, time.Minute)
	for _, id := range []reducer.HostID{"a", "b", "c"} {
		w.add(id, p)
	}
	return w
}

// work does the scheduled work until an instant.
func (c *crew) work(end time.Duration) {
	for c.clock.advance(reducer.Time(end)) {
		for x, ok := c.clock.pop(); ok; x, ok = c.clock.pop() {
			if x.work() == workDispatched {
				c.receive(x.a(), x.b)
			} else {
				c.step(x.a(), x.b, x.work())
			}
		}
	}
}

func TestAgents(t *testing.T) {
	const due = 10 * time.Minute
	begun := []reducer.AgentEventKind{reducer.DispatchAck, reducer.ActivationStarted}
	for name, tt := range map[string]struct {
		fates   []Fate
		want    []reducer.AgentEventKind
		running uint32
		phase   phase
	}{
		"converges": {
			nil, []reducer.AgentEventKind{
				reducer.ActivationCompleted, reducer.ProbeTopologyDeclared, reducer.ProbeResult,
				reducer.ProbesPassed,
			}, 0, idle,
		},
		"rolls back": {
			[]Fate{{Kind: FailsActivation}},
			[]reducer.AgentEventKind{reducer.ActivationFailed, reducer.RollbackComplete},
			noRollout, idle,
		},
		"never rolls back": {
			[]Fate{{Kind: FailsActivation}, {Kind: NeverRollsBack}},
			[]reducer.AgentEventKind{reducer.ActivationFailed}, noRollout, failed,
		},
	} {
		c := newCrew(t, tt.fates...)
		c.dispatch(1, 0, reducer.Time(due))
		c.work(due)
		if want := append(slices.Clone(begun), tt.want...); !slices.Equal(c.sent, want) {
			t.Errorf("%s: sent %v, want %v", name, c.sent, want)
		}
		if a := c.list[1]; a.running != tt.running || a.phase != tt.phase {
			t.Errorf("%s: runs %d in phase %d", name, a.running, a.phase)
		}
	}

	c := newCrew(t, Fate{Kind: NeverAnswers})
	c.dispatch(1, 0, 0)
	if c.work(due); len(c.sent) > 0 || c.list[1].working != noRollout {
		t.Errorf("an agent that never answers sent %v", c.sent)
	}
}

// TestNewerDispatch checks that a newer dispatch waits for the switch, and that an older one and
// work of an earlier epoch have no effect.
func TestNewerDispatch(t *testing.T) {
	c := newCrew(t)
	c.dispatch(0, 0, 0)
	c.work(30 * time.Second)
	c.dispatch(0, 1, 0)
	c.work(59 * time.Second)
	if a := c.list[0]; a.working != 0 || a.waiting != 1 {
		t.Errorf("during the switch the agent works for %d, and %d waits", a.working, a.waiting)
	}
	c.work(time.Hour)
	if a := c.list[0]; a.running != 1 || a.before != 0 || a.phase != idle {
		t.Errorf("the agent runs %d after %d, phase %d", a.running, a.before, a.phase)
	}
	sent := len(c.sent)
	c.receive(0, 0)
	c.receive(0, 1)
	c.step(0, c.list[0].epoch-1, workConverged)
	if len(c.sent) != sent {
		t.Errorf("an old dispatch or old work sent %v", c.sent[sent:])
	}
}
