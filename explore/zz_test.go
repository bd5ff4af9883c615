package explore

import (
	"fmt"
	"os"
	"strconv"
	"testing"

	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/trace"
)

func TestZZ(t *testing.T) {
	seed, _ := strconv.Atoi(os.Getenv("SEED"))
	from, _ := strconv.Atoi(os.Getenv("FROM"))
	to, _ := strconv.Atoi(os.Getenv("TO"))
	if seed == 0 {
		t.Skip()
	}
	s := NewSwarm()
	sc := s.Draw(uint64(seed), "rfc0008", true)
	var c trace.Collector
	_, err := sim.Run(sc, sim.Options{Machine: reducer.RFC0008(), Seed: uint64(seed), Sink: &c, Refold: true})
	fmt.Println(err)
	l := trace.Lines{Start: sc.Start}
	for i := range c.Entries {
		e := &c.Entries[i]
		if int(e.Seq) >= from && int(e.Seq) <= to {
			fmt.Println(e.Seq, string(l.Append(nil, e)))
		}
	}
	fmt.Printf("%+v\n", sc.Budgets)
	fmt.Printf("%+v\n", sc.Faults)
}
