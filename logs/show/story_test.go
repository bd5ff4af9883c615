package show

import (
	"slices"
	"testing"

	"rollsim/reducer"
)

// TestStory adds the rows of an evening: the failures, openings and first decisions of gates are
// kept, the steps of switches that succeed are counted.
func TestStory(t *testing.T) {
	rows, _, err := sample(t, Filter{})
	if err != nil {
		t.Fatal(err)
	}
	var s Story
	for i := range rows {
		s.Add(&rows[i])
	}
	if s.Read != 5151 || s.Repeated < 4000 || len(s.Rows) != 52 || s.More != 0 {
		t.Errorf("%d rows, %d repeated, %d kept, %d more", s.Read, s.Repeated, len(s.Rows), s.More)
	}
	if got := s.Channels(); !slices.Equal(got, []reducer.ChannelID{"edge", "kiosk", "stable"}) {
		t.Errorf("channels %v", got)
	}
	first := *s.Rollouts[0]
	if len(s.Rollouts) != 12 || first.Channel != "stable" || !first.Opened || first.Converged != 2 ||
		first.Failed != 0 || first.Blocked != 1693 || first.Sent != 0 {
		t.Errorf("%d rollouts, the first is %+v", len(s.Rollouts), first)
	}
	if edge := *s.Rollouts[1]; edge.Failed != 1 || edge.Reverted != 1 || edge.Converged != 2 {
		t.Errorf("edge: %+v", edge)
	}
	checkKept(t, &s)
}

// checkKept checks which rows are kept.
func checkKept(t *testing.T, s *Story) {
	t.Helper()
	seqs := make(map[uint64]bool)
	for i := range s.Rows {
		seqs[s.Rows[i].Seq] = true
	}
	for seq, want := range map[uint64]bool{
		1: true, 29: true, 30: false, 33: true, 34: false, 2: false, 3: false, 49: true, 2905: true,
	} {
		if seqs[seq] != want {
			t.Errorf("entry %d is kept: %v", seq, seqs[seq])
		}
	}
}

// TestLongStory: of a long story the first rows are kept, and the others counted.
func TestLongStory(t *testing.T) {
	var s Story
	for i := range uint64(maxStoryRows + 3) {
		seq := i + 1
		s.Add(&Row{Seq: 2 * seq, Gap: Gap{From: 2*seq - 1, To: 2*seq - 1}})
	}
	if len(s.Rows) != maxStoryRows || s.More != 3 {
		t.Errorf("%d rows are kept, and %d more counted", len(s.Rows), s.More)
	}
	// A stretch without entries, and one that lacks some.
	var none Story
	if none.Channels() != nil || none.Rollouts != nil {
		t.Error("an empty story has channels")
	}
	none.Add(&Row{Seq: 9, Gap: Gap{From: 2, To: 8}})
	if len(none.Rows) != 1 || len(none.Rollouts) != 0 {
		t.Errorf("a gap: %v", none.Rows)
	}
}
