package explore

import "testing"

// TestSeedAfterAThousandOthers checks that seeds have the same fingerprint before and after many
// others, in another order and under another machine: what is reused from seed to seed keeps no
// state.
func TestSeedAfterAThousandOthers(t *testing.T) {
	source, other := drawn("rfc0008"), drawn("v0.2")
	fingerprintOf := func(s *Source, seed uint64) string {
		t.Helper()
		f, err := s.Fingerprint(t.Context(), seed)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	before := make(map[uint64]string)
	for seed := uint64(1); seed <= 20; seed++ {
		before[seed] = fingerprintOf(source, seed)
	}
	for seed := uint64(21); seed <= 1020; seed++ {
		fingerprintOf(source, seed)
	}
	for seed := uint64(1); seed <= 10; seed++ {
		fingerprintOf(other, seed)
	}
	for seed := uint64(20); seed >= 1; seed-- {
		if got := fingerprintOf(source, seed); got != before[seed] {
			t.Errorf("seed %d: the fingerprint is %s, and %s before the others", seed, got, before[seed])
		}
	}
}
