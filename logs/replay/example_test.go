package replay_test

import (
	"fmt"
	"log"
	"os"
	"strings"

	"rollsim/logs/replay"
	"rollsim/trace"
)

// openLog opens the log of a control plane that stopped when a host had failed: it does not record
// the transition of the rollout.
func openLog() *trace.Reader {
	const name = "testdata/failed-activation.ndjson"
	in, err := os.Open(name)
	if err != nil {
		log.Fatal(err)
	}
	r, err := trace.NewReader(name, in)
	if err != nil {
		log.Fatal(err)
	}
	r.OnClose(in.Close)
	return r
}

func ExampleRun() {
	result, err := replay.Run(openLog(), replay.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s reproduced %d of %d transitions\n", result.Machine, result.Reproduced,
		result.Transitions)
	for _, f := range result.Findings {
		fmt.Printf("entry %d: %s: recorded %s, %s %s\n", f.Seq, f.Title(), f.Recorded, f.OtherSide(),
			f.Expected)
	}
	for _, s := range result.Rollouts {
		fmt.Printf("%s: %s\n", s.Record.RolloutID, s.End)
	}
	// Output:
	// v0.2 reproduced 1 of 1 transitions
	// entry 11: missing effect: recorded nothing, machine RecordRolloutTransition  Active → Failed
	// edge@a1: host e1 failed (no space left); waits for another ref
}

func ExampleRun_accepted() {
	accepted, err := replay.ReadAccepted("reviewed.txt", strings.NewReader(
		"effect 11 69a19ee0  the control plane was stopped for an upgrade\n",
	))
	if err != nil {
		log.Fatal(err)
	}
	result, err := replay.Run(openLog(), replay.Options{Accepted: accepted})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Failing(), result.Accepted[0].Accepted)
	// Output:
	// false the control plane was stopped for an upgrade
}

func ExampleWhy() {
	answer, err := replay.Why(openLog(), replay.Question{Host: "e1"})
	if err != nil {
		log.Fatal(err)
	}
	for _, l := range answer.Lines {
		fmt.Print(strings.Repeat("  ", l.Depth), l.Text)
		if l.Then != "" {
			fmt.Print(": ", l.Then)
		}
		fmt.Println()
	}
	// Output:
	// Failed in wave 0 of edge@a1, which is Failed: nothing more is dispatched
	//   host e1 turned Failed: no space left
	//   it stays Failed until channel edge gets another ref
	//   Failed: nothing undoes that under halt
	//     its agent said: no space left
}
