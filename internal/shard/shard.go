// Package shard divides work among machines: each takes one shard, and the shards together are the
// whole.
package shard

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// Shard is part I of N, counted from 1. The zero value is the whole.
type Shard struct{ I, N int }

// Parse reads "i/n" with 1 ≤ i ≤ n.
func Parse(s string) (Shard, error) {
	part, of, _ := strings.Cut(s, "/")
	i, errI := strconv.ParseUint(part, 10, 31)
	n, errN := strconv.ParseUint(of, 10, 31)
	if errI != nil || errN != nil || i == 0 || i > n {
		return Shard{}, fmt.Errorf("shard %q: expected i/n with 1 ≤ i ≤ n, such as 1/4", s)
	}
	return Shard{int(i), int(n)}, nil
}

// ParseIndexed reads what Parse reads, and "auto/n", which is part index+1 of n. index is the
// JOB_COMPLETION_INDEX that Kubernetes sets in each pod of an Indexed Job.
func ParseIndexed(s, index string) (Shard, error) {
	of, auto := strings.CutPrefix(s, "auto/")
	if !auto {
		shard, err := Parse(s)
		if err != nil {
			err = fmt.Errorf("%w, or auto/4", err)
		}
		return shard, err
	}
	n, err := strconv.ParseUint(of, 10, 31)
	if err != nil || n == 0 {
		return Shard{}, fmt.Errorf("shard %q: expected auto/n with n at least 1, such as auto/4", s)
	}
	i, err := strconv.ParseUint(index, 10, 31)
	if err != nil || i >= n {
		return Shard{}, fmt.Errorf("shard %q: JOB_COMPLETION_INDEX is %q, expected a number from 0 to %d",
			s, index, n-1)
	}
	return Shard{int(i) + 1, int(n)}, nil
}

// Has reports whether the shard has the item at an index, counted from 0. Shards take turns:
// neighbouring items often cost about the same, so each shard gets some of them.
func (s Shard) Has(index int) bool { return s.N == 0 || index%s.N == s.I-1 }

// Span returns the shard's run of count items as the half-open interval [from, to). The shards'
// runs follow each other, and their lengths differ by at most one.
func (s Shard) Span(count uint64) (from, to uint64) {
	if s.N == 0 {
		return 0, count
	}
	return s.end(s.I-1, count), s.end(s.I, count)
}

// end returns where the run of the i-th shard ends.
func (s Shard) end(i int, count uint64) uint64 {
	high, low := bits.Mul64(count, uint64(i))
	end, _ := bits.Div64(high, low, uint64(s.N))
	return end
}
