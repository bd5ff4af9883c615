package explore

import (
	"math/bits"
	"math/rand/v2"

	"github.com/cespare/xxhash/v2"
)

// stream draws what one purpose of one seed needs. Purposes have streams of their own, so that one
// more draw for the hosts does not change the faults.
type stream struct{ source *rand.PCG }

func newStream(seed uint64, purpose string) *stream {
	return &stream{rand.NewPCG(seed, xxhash.Sum64String(purpose))}
}

// below draws from 0 to n-1, all as likely but for 2⁻³².
func (s *stream) below(n int) int {
	high, _ := bits.Mul64(s.source.Uint64(), uint64(n))
	return int(high)
}

// between draws from low to high, both included.
func (s *stream) between(low, high int) int { return low + s.below(high-low+1) }

// chance comes true so many times in a thousand.
func (s *stream) chance(perMille int) bool { return s.below(1000) < perMille }

func pick[T any](s *stream, from []T) T { return from[s.below(len(from))] }
