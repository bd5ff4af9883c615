package timeline

import (
	"testing"

	"rollsim/reducer"
)

func TestShortID(t *testing.T) {
	for id, want := range map[reducer.RolloutID]reducer.RolloutID{
		"stable@0123456789abcde":   "stable@0123456", // 15 characters
		"stable@0123456789abcd":    "stable@0123456789abcd",
		"a@b@0123456789abcdef0123": "a@b@0123456",
		"stable@a1":                "stable@a1",
		"stable":                   "stable",
		"@":                        "@",
		"":                         "",
	} {
		if got := ShortID(id); got != want {
			t.Errorf("%q: got %q, want %q", id, got, want)
		}
	}
}

func TestStateName(t *testing.T) {
	if got := StateName(reducer.State(0)); got != "unknown" {
		t.Errorf("got %q", got)
	}
	if got := StateName(reducer.HostConverged); got != "Converged" {
		t.Errorf("got %q", got)
	}
}
