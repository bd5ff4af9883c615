// Fleet drives a fleet of its own, checks the run and compares its trace with a golden: rollsim as
// a library. docs/library.md explains it.
package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/trace"
)

// fleet has one channel with two waves. The host of the first wave fails its probes.
var fleet = sim.Scenario{
	Name:    "first-wave-fails",
	Horizon: 24 * time.Hour,
	Channels: []sim.Channel{{
		ID:           "stable",
		PollInterval: time.Minute,
		Policy:       reducer.Policy{OnHealthFailure: reducer.Halt, RetentionSeconds: 3600},
		Waves: []sim.Wave{
			{Hosts: []reducer.HostID{"web-1"}, Soak: 10 * time.Minute},
			{Hosts: []reducer.HostID{"web-2", "web-3"}, Soak: 30 * time.Minute},
		},
	}},
	Behaviour: scenario.DefaultBehaviour(),
	Fates:     []sim.Fate{{Host: "web-1", Ref: "a1", Kind: sim.FailsProbes}},
	Timeline:  []sim.Action{{SetRef: &sim.RefChange{Channel: "stable", Ref: "a1"}}},
}

//go:embed first-wave-fails.golden
var recorded string

func main() {
	if err := check(os.Stdout, recorded); err != nil {
		log.Fatal(err)
	}
}

// check runs the fleet from seed 1 and reports what it finds to w.
func check(w io.Writer, golden string) error {
	var run trace.Collector
	result, err := sim.Run(&fleet, sim.Options{Machine: reducer.RFC0008(), Seed: 1, Sink: &run})
	if err != nil {
		return err
	}

	// The end of the run: the state of each rollout, and the invariants that do not hold.
	for _, r := range result.Fleet.Rollouts() {
		fmt.Fprintf(w, "%s is %v\n", r.Record.RolloutID, r.Record.State)
	}
	for _, v := range result.Violations {
		fmt.Fprintf(w, "violation: %v: %s\n", v, v.Detail)
	}

	// The trace, entry by entry.
	var text bytes.Buffer
	lines := trace.NewText(&text, trace.Full)
	for i := range run.Entries {
		e := &run.Entries[i]
		if e.Event != nil && e.Event.Kind == reducer.HostStateChanged {
			fmt.Fprintf(w, "entry %d: %s %v → %v\n", e.Seq, e.Event.Host, e.Event.From, e.Event.To)
		}
		if err := lines.Write(e); err != nil {
			return err
		}
	}
	if err := lines.Close(); err != nil {
		return err
	}

	// The golden: there is no difference when the run is the recorded one.
	_, err = io.WriteString(w, trace.Diff(golden, text.String()))
	return err
}
