package explore

import (
	"math/bits"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Histogram counts whole numbers from 0 up in buckets that are fixed, so that its size is bounded
// and adding two up gives what one of all numbers would be. Numbers below 128 have a bucket each;
// above, a bucket is at most 1/64 of its numbers wide.
type Histogram struct {
	counts map[uint16]uint64 // by bucket
	count  uint64
	max    int64 // exact
}

// bucketBits sets how fine the buckets are: 2^bucketBits to each doubling.
const bucketBits = 6

// bucketOf gives the bucket of a number. Buckets are in the order of their numbers.
func bucketOf(v int64) uint16 {
	if v < 2<<bucketBits {
		return uint16(v)
	}
	shift := bits.Len64(uint64(v)) - bucketBits - 1
	return uint16(shift<<bucketBits) + uint16(v>>shift)
}

// floor gives the least number of a bucket.
func floor(bucket uint16) int64 {
	if bucket < 2<<bucketBits {
		return int64(bucket)
	}
	shift := bucket>>bucketBits - 1
	return int64(bucket-shift<<bucketBits) << shift
}

func (h *Histogram) observe(v int64) { h.put(v, 1) }

func (h *Histogram) put(v int64, n uint64) {
	if h.counts == nil {
		h.counts = make(map[uint16]uint64)
	}
	h.counts[bucketOf(v)] += n
	h.count += n
	h.max = max(h.max, v)
}

func (h *Histogram) add(other *Histogram) {
	for _, b := range other.buckets() {
		h.put(floor(b), other.counts[b])
	}
	h.max = max(h.max, other.max)
}

func (h *Histogram) buckets() []uint16 {
	all := make([]uint16, 0, len(h.counts))
	for b := range h.counts {
		all = append(all, b)
	}
	slices.Sort(all)
	return all
}

// Count tells how many numbers were counted.
func (h *Histogram) Count() uint64 { return h.count }

// Max is the largest number; 0 when there is none.
func (h *Histogram) Max() int64 { return h.max }

// Quantile gives the number that a part of all is at most as large as: the least number of its
// bucket, so at most 1/64 below the truth. p is from 0 to 1; of nothing every quantile is 0.
func (h *Histogram) Quantile(p float64) int64 {
	if h.count == 0 {
		return 0
	}
	buckets := h.buckets()
	values, weights := make([]float64, len(buckets)), make([]float64, len(buckets))
	for i, b := range buckets {
		values[i], weights[i] = float64(floor(b)), float64(h.counts[b])
	}
	return int64(stat.Quantile(p, stat.Empirical, values, weights))
}
