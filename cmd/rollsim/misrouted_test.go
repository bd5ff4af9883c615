package main

import (
	"path/filepath"
	"testing"
)

// TestReplayOfMisroutedEvents replays simulated traces in which an event has reached the record of
// another rollout. The machine of the run answers as recorded, and the other one does not.
func TestReplayOfMisroutedEvents(t *testing.T) {
	for machine, other := range map[string]string{"v0.2": "rfc0008", "rfc0008": "v0.2"} {
		traced := filepath.Join(t.TempDir(), "misrouted.ndjson")
		code, _, errs := inProcess(t, "run", "misrouted-event-under-"+machine, "-o", traced)
		if code != exitHolds {
			t.Fatal(errs)
		}
		if code, out, _ := inProcess(t, "replay", traced); code != exitHolds {
			t.Errorf("%s: exit %d\n%s", machine, code, out)
		}
		if code, out, _ := inProcess(t, "replay", traced, "--machine", other); code != exitDiffers {
			t.Errorf("%s under %s: exit %d\n%s", machine, other, code, out)
		}
	}
}
