package report

import (
	"fmt"
	"strings"
	"testing"

	"rollsim/machine"
	"rollsim/suite/coverage"
)

// TestCoverageShare checks that a share is rounded down, so that only all cells are 100 %, and that
// traces do not count for the share of features.
func TestCoverageShare(t *testing.T) {
	table := machine.Tables()[0]
	cells := coverage.Cells(table)
	all := len(cells)
	for _, test := range []struct{ features, share int }{
		{0, 0}, {1, 100 / all}, {all/2 + 1, 100 * (all/2 + 1) / all}, {all - 1, 99}, {all, 100},
	} {
		reached := make(coverage.Set)
		for _, c := range cells[:test.features] {
			reached[c] = coverage.Seen{}
		}
		rest := make(coverage.Set)
		for _, c := range cells[test.features:] {
			rest[c] = coverage.Seen{}
		}
		sources := []coverage.Source{
			{Kind: coverage.Feature, Name: "a.feature:1",
				Reached: coverage.Recording{table.Name(): reached}},
			{Kind: coverage.Trace, Name: "b.ndjson", Reached: coverage.Recording{table.Name(): rest}},
		}
		var b strings.Builder
		s := coverage.Summarise(table, sources)
		err := Coverage(&b, []*coverage.Summary{s}, sources, "text", false)
		want := fmt.Sprintf("\n%s: %d of %d cells (100 %%) are exercised, by features %d of %d cells "+
			"(%d %%)\n", table.Name(), all, all, test.features, all, test.share)
		if err != nil || !strings.Contains(b.String(), want) {
			head, _, _ := strings.Cut(b.String(), "\n\n|")
			t.Errorf("%v, want %s in\n%.300s", err, want, head)
		}
	}
}
