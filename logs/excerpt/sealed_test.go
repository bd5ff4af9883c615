package excerpt_test

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"rollsim/logs/excerpt"
	"rollsim/reducer"
	"rollsim/trace"
)

// TestSimulated makes the trace of a simulation with machine v0.2 small: the specification answers
// its end otherwise. The excerpt has a header and checksums, which find a change.
func TestSimulated(t *testing.T) {
	text, err := os.ReadFile("testdata/simulated.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	log := redacted(t, slices.Collect(strings.Lines(string(text))))
	x, err := excerpt.Shrink(t.Context(), log, excerpt.Options{})
	if !errors.Is(err, excerpt.ErrNone) {
		t.Errorf("under the machine of its header: %+v, %v", x, err)
	}
	x, err = excerpt.Shrink(t.Context(), log, excerpt.Options{Machine: reducer.RFC0008()})
	if err != nil {
		t.Fatal(err)
	}
	if x.Key.String() != "finding:effect/missing-effect" ||
		x.After != (excerpt.Extent{Rollouts: 1, Hosts: 1, Entries: 10}) || x.Deciding != 8 ||
		len(x.Shown) != x.After.Entries {
		t.Errorf("%v: %v, entry %d of\n%s", x.Key, x.After, x.Deciding, strings.Join(x.Shown, "\n"))
	}
	if got := breaches(t, x.Log); len(got) > 0 {
		t.Errorf("the excerpt is not sealed: %v\n%s", got, x.Log)
	}
	changed := bytes.Replace(x.Log, []byte(`"to":"Soaking"`), []byte(`"to":"Failed"`), 1)
	if got := breaches(t, changed); len(got) == 0 {
		t.Errorf("no checksum finds a change of the excerpt\n%s", changed)
	}
}

// breaches reads the trace of a simulation and returns what its checksums find.
func breaches(t *testing.T, text []byte) []trace.Breach {
	t.Helper()
	r, err := trace.NewReader("the excerpt", bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trace.ReadAll(r); err != nil {
		t.Fatal(err)
	}
	if r.Header() == nil {
		t.Error("the excerpt has no header")
	}
	return r.Breaches()
}
