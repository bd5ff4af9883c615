package timeline_test

import (
	"bytes"
	"slices"
	"testing"

	"rollsim/internal/longlog"
	"rollsim/reducer"
	"rollsim/timeline"
	"rollsim/trace"
)

// unfinished returns the short ids of the rollouts that are unfinished at a cursor, with a + where
// the channel was set back to it.
func unfinished(c *timeline.Cursor) []string {
	var all []string
	for _, r := range c.Snapshot().Rollouts {
		if r.Unfinished() {
			id := string(timeline.ShortID(r.Record.RolloutID))
			if r.SetBack() {
				id += "+"
			}
			all = append(all, id)
		}
	}
	return all
}

// TestUnfinished names the rollouts of a production log that are unfinished at its end, which its
// source knows: one that has failed, and the one before it, to which its channel was set back.
func TestUnfinished(t *testing.T) {
	data, err := longlog.Read("../logs/replay/testdata/shipped-11.ndjson.gz")
	if err != nil {
		t.Fatal(err)
	}
	r, err := trace.NewReader("shipped-11", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	x, err := timeline.Build(r, timeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := x.Cursor()
	c.Go(x.Len())
	if got := unfinished(c); !slices.Equal(got, []string{"stable@e9b95c3+", "stable@242bdc0"}) {
		t.Errorf("unfinished: %v", got)
	}
	failed := c.Snapshot().Find("stable@242bdc0653f07cf27b03e264610fcb34837e55f9")
	back := c.Snapshot().Find("stable@e9b95c3f8434783541b48439893efbe90ac27651")
	if failed == nil || back == nil || failed.Planned || !back.Planned ||
		failed.PlannedAt != back.PlannedAt {
		t.Errorf("the planner: %+v, %+v", failed, back)
	}
}

// TestSetBack sets a channel back to a rollout that has not converged, and forth again.
func TestSetBack(t *testing.T) {
	x := simulateText(t, `control_plane: shipped
machine: v0.2
horizon: 4h
channels:
  - {name: stable, waves: [{hosts: 1, soak: 10m}, {hosts: 1, soak: 10m}]}
timeline:
  - {at: 0s, channel: stable, ref: a1}
  - {at: 1m, channel: stable, ref: b2}
  - {at: 2m, channel: stable, ref: a1}
  - {at: 3m, channel: stable, ref: b2}
`)
	start := x.Start()
	c := x.Cursor()
	for _, at := range []struct {
		seconds reducer.Time
		want    []string
	}{
		{59, []string{"stable@a1"}},
		{119, []string{"stable@b2"}}, // nothing plans a1
		{179, []string{"stable@a1+", "stable@b2"}},
		{235, []string{"stable@b2"}},
		{4 * 3600, nil},
	} {
		c.GoTime(start + at.seconds*1e9)
		if got := unfinished(c); !slices.Equal(got, at.want) {
			t.Errorf("after %d s: %v, want %v", at.seconds, got, at.want)
		}
	}
}
