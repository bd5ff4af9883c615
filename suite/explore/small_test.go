package explore

import (
	"context"
	"testing"
)

// TestShrinkFailures ends the search for small cases before it begins, and then lets it end.
func TestShrinkFailures(t *testing.T) {
	source := drawn(canary)
	r := sweep(t, &Sweep{Source: source, Seeds: Range{From: 1, To: 8}, Jobs: 2})
	failures := len(r.Failures())
	if failures < 2 || len(r.Kinds()) != failures {
		t.Fatalf("%d failures of %d kinds, want at least 2, each of its own kind", failures,
			len(r.Kinds()))
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := r.Shrink(ended, source, nil); err != nil {
		t.Fatal(err)
	}
	for _, g := range r.Failures() {
		small := g.First.Small
		if small == nil || small.Unfinished == "" || small.Scenario != "" ||
			small.Key != "unpruned/Superseded" {
			t.Errorf("a search that has not begun has the case %+v", small)
		}
	}
	if len(r.Kinds()) != failures {
		t.Error("failures whose cases are unfinished are of one kind")
	}
	same(t, "an unfinished result", encode(t, decode(t, encode(t, r))), encode(t, r))

	seen := 0
	if err := r.Shrink(t.Context(), source, func(int, int) { seen++ }); err != nil {
		t.Fatal(err)
	}
	kinds := r.Kinds()
	if seen != failures || len(kinds) != 1 || len(kinds[0]) != failures {
		t.Errorf("%d searches, and the failures are of the kinds %v, want all of one kind", seen, kinds)
	}
	before := encode(t, r)
	if err := r.Shrink(ended, source, nil); err != nil {
		t.Fatal(err)
	}
	same(t, "a finished result", encode(t, r), before)
}
