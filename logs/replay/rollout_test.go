package replay

import (
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// TestMember: a host that has not joined, or that was freed, is not known.
func TestMember(t *testing.T) {
	f := newFixture(t)
	r := f.open("edge@a1", "e1", "e2")
	if m, slot := r.member("e2"); m != &r.members[1] || slot != 1 {
		t.Errorf("e2 is member %v in slot %d", m, slot)
	}
	if r.summary.Waves != 2 || r.latest != 2 {
		t.Errorf("%d waves, %d hosts have joined no later rollout", r.summary.Waves, r.latest)
	}
	if m, _ := r.member("e9"); m != nil {
		t.Error("e9 has not joined")
	}
	if m, _ := new(rollout).member("e1"); m != nil {
		t.Error("a rollout that was never opened has no host")
	}
	f.apply(reducer.Event{Kind: reducer.SuccessorOpened, Rollout: r.id, Successor: "edge@b2"})
	r.free()
	if m, _ := r.member("e1"); m != nil || r.work != nil {
		t.Error("the hosts were not freed")
	}
}

// TestIsDone: a rollout is done when its hosts have moved on and the log has recorded all moves.
func TestIsDone(t *testing.T) {
	for name, c := range map[string]struct {
		r    rollout
		want bool
	}{
		"done":            {rollout{members: []member{{}}}, true},
		"live":            {rollout{members: []member{{}}, live: 1}, false},
		"latest":          {rollout{members: []member{{}}, latest: 1}, false},
		"effect to come":  {rollout{members: []member{{}, {needEffect: true}}}, false},
		"move to come":    {rollout{members: []member{{needMove: true}}}, false},
		"without members": {rollout{}, true},
	} {
		if got := c.r.isDone(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestDispatches: a host is unacknowledged from its dispatch until a gate blocks it.
func TestDispatches(t *testing.T) {
	var m member
	if m.isUnacked() {
		t.Error("it was never dispatched")
	}
	plan := &trace.PlanAction{Closure: "c1", SoakDueAt: 9}
	m.dispatch(plan, 1, 1)
	m.dispatch(plan, 2, 2)
	if !m.isUnacked() || m.dispatched != 1 || m.dispatches != 2 || m.closure != "c1" ||
		m.soakDue != 9 {
		t.Errorf("%+v", m)
	}
	blocked := &trace.Entry{Seq: 3, At: 3, Gate: &trace.GateDecision{Gate: "g", Reason: "r"}}
	m.gate.record(blocked)
	if m.isUnacked() {
		t.Error("a gate has blocked it since")
	}
	m.dispatch(plan, 4, 4)
	if m.dispatched != 4 || m.gate.count != 0 {
		t.Errorf("dispatched again: %+v", m)
	}
}

// TestGate: the decisions with one reason are counted, another reason starts again.
func TestGate(t *testing.T) {
	var g gate
	for seq, reason := range []string{"a", "a", "b", "b", "b"} {
		g.record(&trace.Entry{Seq: uint64(seq), Gate: &trace.GateDecision{Gate: "g", Reason: reason}})
	}
	want := gate{name: "g", reason: "b", first: Where{Seq: 2}, last: Where{Seq: 4}, count: 3}
	if g != want {
		t.Errorf("%+v, want %+v", g, want)
	}
}

// TestHear: what an agent said last is kept until it is no longer true.
func TestHear(t *testing.T) {
	var m member
	for _, c := range []struct {
		event trace.AgentEvent
		want  string
	}{
		{trace.AgentEvent{Kind: reducer.ProbeResult, Message: "503"}, "503"},
		{trace.AgentEvent{Kind: reducer.ProbeResult}, "503"},
		{trace.AgentEvent{Kind: reducer.ProbeResult, Passed: true}, ""},
		{trace.AgentEvent{Kind: reducer.ActivationDeferred, Component: "kernel"}, "kernel"},
		{trace.AgentEvent{Kind: reducer.ActivationStarted}, "kernel"},
		{trace.AgentEvent{Kind: reducer.ActivationCompleted}, ""},
	} {
		if m.hear(&c.event); m.message != c.want {
			t.Errorf("after %v: %q, want %q", c.event.Kind, m.message, c.want)
		}
	}
}

// TestFollow: a state is recorded once; a confirmed one corrects its time.
func TestFollow(t *testing.T) {
	s := Summary{States: []StateChange{{State: reducer.Opening, At: 1}}}
	rec := &reducer.Record{State: reducer.Active}
	s.follow(rec, 2, false)
	s.follow(rec, 3, false)
	if len(s.States) != 2 || s.States[1].At != 2 {
		t.Errorf("%v", s.States)
	}
	s.follow(rec, 4, true)
	if len(s.States) != 2 || s.States[1].At != 4 {
		t.Errorf("confirmed: %v", s.States)
	}
	for i := range 2 * maxStates {
		s.follow(
			&reducer.Record{State: []reducer.State{reducer.Converging, reducer.Active}[i%2]}, 5, false,
		)
	}
	if len(s.States) != maxStates {
		t.Errorf("%d states are kept", len(s.States))
	}
}

func TestListCounts(t *testing.T) {
	counts := map[string]uint64{"a": 1, "b\n": 2, "c": 3, "d": 4, "e": 5, "f": 6, "g": 7}
	if got := listCounts([]string{"a", "b\n"}, counts); got != "a (1), b  (2)" {
		t.Errorf("%q", got)
	}
	got := listCounts(sortedKeys(counts), counts)
	if got != "a (1), b  (2), c (3), d (4), e (5) and 2 more" {
		t.Errorf("%q", got)
	}
}

// TestReach moves hosts of three waves: the cursor waits for the hosts of its own wave, and not
// again for one of an earlier wave that was Deferred.
func TestReach(t *testing.T) {
	f := newFixture(t)
	r := f.open("edge@a1", "e0", "e1", "e2")
	const (
		pending    = reducer.HostPending
		activating = reducer.HostActivating
		deferred   = reducer.HostDeferred
		soaking    = reducer.HostSoaking
		converged  = reducer.HostConverged
	)
	for _, step := range []struct {
		host   reducer.HostID
		states []reducer.HostState
		want   uint32
	}{
		{"e0", []reducer.HostState{pending, activating}, 0},
		{"e1", []reducer.HostState{pending, activating}, 0},
		{"e0", []reducer.HostState{activating, deferred}, 1},
		{"e0", []reducer.HostState{deferred, soaking}, 1},
		{"e1", []reducer.HostState{activating, soaking}, 1},
		{"e1", []reducer.HostState{soaking, converged}, 2},
		{"e2", []reducer.HostState{pending, activating, soaking, converged}, 2}, // the last wave
	} {
		f.move(r, step.host, step.states...)
		r.summary.Waves = 3
		if got := r.reach(); got != step.want {
			t.Errorf("%s is %v: the cursor can be at wave %d, want %d", step.host,
				step.states[len(step.states)-1], got, step.want)
		}
	}
}
