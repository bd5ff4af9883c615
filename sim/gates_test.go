package sim

import (
	"testing"
	"time"

	"rollsim/reducer"
)

// TestBudgets holds what sweeps have found about budgets: each must let the second ref through in the end, and the invariants
// see to it that no budget is exceeded on the way.
func TestBudgets(t *testing.T) {
	tests := map[string]func(*Scenario){
		// Seed 1114: the reboot of a deferred host exceeds the budget without a dispatch; the next ref must wait until both are
		// done.
		"a deferred host reboots while another is in flight": func(sc *Scenario) {
			sc.Fates = []Fate{{Host: "h00", Ref: "a1", Kind: Defers, RebootAfter: reducer.Some(3 * time.Minute)}}
			sc.Timeline = append(sc.Timeline, Action{At: 7 * time.Minute, SetRef: &RefChange{"stable", "b2"}})
		},
		// Seed 77: a rollout is pruned while its host still soaks; nobody will hear of that host under it again.
		"a rollout is pruned while a host is in flight under it": func(sc *Scenario) {
			sc.Channels[0].Waves[0].Soak = 5 * time.Hour
			sc.Channels[0].Policy.RetentionSeconds = 600
			sc.Timeline = append(sc.Timeline, Action{At: 10 * time.Minute, SetRef: &RefChange{"stable", "b2"}})
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
				t.Errorf("the second ref did not get through")
			}
		})
	}
}
