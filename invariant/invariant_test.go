package invariant

import (
	"strings"
	"testing"

	"rollsim/internal/hash64"
	"rollsim/reducer"
	"rollsim/trace"
)

func TestParse(t *testing.T) {
	for _, name := range Names() {
		v := Violation{Invariant: name, Subject: "stable@r1"}
		if got, err := Parse(v.String()); err != nil || got != v {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for _, bad := range []string{"", "stuck", "stuck ", "Stuck stable@r1", "stable@r1 stuck"} {
		if v, err := Parse(bad); err == nil || !strings.Contains(err.Error(), "the invariants are") {
			t.Errorf("%q: %+v, %v", bad, v, err)
		}
	}
}

func TestIs(t *testing.T) {
	v := Violation{Invariant: Stuck, Subject: "a", Detail: "d", Seq: 1}
	for _, c := range []struct {
		other Violation
		want  bool
	}{
		{Violation{Invariant: Stuck, Subject: "a", Detail: "e", Seq: 2}, true},
		{Violation{Invariant: Unpruned, Subject: "a", Detail: "d", Seq: 1}, false},
		{Violation{Invariant: Stuck, Subject: "b", Detail: "d", Seq: 1}, false},
	} {
		if got := v.Is(c.other); got != c.want {
			t.Errorf("%v and %v: %v", v, c.other, got)
		}
	}
}

func TestWaits(t *testing.T) {
	var w Waits
	if got := w.String(); got != "" {
		t.Errorf("nothing waits: %q", got)
	}
	w.Add("a", "soaks")
	w.Add("b", "was never dispatched")
	w.Add("c", "soaks")
	w.Add("d", "soaks")
	if got := w.String(); got != "a, c, d soaks; b was never dispatched" {
		t.Errorf("three hosts that soak: %q", got)
	}
	w.Add("e", "soaks")
	if got := w.String(); got != "a, c, d and 1 more soaks; b was never dispatched" {
		t.Errorf("four hosts that soak: %q", got)
	}
}

// TestFoundIsHashed checks that a Checker which has found something is in another state than one
// that has found it in another state of the rollout, or for another reason.
func TestFoundIsHashed(t *testing.T) {
	seen := make(map[uint64]Violation)
	for _, v := range []Violation{
		{Invariant: WaveKept, Subject: "s@a1", State: reducer.Active},
		{Invariant: WaveKept, Subject: "s@a1", State: reducer.Converging},
		{Invariant: WaveKept, Subject: "s@a1", State: reducer.Active, Defect: trace.DefectNoHalt},
		{Invariant: WaveKept, Subject: "s@a1", State: reducer.Active, Excused: "a reason"},
	} {
		c := NewChecker(reducer.NewFleet(reducer.RFC0008(), nil), new(trace.Header))
		c.Report(v)
		var h hash64.State
		h.Reset(0, 0, false)
		c.Hash(&h)
		if other, known := seen[h.Total()]; known {
			t.Errorf("%+v and %+v are the same state", v, other)
		}
		seen[h.Total()] = v
	}
}
