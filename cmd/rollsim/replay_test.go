package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReplayOfControlPlaneLog replays the log that a control plane would have recorded of a
// simulated run: without header, faults, rejections and checksums, and with transitions as the only
// effects of the rollout machine. There are no findings, whatever went wrong in the run, except
// those about its end.
func TestReplayOfControlPlaneLog(t *testing.T) {
	dir := t.TempDir()
	for _, scenario := range []string{
		"budget-of-two", "cascade-over-three-channels", "crash-by-chance", "deferred-host-reboots-late",
		"failure-in-the-last-wave", "fault-agent-restart", "fault-clock-skew", "fault-host-lost",
		"fault-message-delayed", "fault-message-dropped", "fault-message-duplicated",
		"fault-message-reordered", "faults-all-at-once", "flapping-faster-than-polls",
		"quarantine-is-of-one-closure", "refs-come-faster-than-waves", "retention-from-superseded",
		"superseded-mid-wave",
	} {
		traced := filepath.Join(dir, scenario+".ndjson")
		if code, _, errs := inProcess(t, "run", scenario, "-o", traced); code != exitHolds {
			t.Fatal(errs)
		}
		log := filepath.Join(dir, scenario+".log")
		args := append([]string{"replay", log, "--json"}, record(t, traced, log)...)
		code, out, errs := inProcess(t, args...)
		var found struct {
			Events      uint64 `json:"rollout_events"`
			Transitions struct{ Recorded, Reproduced uint64 }
			Groups      []struct{ Class, Title string }
		}
		if err := json.Unmarshal([]byte(out), &found); err != nil {
			t.Fatalf("%s: exit %d: %v\n%s", scenario, code, err, errs)
		}
		for _, g := range found.Groups {
			ahead := g.Title == "different time" && scenario == "fault-clock-skew" // by two minutes
			if g.Title != "stuck" && g.Title != "stranded" && !ahead {
				t.Errorf("%s: %s: %s", scenario, g.Class, g.Title)
			}
		}
		if n := found.Transitions; n.Recorded == 0 || n.Reproduced != n.Recorded || found.Events == 0 {
			t.Errorf("%s: %+v", scenario, found)
		}
	}
}

// record writes the log that a control plane would have recorded, and returns the flags for what
// the log does not have.
func record(t *testing.T, traced, log string) (flags []string) {
	t.Helper()
	data, err := os.ReadFile(traced)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	seq := 0
	for line := range strings.Lines(string(data)) {
		var e struct {
			Seq     int             `json:"seq"`
			TS      string          `json:"ts"`
			Kind    string          `json:"kind"`
			Host    *string         `json:"host"`
			Rollout *string         `json:"rollout"`
			Payload json.RawMessage `json:"payload"`
		}
		var payload struct {
			Effect, Machine string
			Channels        []struct{ Channel, OnHealthFailure string }
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(e.Payload, &payload); err != nil {
			t.Fatal(err)
		}
		switch e.Kind {
		case "header":
			flags = append(flags, "--machine", payload.Machine)
			for _, c := range payload.Channels {
				flags = append(flags, "--policy", c.Channel+"="+c.OnHealthFailure)
			}
			continue
		case "end", "fault", "rejection":
			continue
		}
		switch payload.Effect {
		case "UpdateCurrentWave", "InsertQuarantineFromRollout", "SchedulePruning":
			continue
		}
		seq++
		e.Seq = seq
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(text, '\n'))
	}
	if err := os.WriteFile(log, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return flags
}
