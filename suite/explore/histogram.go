package explore

import (
	"math/bits"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Histogram counts non-negative integers in fixed buckets. Its size is bounded, and the sum of two
// histograms equals one histogram of all numbers. Each number below 128 has its own bucket. The
// width of the other buckets is at most 1/64 of their numbers.
type Histogram struct {
	counts map[uint16]uint64 // by bucket
	count  uint64
	max    int64 // exact
}

// bucketBits sets the number of buckets for each doubling: 2^bucketBits.
const bucketBits = 6

// bucketOf returns the bucket of a number. Buckets are in the order of their numbers.
func bucketOf(v int64) uint16 {
	if v < 2<<bucketBits {
		return uint16(v)
	}
	shift := bits.Len64(uint64(v)) - bucketBits - 1
	return uint16(shift<<bucketBits) + uint16(v>>shift)
}

// floor returns the least number of a bucket.
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

// A Bar is a part of a histogram: the numbers of consecutive buckets.
type Bar struct {
	From  int64 // the least number of its first bucket
	Count uint64
}

// Bars returns the histogram as at most n bars. Each bar has the same number of buckets, so that
// the scale is nearly logarithmic. It returns nil for an empty histogram.
func (h *Histogram) Bars(n int) []Bar {
	all := h.buckets()
	if len(all) == 0 {
		return nil
	}
	first := int(all[0])
	width := (int(all[len(all)-1])-first)/n + 1
	bars := make([]Bar, (int(all[len(all)-1])-first)/width+1)
	for i := range bars {
		bars[i].From = floor(uint16(first + i*width))
	}
	for _, b := range all {
		bars[(int(b)-first)/width].Count += h.counts[b]
	}
	return bars
}

// Count returns how many numbers were counted.
func (h *Histogram) Count() uint64 { return h.count }

// Max returns the largest number, or 0 for an empty histogram.
func (h *Histogram) Max() int64 { return h.max }

// Quantile returns the quantile p, which is from 0 to 1. The result is the least number of its
// bucket and so at most 1/64 too low. Every quantile of an empty histogram is 0.
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
