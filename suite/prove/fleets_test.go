package prove

import (
	"fmt"
	"testing"

	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/suite/coverage"
	"rollsim/trace"
)

// gates is a sink that counts the gates that block.
type gates map[string]int

func (g gates) Write(e *trace.Entry) error {
	if e.Gate != nil {
		g[e.Gate.Gate]++
	}
	return nil
}

// TestFleetsReach checks what the built-in fleets reach with one deviation, or with a failure and
// one more: every gate, and the cells that do not need raw events about hosts.
func TestFleetsReach(t *testing.T) {
	all, err := Fleets()
	if err != nil {
		t.Fatal(err)
	}
	met, reached := make(gates), make(coverage.Recording)
	for _, f := range all {
		p := prover(t, &f.Scenario, reducer.RFC0008(), nil)
		run := func(n *node) {
			sc := n.scenario(p.plain)
			if _, err := sim.Run(sc, sim.Options{
				Machine: reached.Through(reducer.RFC0008()), Seed: sc.Seed, Sink: met,
			}); err != nil {
				t.Fatal(err)
			}
		}
		plain := &node{}
		run(plain)
		for _, d := range p.run(plain, true).children {
			run(plain.with(d))
			if d.Kind != FailsActivation {
				continue
			}
			n := plain.with(d)
			for _, next := range p.run(n, true).children {
				if next.Kind == StrayEvent || next.Kind == OperatorClears {
					run(n.with(next))
				}
			}
		}
	}
	for _, g := range trace.Gates() {
		if met[g] == 0 {
			t.Errorf("no run meets gate %v", g)
		}
	}
	var missing []string
	for _, row := range coverage.Summarise(reducer.RFC0008(), []coverage.Source{
		{Kind: coverage.Scenario, Name: "fleets", Reached: reached},
	}).Without() {
		missing = append(missing, fmt.Sprint(row.Cell))
	}
	if len(missing) != unreached {
		t.Errorf("%d cells are not reached, want %d:\n%q", len(missing), unreached, missing)
	}
}

// unreached is how many cells need raw events about hosts, or a wave that the planner does not
// skip.
const unreached = 20
