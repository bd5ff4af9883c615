package sim

import (
	"slices"
	"testing"
	"time"

	"rollsim/reducer"
)

// TestBudgets runs scenarios in which sweeps have found defects of budgets. In each the second ref
// must become Terminal, and the invariants check that no budget is exceeded on the way.
func TestBudgets(t *testing.T) {
	tests := map[string]func(*Scenario){
		// Seed 1114: the reboot of a deferred host exceeds the budget without a dispatch; the next ref
		// must wait until both are done.
		"a deferred host reboots while another is in flight": func(sc *Scenario) {
			sc.Fates = []Fate{
				{Host: "h00", Ref: "a1", Kind: Defers, RebootAfter: reducer.Some(3 * time.Minute)},
			}
			sc.Timeline = append(
				sc.Timeline, Action{At: 7 * time.Minute, SetRef: &RefChange{"stable", "b2"}},
			)
		},
		// Seed 246: a dispatch that was never acked is not sent again once its rollout is superseded.
		"a rollout is superseded before a host has acked": func(sc *Scenario) {
			sc.Fates = []Fate{{Host: "h00", Ref: "a1", Kind: NeverAnswers}}
			sc.Timeline = append(
				sc.Timeline, Action{At: 10 * time.Minute, SetRef: &RefChange{"stable", "b2"}},
			)
		},
		// Seed 77: a rollout is pruned while its host still soaks; no message moves that host under it
		// again.
		"a rollout is pruned while a host is in flight under it": func(sc *Scenario) {
			sc.Channels[0].Waves[0].Soak = 5 * time.Hour
			sc.Channels[0].Policy.RetentionSeconds = 600
			sc.Timeline = append(
				sc.Timeline, Action{At: 10 * time.Minute, SetRef: &RefChange{"stable", "b2"}},
			)
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			sc := scenario(t, "h00", "h01")
			sc.Behaviour = certain(t)
			sc.Budgets = []Budget{{Name: "one", Hosts: []string{"*"}, MaxInFlight: 1}}
			sc.Horizon = 20 * time.Hour
			change(sc)
			_, result := simulate(t, sc, Options{Seed: 1, Refold: true})
			for _, v := range result.Violations {
				t.Errorf("%v: %s", v, v.Detail)
			}
			if r := result.Fleet.Rollout("stable@b2"); r == nil || !r.Record.TerminalAt.Set {
				t.Errorf("the second ref did not become Terminal")
			}
		})
	}
}

func TestCircle(t *testing.T) {
	long := make([][]int, 20_000) // a chain, and at its end a circle of two
	for i := range long {
		long[i] = []int{i + 1}
	}
	long[len(long)-1] = []int{len(long) - 2}
	var dense [][]int // everything waits for everything after it: no circle, and very many ways
	for i := range 40 {
		dense = append(dense, nil)
		for j := i + 1; j < 40; j++ {
			dense[i] = append(dense[i], j)
		}
	}
	for name, c := range map[string]struct {
		waits [][]int
		want  []int
	}{
		"nothing":                {nil, nil},
		"no edges":               {[][]int{{}, {}}, nil},
		"a chain":                {[][]int{{1}, {2}, {}}, nil},
		"a diamond":              {[][]int{{1, 2}, {3}, {3}, {}}, nil},
		"itself":                 {[][]int{{}, {1}}, []int{1}},
		"two":                    {[][]int{{}, {2}, {1}}, []int{1, 2}},
		"three, and a way there": {[][]int{{3}, {2}, {3}, {1}}, []int{1, 2, 3}},
		"a circle in a circle":   {[][]int{{1}, {2, 0}, {0}}, []int{0, 1, 2}},
		"far down":               {long, []int{19_998, 19_999}},
		"dense":                  {dense, nil},
		"dense, and back again":  {append(dense, []int{0}), nil},
	} {
		for range 3 { // gonum's graphs are maps
			if got := Circle(c.waits); !slices.Equal(got, c.want) {
				t.Errorf("%s: got %v; want %v", name, got, c.want)
			}
		}
	}
}
