package replay

import (
	"strings"
	"testing"

	"rollsim/reducer"
)

// TestCurrent: a superseded rollout whose successor the log lacks, as the document of one rollout
// does, is current only if the planner has considered it since.
func TestCurrent(t *testing.T) {
	const (
		superseded = opening + "+1\nsupersede edge@a1 edge@b2\nto edge@a1 Active Superseded\n+1\n"
		gate       = "gate edge@a1 e2 wave-promotion wave-promotion: host_wave=1 > current_wave=0\n"
	)
	for _, c := range []struct {
		name, log string
		want      bool
	}{
		{"standing", opening, true},
		{"superseded", superseded, false},
		{"considered before", strings.Replace(superseded, "supersede", gate+"supersede", 1), false},
		{"considered since", superseded + gate, true},
		{"dispatched since", superseded + "dispatch edge@a1 e2 c2\n", true},
		{"superseded by one of the log", strings.Replace(superseded, "supersede",
			"open edge@b2\nsupersede", 1), false},
	} {
		got, err := run(inWords(t, c.log), Options{})
		if err != nil {
			t.Fatal(c.name, err)
		}
		if s := got.Rollouts[0]; s.Current != c.want || s.Unfinished != c.want {
			t.Errorf("%s: current %v, unfinished %v", c.name, s.Current, s.Unfinished)
		}
	}
}

// TestSinceMoved: a superseded rollout is one of those since a time as long as its hosts move.
func TestSinceMoved(t *testing.T) {
	const log = opening + "supersede edge@a1 edge@b2\nto edge@a1 Active Superseded\n+10\n" +
		"e1 does edge@a1 Converged\n"
	for after, want := range map[reducer.Time]int{5: 1, 100: 0} {
		since := reducer.Some(start + after*second)
		got, err := run(inWords(t, log), Options{Only: Filter{Since: since}})
		if err != nil || len(got.Rollouts) != want {
			t.Errorf("since %d s: %d rollouts, want %d (%v)", after, len(got.Rollouts), want, err)
		}
	}
}
