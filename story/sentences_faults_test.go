package story

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"rollsim"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/trace"
)

// TestFaultChangesNothingBefore checks that a fault changes no entry of the trace before it begins.
// Stories with a fault after an expectation depend on that.
func TestFaultChangesNothingBefore(t *testing.T) {
	for _, name := range []string{
		"three-waves-with-soak", "superseded-mid-wave", "host-fails-under-rollback-and-halt",
		"budget-of-two", "refs-come-faster-than-waves",
	} {
		file, err := scenario.LoadFS(rollsim.Library, "scenarios/"+name+".yaml")
		if err != nil {
			t.Fatal(err)
		}
		simulate := func(faults ...sim.Fault) []trace.Entry {
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
		plain := simulate()
		late := file.Scenario.Horizon - settleDelay
		for _, kind := range sim.FaultKinds() {
			faulty := simulate(sim.Fault{Kind: kind, Probability: sim.Certain, From: late})
			for i := range plain {
				if plain[i].At >= file.Scenario.Start+reducer.Time(late) || plain[i].End != nil {
					break
				}
				if i >= len(faulty) || !reflect.DeepEqual(plain[i], faulty[i]) {
					t.Errorf("%s: entry %d differs if %v comes later", name, i, kind)
					break
				}
			}
		}
	}
}

// TestFaultWithoutEffect has a host whose messages are lost when it sends none, and one that sends
// some.
func TestFaultWithoutEffect(t *testing.T) {
	const feature = `Feature: F
  Scenario: %s
    Given channel "stable" with 2 hosts
    When "stable" moves to ref "a1"
    And messages of host "stable-02" are lost for 1 minute %s
    Then "stable@a1" is Terminal
`
	const none = "this had no effect: messages of host \"stable-02\" are lost"
	for when, want := range map[string]string{
		`once "stable@a1" is Terminal`:         none,
		`while host "stable-02" is activating`: "",
	} {
		files := fstest.MapFS{"x.feature": {Data: fmt.Appendf(nil, feature, "A", when)}}
		for _, s := range run(t, Options{FS: files}).Scenarios {
			if (s.Status == Passed) != (want == "") || !strings.Contains(s.Message, want) {
				t.Errorf("%s: %v: %s", when, s.Status, s.Message)
			}
		}
	}
}
