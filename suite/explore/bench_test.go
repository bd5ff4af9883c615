package explore

import "testing"

// BenchmarkSeed runs one seed after the other, as one worker of a sweep does.
func BenchmarkSeed(b *testing.B) {
	s := drawn("rfc0008")
	b.ReportAllocs()
	seed, entries := uint64(0), uint64(0)
	for b.Loop() {
		all, err := s.runAll(b.Context(), seed)
		if err != nil {
			b.Fatal(err)
		}
		seed++
		entries += all[0].entries
		release(all)
	}
	b.ReportMetric(float64(seed)/b.Elapsed().Seconds(), "seeds/s")
	b.ReportMetric(float64(entries)/b.Elapsed().Seconds(), "entries/s")
}
