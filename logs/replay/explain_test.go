package replay

import (
	"strings"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// newExplainer is an explainer of the fixture.
func newExplainer(f *fixture) *explainer {
	w := finder(f)
	return &explainer{
		cursor: &f.cursor, rollouts: &f.rollouts, channels: w.channels, waits: w,
		roster:      &roster{hosts: make(map[reducer.HostID]*host), left: func(*rollout) {}},
		quarantines: &quarantineLedger{findings: &f.findings},
	}
}

// TestExplainFew: of many hosts that are waited for some are explained, and the others counted.
func TestExplainFew(t *testing.T) {
	f := newFixture(t)
	x := newExplainer(f)
	r := f.open("edge@a1")
	const hosts = maxExplained + 3
	for i := range hosts {
		wave := uint32(0)
		if i == hosts-1 {
			wave = 1
		}
		id := reducer.HostID('a' + rune(i))
		f.apply(reducer.Event{Kind: reducer.HostJoined, Rollout: r.id, Host: id, Wave: wave})
		r.join(wave, start)
	}
	r.members[hosts-1].gate = gate{name: trace.GateWavePromotion, reason: "wave", count: 1}
	x.answer.Host = reducer.HostID('a' + rune(hosts-1))
	x.explain(r)
	shown := inLines(&x.answer)
	if strings.Count(shown, "in wave 0:") != maxExplained ||
		!strings.Contains(shown, "and 2 more hosts") {
		t.Error(shown)
	}
	x.answer, x.explained = Answer{}, nil
	x.explain(r)
	// Hosts that wait for the same are explained together.
	if shown := inLines(&x.answer); !strings.Contains(shown, "hosts a, b, c and 2 more, in wave 0:") ||
		!strings.Contains(shown, "host f, in wave 1:") {
		t.Error(shown)
	}
}

// TestExplainDepth: hosts that wait for each other are explained up to a depth.
func TestExplainDepth(t *testing.T) {
	f := newFixture(t)
	x := newExplainer(f)
	r := f.open("edge@a1", "e1", "e2")
	for i, other := range []string{"e2", "e1"} {
		r.members[i].gate = gate{name: trace.GateHostEdge, reason: "waits for " + other, count: 1}
	}
	x.answer.Host = "e1"
	x.explain(r)
	deepest := 0
	for _, l := range x.answer.Lines {
		deepest = max(deepest, l.Depth)
	}
	if deepest < maxDepth || deepest > maxDepth+1 {
		t.Errorf("%d levels\n%s", deepest, inLines(&x.answer))
	}
}

// TestShareBudget: hosts share a budget that covers both; in the log of a control plane any may.
func TestShareBudget(t *testing.T) {
	x := explainer{}
	if !x.shareBudget("e1", "e2") {
		t.Error("in the log of a control plane they do not")
	}
	x.header = &trace.Header{Budgets: []trace.BudgetConfig{
		{Hosts: []string{"e1", "e2"}}, {Hosts: []string{"e3"}},
	}}
	if !x.shareBudget("e1", "e2") || x.shareBudget("e1", "e3") {
		t.Error("budgets of a trace")
	}
}

// TestFirstWaiting: the first host that is not at its end waits.
func TestFirstWaiting(t *testing.T) {
	f := newFixture(t)
	x := newExplainer(f)
	r := f.open("edge@a1", "e1", "e2")
	converge := []reducer.HostState{
		reducer.HostPending, reducer.HostActivating, reducer.HostSoaking, reducer.HostConverged,
	}
	f.move(r, "e1", converge...)
	if got := x.firstWaiting(r); got != "e2" {
		t.Errorf("%q waits first", got)
	}
	f.move(r, "e2", converge...)
	if got := x.firstWaiting(r); got != "" {
		t.Errorf("%q waits, and every host has converged", got)
	}
}

// TestExplainBudget: of the hosts in flight some are explained, and the others counted, if any.
func TestExplainBudget(t *testing.T) {
	for extra, want := range []string{"", "and 1 more host", "and 2 more hosts"} {
		f := newFixture(t)
		x := newExplainer(f)
		var hosts []reducer.HostID
		for i := range 1 + maxExplained + extra {
			hosts = append(hosts, reducer.HostID('a'+rune(i)))
		}
		r := f.open("edge@a1", hosts...)
		for i, h := range hosts[1:] {
			f.move(r, h, reducer.HostPending, reducer.HostActivating)
			r.members[1+i].live = true
		}
		x.explainBudget(0, r, 0, make(map[*rollout]bool))
		shown := inLines(&x.answer)
		if strings.Count(shown, "in flight is host") != maxExplained ||
			strings.Contains(shown, "more host") != (want != "") || !strings.Contains(shown, want) {
			t.Errorf("%d more in flight than are explained:\n%s", extra, shown)
		}
	}
}
