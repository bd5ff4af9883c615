package replay

import (
	"testing"

	"rollsim/trace"
)

// TestOrder: entries in order are no finding; missing, repeated and misplaced ones are, and only
// those that were not seen before are replayed.
func TestOrder(t *testing.T) {
	const shown = "2026-05-16T01:00:00Z  other" +
		"                                  -                       -"
	for _, c := range []struct {
		name    string
		seqs    []uint64
		skipped int // that are not to be replayed
		want    []string
	}{
		{"in order", []uint64{1, 2, 3}, 0, nil},
		{"from the middle", []uint64{7, 8}, 0, nil},
		{"a gap", []uint64{1, 4}, 0, []string{
			"log 2 missing entry (entries 2 to 3 are missing before entry 4)"}},
		{"a gap of one", []uint64{1, 3}, 0, []string{
			"log 2 missing entry (entry 2 is missing before entry 3)"}},
		{"filled late", []uint64{1, 3, 2, 4}, 0, []string{
			"log 2 misplaced entry: " + shown + " /  (entry 2 stands after entry 3)"}},
		{"twice", []uint64{1, 2, 2, 3}, 1, []string{
			"log 2 repeated entry: " + shown + " /  (entry 2 stands in the log twice)"}},
		{"before the first", []uint64{5, 6, 4}, 1, []string{
			"log 4 misplaced entry: " + shown + " /  (entry 4 stands after entry 6, and the log begins " +
				"with entry 5)"}},
		{"a run", []uint64{1, 5, 2, 3, 4, 6}, 0, []string{
			"log 2 misplaced entry: " + shown + " /  (entries 2 to 4 stand after entry 5)"}},
		{"two runs", []uint64{1, 2, 3, 1, 3}, 2, []string{
			"log 1 repeated entry: " + shown + " /  (entry 1 stands in the log twice)",
			"log 3 repeated entry: " + shown + " /  (entry 3 stands in the log twice)"}},
	} {
		f := newFixture(t)
		o := orderChecker{cursor: &f.cursor, evidence: &f.evidence, findings: &f.findings}
		skipped := 0
		for _, seq := range c.seqs {
			e := f.read(trace.Entry{Seq: seq, Kind: trace.KindOther})
			if !o.check(e) {
				skipped++
				continue
			}
			f.cursor.finish(e)
		}
		t.Run(c.name, func(t *testing.T) {
			f.t = t
			f.want(c.want...)
			if skipped != c.skipped {
				t.Errorf("%d entries are not to be replayed, want %d", skipped, c.skipped)
			}
			if f.evidence.trimmed != (c.seqs[0] > 1) {
				t.Errorf("trimmed is %v", f.evidence.trimmed)
			}
		})
	}
}

// TestOrderWatchesFewGaps: of very many gaps the first ones are no longer watched.
func TestOrderWatchesFewGaps(t *testing.T) {
	f := newFixture(t)
	o := orderChecker{cursor: &f.cursor, evidence: &f.evidence, findings: &f.findings}
	for i := range uint64(maxGaps + 2) {
		o.check(f.read(trace.Entry{Seq: 2*i + 1}))
	}
	if o.check(f.read(trace.Entry{Seq: 2})) || len(o.gaps) != maxGaps {
		t.Errorf("%d gaps are watched", len(o.gaps))
	}
	if !o.check(f.read(trace.Entry{Seq: 4})) {
		t.Error("the second gap is not watched")
	}
}
