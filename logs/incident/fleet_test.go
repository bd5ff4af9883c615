package incident_test

import (
	"os"
	"strings"
	"testing"

	"rollsim/controlplane"
	"rollsim/internal/memlog"
	"rollsim/logs/incident"
	"rollsim/machine"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/trace"
)

// logOf returns the log that a scenario of the suite writes, without its header and its faults.
func logOf(t *testing.T, name string) *memlog.Log {
	t.Helper()
	path := "../../scenarios/" + name + ".yaml"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := scenario.Parse(path, text)
	if err != nil {
		t.Fatal(err)
	}
	var log trace.Collector
	if _, err := sim.Run(&file.Scenario, sim.Options{
		Machine: machine.Shipped(), Seed: file.Scenario.Seed, Sink: &log,
	}); err != nil {
		t.Fatal(err)
	}
	s := &memlog.Log{}
	for _, e := range log.Entries {
		if e.Kind != trace.KindHeader && e.Kind != trace.KindEnd && e.Kind != trace.KindFault {
			s.All = append(s.All, e)
		}
	}
	return s
}

// TestFleet makes scenarios of the logs of the scenarios that show a defect, and checks that they
// have the defect, too. The other scenarios need a fault, which a log does not show.
func TestFleet(t *testing.T) {
	for _, defect := range []controlplane.Defect{
		"no-halt", "late-wave-soak", "quarantine-inert", "set-back",
	} {
		sc, err := incident.Fleet(logOf(t, "shipped-"+string(defect)))
		if err != nil {
			t.Fatalf("%s: %v", defect, err)
		}
		if seed, v, err := incident.Shows(sc, defect, 12); err != nil || seed == 0 || v.Defect != defect {
			t.Errorf("%s: %v, %+v", defect, err, v)
		}
		if _, _, err := incident.Shows(sc, "torn-opening", 2); err == nil ||
			!strings.Contains(err.Error(), "none of 2 runs") {
			t.Errorf("%s: what the log does not show: %v", defect, err)
		}
	}
	if _, err := incident.Fleet(&memlog.Log{}); err == nil {
		t.Error("a log without a rollout is a scenario")
	}
}
