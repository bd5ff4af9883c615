package sim_test

import (
	"fmt"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/trace"
)

// Example builds a scenario, runs it and reads the result.
func Example() {
	minute, err := sim.Constant(time.Minute)
	if err != nil {
		fmt.Println(err)
		return
	}
	sc := &sim.Scenario{
		Name:    "two-waves",
		Horizon: 24 * time.Hour,
		Channels: []sim.Channel{{
			ID: "stable", PollInterval: time.Minute, Policy: reducer.DefaultPolicy(),
			Waves: []sim.Wave{
				{Hosts: []reducer.HostID{"web-1"}, Soak: 10 * time.Minute},
				{Hosts: []reducer.HostID{"web-2", "web-3"}},
			},
		}},
		Behaviour: sim.Behaviour{Ack: minute, Activation: minute, Probe: minute, Converge: minute},
		Fates:     []sim.Fate{{Host: "web-3", Kind: sim.NeverAnswers}},
		Timeline: []sim.Action{
			{At: 30 * time.Second, SetRef: &sim.RefChange{Channel: "stable", Ref: "a1"}},
		},
	}
	var log trace.Collector
	result, err := sim.Run(sc, sim.Options{Machine: reducer.RFC0008(), Seed: 1, Sink: &log})
	if err != nil {
		fmt.Println(err)
		return
	}

	for i := range log.Entries {
		if e := &log.Entries[i]; e.Plan != nil && e.Plan.Attempt == 1 {
			fmt.Printf("%v: %s is dispatched\n", time.Duration(e.At-result.Start), e.Host)
		}
	}
	r := result.Fleet.Rollout("stable@a1")
	fmt.Println(r.Record.RolloutID, "is", r.Record.State)
	for _, h := range r.Hosts() {
		fmt.Println(h.ID, "is", h.State)
	}
	for _, v := range result.Violations {
		fmt.Printf("%v: %s\n", v, v.Detail)
	}

	// Output:
	// 1m0s: web-1 is dispatched
	// 12m0s: web-2 is dispatched
	// 12m0s: web-3 is dispatched
	// stable@a1 is Active
	// web-1 is Converged
	// web-2 is Converged
	// web-3 is Pending
	// stuck stable@a1: Active, current_wave 1; web-3 Pending: dispatched, never acked
}
