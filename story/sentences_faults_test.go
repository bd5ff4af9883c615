package story

import (
	"reflect"
	"testing"

	"rollsim"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/trace"
)

// TestFaultsToComeChangeNothingBefore proves what a story rests on that brings a fault after
// something was expected: a fleet in which something may go wrong runs like one in which nothing
// does, until it does.
func TestFaultsToComeChangeNothingBefore(t *testing.T) {
	for _, name := range []string{
		"three-waves-with-soak", "superseded-mid-wave", "host-fails-under-rollback-and-halt",
		"budget-of-two", "refs-come-faster-than-waves",
	} {
		file, err := scenario.LoadFS(rollsim.Library, "scenarios/"+name+".yaml")
		if err != nil {
			t.Fatal(err)
		}
		tell := func(faults ...sim.Fault) []trace.Entry {
			sc := file.Scenario
			sc.Faults = append(sc.Faults[:len(sc.Faults):len(sc.Faults)], faults...)
			m, err := machine.ByName(sc.Machine)
			if err != nil {
				t.Fatal(err)
			}
			var log trace.Collector
			if _, err := sim.Run(&sc, sim.Options{Machine: m, Seed: sc.Seed, Sink: &log}); err != nil {
				t.Fatal(err)
			}
			return log.Entries
		}
		plain := tell()
		late := file.Scenario.Horizon - settleDelay
		for _, kind := range sim.FaultKinds() {
			spoilt := tell(sim.Fault{Kind: kind, Probability: sim.Certain, From: late})
			for i := range plain {
				if plain[i].At >= file.Scenario.Start+reducer.Time(late) || plain[i].End != nil {
					break
				}
				if i >= len(spoilt) || !reflect.DeepEqual(plain[i], spoilt[i]) {
					t.Errorf("%s: entry %d is another when %v comes later", name, i, kind)
					break
				}
			}
		}
	}
}
