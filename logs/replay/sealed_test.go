package replay

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/trace"
)

// simulatedTrace returns the trace of a scenario that is built in.
func simulatedTrace(t *testing.T, name string) []byte {
	t.Helper()
	file, err := scenario.LoadIn(os.DirFS("../.."), "scenarios", name+".yaml")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := trace.NewWriter(&out)
	opt := sim.Options{Machine: reducer.RFC0008(), Seed: file.Scenario.Seed, Sink: w}
	if _, err := sim.Run(&file.Scenario, opt); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestShippedTraces: the trace of the shipped control plane is judged as its log. It shows its
// defect, and the trace without the defect does not.
func TestShippedTraces(t *testing.T) {
	for _, d := range controlplane.Defects() {
		for _, fixed := range []bool{false, true} {
			name := "shipped-" + string(d)
			if fixed {
				name += "-mended"
			}
			got, err := run(simulatedTrace(t, name), Options{})
			if err != nil {
				t.Fatal(err)
			}
			shown := strings.Contains(briefly(got.Findings), " "+string(d)+" ")
			// The cursor is a note. The others have one host and one rollout, so that nothing shows
			// that it is not offline, or what is missing.
			invisible := slices.Contains([]controlplane.Defect{
				controlplane.SilentCursor, controlplane.TornOpening, controlplane.LostAck,
				controlplane.AcknowledgedLost, controlplane.StaleSnapshot, controlplane.LostActivation,
				controlplane.StaleManifest,
			}, d)
			if shown != (!fixed && !invisible) {
				t.Errorf("%s: shown %v\n%s", name, shown, briefly(got.Findings))
			}
			if fixed && len(got.Findings) > 0 {
				t.Errorf("%s:\n%s", name, briefly(got.Findings))
			}
		}
	}
}
