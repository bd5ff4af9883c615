package controlplane

import (
	"strings"
	"testing"

	"rollsim/trace"
)

// TestReasons checks that each finding has a gate of the specified planner and a text of its own
// that begins with the name of the gate, and that reasons are the same if and only if their texts
// are, also those from a log.
func TestReasons(t *testing.T) {
	gates := make(map[string]bool)
	var all []reason
	for kind := pausedEverywhere; kind < logged; kind++ {
		for _, r := range []reason{
			{kind: kind, name: "x", second: "y", a: 2, b: 1}, {kind: kind, name: "z", second: "y", a: 3},
		} {
			if !r.blocks() || !strings.HasPrefix(r.String(), r.gate()) {
				t.Errorf("finding %d: text %q, expected one that begins with the gate %q", kind, &r, r.gate())
			}
			gates[r.gate()] = true
			all = append(all, r, reason{kind: logged, name: r.String()})
		}
	}
	for _, gate := range trace.Gates() {
		if !gates[gate] {
			t.Errorf("no finding has gate %s", gate)
		}
	}
	for i := range all {
		for j := range all {
			a, b := &all[i], &all[j]
			if a.kind == pausedEverywhere && b.kind == pausedEverywhere {
				continue // it names nothing
			}
			if got, want := a.is(b), a.String() == b.String(); got != want {
				t.Errorf("%q is %q: got %t, want %t", a, b, got, want)
			}
		}
	}
	var none reason
	if none.blocks() || none.gate() != "" || none.String() != "" {
		t.Errorf("the zero reason is %q of gate %q, want no reason", &none, none.gate())
	}
}
