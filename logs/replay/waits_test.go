package replay

import (
	"slices"
	"strings"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

func TestIsNamed(t *testing.T) {
	for _, c := range []struct {
		text, name string
		want       bool
	}{
		{"waits for host e1", "e1", true},
		{"e1", "e1", true},
		{"'e1' is missing", "e1", true},
		{"waits for e11, e1", "e1", true},
		{"waits for e11", "e1", false},
		{"waits for web-e1", "e1", false},
		{"waits for e1.example", "e1", false},
		{"waits for e1é", "e1", false},
		{"waits for web-e1, e11 and e1", "e1", true},
		{"waits for e1.e1.e1", "e1", false},
		{"e1x e1", "e1", true},
		{"e1 e1x", "e1", true},
		{"xe1", "e1", false},
		{"", "e1", false},
		{"waits", "", false},
	} {
		if got := isNamed(c.text, c.name); got != c.want {
			t.Errorf("%q names %q: %v", c.text, c.name, got)
		}
	}
}

// finder is a waitFinder of the fixture.
func finder(f *fixture) *waitFinder {
	p := newPolicies(&f.notes)
	return &waitFinder{
		cursor: &f.cursor, rollouts: &f.rollouts, channels: make(channels), policies: &p,
	}
}

// TestHostWaits: what a host waits for in each state, and whether it may continue by itself.
func TestHostWaits(t *testing.T) {
	const (
		pending    = reducer.HostPending
		activating = reducer.HostActivating
		soaking    = reducer.HostSoaking
		failed     = reducer.HostFailed
	)
	rollback := func(w *waitFinder, _ *member) {
		w.policies.known["edge"] = reducer.Policy{OnHealthFailure: reducer.RollbackAndHalt}
	}
	for _, c := range []struct {
		name   string
		states []reducer.HostState
		change func(*waitFinder, *member)
		want   string
		moves  bool
	}{
		{"not dispatched", nil, nil, "Pending: not dispatched", true},
		{"dispatched", nil, func(_ *waitFinder, m *member) { m.dispatches = 1 },
			"Pending: dispatched, not acked", true},
		{"dispatched twice", nil, func(_ *waitFinder, m *member) { m.dispatches = 2 },
			"Pending: dispatched 2 times, not acked", true},
		{"quarantined", nil, func(_ *waitFinder, m *member) {
			m.gate = gate{name: trace.GateQuarantine, count: 1}
		}, "Pending: blocked by quarantine", false},
		{"over the budget", nil, func(_ *waitFinder, m *member) {
			m.gate = gate{name: trace.GateDisruptionBudget, count: 1}
		}, "Pending: blocked by disruption-budget", true},
		{"an unknown gate", nil, func(_ *waitFinder, m *member) {
			m.gate = gate{name: "moon", count: 1}
		}, "Pending: blocked by moon", true},
		{"switching", []reducer.HostState{pending, activating}, nil,
			"Activating: the switch has not completed", true},
		{"deferred", []reducer.HostState{pending, activating, reducer.HostDeferred},
			func(_ *waitFinder, m *member) { m.message = "kernel" },
			"Deferred: it waits for a reboot, for kernel", false},
		{"soaking", []reducer.HostState{pending, activating, soaking}, nil,
			"Soaking: the soak has not ended", true},
		{"failed under halt", []reducer.HostState{pending, activating, failed}, nil,
			"Failed: nothing undoes that under halt", false},
		{"failed, to be rolled back", []reducer.HostState{pending, activating, failed}, rollback,
			"Failed: it waits for its rollback", true},
		{"converged", []reducer.HostState{pending, activating, soaking, reducer.HostConverged}, nil, "",
			false},
	} {
		f := newFixture(t)
		w := finder(f)
		r := f.open("edge@a1", "e1", "e2")
		f.move(r, "e1", c.states...)
		if c.change != nil {
			c.change(w, &r.members[0])
		}
		if got := w.host(r, 0); got.what != c.want || got.moves != c.moves {
			t.Errorf("%s: %q, moves %v", c.name, got.what, got.moves)
		}
	}
}

// TestSoaking: a soak that is due waits for the agent, one with a failing probe for that.
func TestSoaking(t *testing.T) {
	f := newFixture(t)
	w := finder(f)
	f.cursor.end.at = start
	for want, m := range map[string]member{
		"the soak is due at 2026-05-16T01:00:01Z":       {soakDue: start + second},
		"its agent has not said that its probes pass":   {soakDue: start},
		"its probes fail: 503 on two lines":             {soakDue: start, message: "503 on\ntwo lines"},
		"the soak was due at 2026-05-16T00:59:59Z, and": {soakDue: start - second},
	} {
		if got := w.soaking(&m); !strings.Contains(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestFirstWave: hosts of the first unfinished wave below another one are waited for, no others.
func TestFirstWave(t *testing.T) {
	f := newFixture(t)
	r := f.open("edge@a1", "e0", "e1", "e2", "e3")
	if got := firstWave(r, 3); !slices.Equal(got, []int{0}) {
		t.Errorf("wave 3 waits for %v", got)
	}
	f.move(r, "e0", reducer.HostPending, reducer.HostActivating, reducer.HostDeferred)
	if got := firstWave(r, 3); !slices.Equal(got, []int{1}) {
		t.Errorf("wave 3 waits for %v, with wave 0 deferred", got)
	}
	if got := firstWave(r, 1); got != nil {
		t.Errorf("wave 1 waits for %v, with wave 0 deferred", got)
	}
	if got := firstWave(r, 0); got != nil {
		t.Errorf("wave 0 waits for %v", got)
	}
}

// TestStuck: rollouts that wait for each other are stuck. One that waits for a third that may
// continue is not.
func TestStuck(t *testing.T) {
	f := newFixture(t)
	w := finder(f)
	block := func(r *rollout, channel string) {
		r.members[0].gate = gate{name: trace.GateChannelEdges, reason: "waits for " + channel, count: 1}
	}
	edge, stable := f.open("edge@a1", "e1"), f.open("stable@b1", "s1")
	for _, r := range []*rollout{edge, stable} {
		c := w.channels.get(r.fold.Record.Channel)
		c.open(r)
		c.point(r.fold.Record.TargetRef, place{})
	}
	block(edge, "stable")
	what, stuck := w.rollout(edge)
	if stuck || what != "e1 Pending: blocked by channel-edges: rollout stable@b1 is Active" {
		t.Errorf("behind a rollout that may continue: %v, %s", stuck, what)
	}
	block(stable, "edge")
	if _, stuck := w.rollout(edge); !stuck {
		t.Error("rollouts that wait for each other are not stuck")
	}
	// gamma waits for the circle, and is not part of it
	gamma := f.open("gamma@d1", "g1")
	block(gamma, "edge")
	if _, stuck := w.rollout(gamma); !stuck {
		t.Error("a rollout that waits for a circle is not stuck")
	}
	// a circle of three, until one of it may continue
	c := w.channels.get("gamma")
	c.open(gamma)
	c.point("d1", place{})
	block(stable, "gamma")
	for _, r := range []*rollout{edge, stable, gamma} {
		if _, stuck := w.rollout(r); !stuck {
			t.Errorf("%s is not stuck in a circle of three", r.id)
		}
	}
	gamma.members[0].gate.count = 0
	for _, r := range []*rollout{edge, stable, gamma} {
		if _, stuck := w.rollout(r); stuck {
			t.Errorf("%s is stuck although gamma may continue", r.id)
		}
	}
	if what, stuck := w.rollout(f.open("beta@c1")); stuck || what != "no host has joined" {
		t.Errorf("without hosts: %v, %s", stuck, what)
	}
}

// TestAwaitedChannel: the rollout of the ref that the channel points at is waited for.
func TestAwaitedChannel(t *testing.T) {
	f := newFixture(t)
	w := finder(f)
	r := f.open("edge@a1", "e1")
	r.members[0].gate = gate{name: trace.GateChannelEdges, reason: "waits for stable", count: 1}
	want := func(then string, moves bool) {
		t.Helper()
		if got := w.host(r, 0); got.then != then || got.moves != moves {
			t.Errorf("%q, moves %v; want %q, %v", got.then, got.moves, then, moves)
		}
	}
	want("the log has no entry of the channel that it waits for", true)
	c := w.channels.get("stable")
	want("channel stable has no rollout", false)
	c.point("b1", place{})
	want("no rollout of ref b1 is opened yet on channel stable", true)
	awaited := f.open("stable@b1")
	want("rollout stable@b1 is Opening", false)
	awaited.fold.Record.TerminalAt = reducer.Some(start)
	want("rollout stable@b1 is Opening", true)
}
