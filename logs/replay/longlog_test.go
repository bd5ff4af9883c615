package replay

import (
	"bytes"
	"reflect"
	"testing"

	"rollsim/internal/longlog"
)

// TestLongLog: a sample made longer, and with more hosts, replays as it did.
func TestLongLog(t *testing.T) {
	stuck := map[string]uint64{"invariant: stuck": 1}
	for _, c := range []struct {
		sample string
		copies int
		want   map[string]uint64
	}{
		{"sample-4", 1, stuck},
		{"sample-4", 3, stuck},
		{"sample-6", 1, map[string]uint64{}},
		{"sample-6", 3, map[string]uint64{}},
	} {
		short := plain(t, c.sample+".ndjson.gz")
		var long bytes.Buffer
		n, err := longlog.Write(&long, short, 3*c.copies*bytes.Count(short, []byte("\n")), c.copies)
		if err != nil {
			t.Fatal(err)
		}
		got, err := run(long.Bytes(), Options{})
		if err != nil || got.Entries != uint64(n) || got.Reproduced != got.Transitions ||
			len(got.Rollouts) < 3*8 {
			t.Errorf(
				"%s, %d copies: %d of %d entries, %d rollouts, %d of %d transitions: %v", c.sample, c.copies,
				got.Entries, n, len(got.Rollouts), got.Reproduced, got.Transitions, err,
			)
		}
		if counts := countedTitles(got); !reflect.DeepEqual(counts, c.want) {
			t.Errorf("%s, %d copies: %v, want "+
				"%v\n%s", c.sample, c.copies, counts, c.want, show(got.Findings))
		}
	}
}
