package explore

import (
	"math/bits"
	"math/rand/v2"

	"github.com/cespare/xxhash/v2"
)

// stream is the random stream for one purpose under one seed. Each purpose has its own stream, so
// that one more draw for the hosts does not change the faults.
type stream struct{ source rand.PCG }

func newStream(seed uint64, purpose string) *stream {
	s := new(stream)
	s.source.Seed(seed, xxhash.Sum64String(purpose))
	return s
}

// below draws from 0 to n-1. The probabilities differ by less than 2⁻³².
func (s *stream) below(n int) int {
	high, _ := bits.Mul64(s.source.Uint64(), uint64(n))
	return int(high)
}

// between draws from low to high, both included.
func (s *stream) between(low, high int) int { return low + s.below(high-low+1) }

// chance draws true with a probability of perMille out of 1000.
func (s *stream) chance(perMille int) bool { return s.below(1000) < perMille }

// pick draws an element.
func pick[T any](s *stream, from []T) T { return from[s.below(len(from))] }
