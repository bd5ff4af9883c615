package plural

import (
	"math"
	"testing"
)

func TestCount(t *testing.T) {
	for _, c := range []struct {
		n    int
		noun string
		want string
	}{
		{1, "host", "1 host"},
		{0, "host", "0 hosts"},
		{2, "host", "2 hosts"},
		{1, "entry", "1 entry"},
		{2, "entry", "2 entries"},
		{2, "rollout event", "2 rollout events"},
	} {
		if got := Count(c.n, c.noun); got != c.want {
			t.Errorf("Count(%d, %q) = %q; want %q", c.n, c.noun, got, c.want)
		}
	}
	if got, want := Count(uint64(math.MaxUint64), "step"), "18446744073709551615 steps"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
}
