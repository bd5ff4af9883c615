package excerpt

import (
	"testing"

	"rollsim/logs/replay"
	"rollsim/reducer"
)

// TestMove moves the seqs in columns of derived tables after the entries 2, 3 and 5 were removed.
func TestMove(t *testing.T) {
	gone := numbers{2, 3, 5}
	null := reducer.Opt[int64]{}
	for seq, want := range map[int64]reducer.Opt[int64]{
		-1: reducer.Some(int64(-1)), 0: reducer.Some(int64(0)), 1: reducer.Some(int64(1)), 2: null,
		3: null, 4: reducer.Some(int64(2)), 5: null, 6: reducer.Some(int64(3)),
		99: reducer.Some(int64(96)),
	} {
		if got := gone.move(reducer.Some(seq)); got != want {
			t.Errorf("%d becomes %+v, want %+v", seq, got, want)
		}
	}
	if got := (numbers{0}).move(null); got != null {
		t.Errorf("NULL becomes %+v", got)
	}
}

// TestOtherDifference checks which findings about derived tables are the one to keep: neither
// another difference of its row, nor any with a difference that the log did not have.
func TestOtherDifference(t *testing.T) {
	differs := func(rollout reducer.RolloutID, recorded string) replay.Finding {
		return replay.Finding{
			Class: replay.Derived, Kind: replay.Different, What: "rollouts row", Rollout: rollout,
			Recorded: recorded, Expected: "state Active",
		}
	}
	kept := differs("stable@a1", "state Failed, opened_event_log_seq 12")
	other := differs("stable@b2", "state Failed")
	group := replay.Group{Class: kept.Class, Title: kept.Title()}
	s := &search{
		target: targetOf(&kept, nil), causes: causesOf(&kept), counts: map[replay.Group]uint64{group: 2},
		known: map[target]bool{targetOf(&kept, nil): true, targetOf(&other, nil): true},
	}
	moved := differs("stable@a1", "state Failed, opened_event_log_seq 2")
	for name, c := range map[string]struct {
		findings []replay.Finding
		want     bool
	}{
		"the same":               {[]replay.Finding{kept}, true},
		"another seq":            {[]replay.Finding{moved}, true},
		"with another known one": {[]replay.Finding{other, kept}, true},
		"only another one":       {[]replay.Finding{other}, false},
		"another state":          {[]replay.Finding{differs("stable@a1", "state Terminal")}, false},
		"with a new one":         {[]replay.Finding{kept, differs("stable@b2", "state Pruned")}, false},
		"none":                   {nil, false},
	} {
		result := &replay.Result{Findings: c.findings}
		if n := uint64(len(c.findings)); n > 0 {
			result.Groups = []replay.Group{{Class: group.Class, Title: group.Title, Count: n}}
		}
		if got := s.find(result, nil); (got != nil) != c.want {
			t.Errorf("%s: found %+v", name, got)
		}
	}
}
