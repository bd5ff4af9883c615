package replay

import (
	"fmt"
	"strings"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// clocked returns the findings about entries at some seconds, as "seq: how many entries".
func clocked(t *testing.T, seconds ...float64) string {
	f := newFixture(t)
	c := clock{cursor: &f.cursor, findings: &f.findings}
	for _, at := range seconds {
		c.check(f.read(trace.Entry{At: start + reducer.Time(at*float64(second))}))
	}
	c.finish()
	var all []string
	for _, g := range f.findings.titles {
		for _, found := range g.kept {
			n := 1
			if _, more, ok := strings.Cut(found.Reason, "those of the "); ok {
				if _, err := fmt.Sscan(more, &n); err != nil {
					t.Fatal(err)
				}
				n++
			}
			all = append(all, fmt.Sprintf("%d: %d", found.Seq, n))
		}
	}
	return strings.Join(all, ", ")
}

// TestClock: a time may step back by a second. Of the entries before and after a step the fewer are
// wrong, and the first of them is named.
func TestClock(t *testing.T) {
	for _, c := range []struct {
		name    string
		seconds []float64
		want    string
	}{
		{"in order", []float64{0, 1, 1, 2, 7200}, ""},
		{"back by a second", []float64{0, 10, 9, 10, 11}, ""},
		{"back by more", []float64{0, 10, 8.9, 10, 11}, "3: 1"},
		{"one ahead", []float64{0, 10, 3610, 20, 30}, "3: 1"},
		{"the first ahead", []float64{3600, 10, 20, 30}, "1: 1"},
		{"years ahead", []float64{0, 10, 1e8, 1e8 + 1, 20, 30, 40, 50}, "3: 2"},
		{"a block set back", []float64{0, 1e4, 2e4, 2e4 + 10, 2e4 + 20, 12800, 12810, 2e4 + 30, 2e4 + 40},
			"6: 2"},
		{"the last set back", []float64{0, 100, 200, 50}, "4: 1"},
		{"two apart", []float64{0, 100, 50, 101, 102, 60, 103}, "3: 1, 6: 1"},
	} {
		if got := clocked(t, c.seconds...); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestClockOfAgent: an agent's time may be in the past, and a minute in the future.
func TestClockOfAgent(t *testing.T) {
	for _, c := range []struct {
		ahead reducer.Time
		found bool
	}{{-3600 * second, false}, {60 * second, false}, {60*second + 1, true}} {
		f := newFixture(t)
		check := clock{cursor: &f.cursor, findings: &f.findings}
		check.agent(f.read(trace.Entry{Agent: &trace.AgentEvent{At: start + c.ahead}}), &rollout{id: "r"})
		if (f.found() != "") != c.found {
			t.Errorf("ahead by %v: %s", c.ahead, f.found())
		}
	}
}
