package invariant

import (
	"strings"
	"testing"
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
