package explore

import (
	"testing"

	"rollsim/controlplane"
	"rollsim/sim"
	"rollsim/trace"
)

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

// TestMemoryKeepsNoState compares runs that use the memory of one another with runs that use none.
func TestMemoryKeepsNoState(t *testing.T) {
	memory := new(sim.Memory)
	for seed := uint64(40); seed >= 1; seed-- {
		source := drawn("rfc0008")
		if seed%8 == 0 {
			source.ControlPlane = controlplane.Shipped
		}
		sc, m, err := source.Scenario(seed, 0)
		if err != nil {
			t.Fatal(err)
		}
		var digests [2]trace.Digest
		for i, used := range []*sim.Memory{memory, nil} {
			_, err := sim.Run(sc, sim.Options{
				Machine: m, Seed: seed, Sink: &digests[i], Refold: true, Memory: used,
			})
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		if got, want := digests[0].Sum(), digests[1].Sum(); got != want {
			t.Errorf("seed %d: the digest is %s with the memory of another run, want %s", seed, got, want)
		}
	}
}
