package picture

import (
	"math"
	"slices"
	"sort"

	"rollsim/reducer"
)

// scale assigns an x to each time. The width of the time between two times of the picture grows
// with its cube root, so that seconds in which much happens and days in which nothing happens are
// both visible. Long idle times are listed in idle, to be marked.
type scale struct {
	times []reducer.Time // in order, each once
	at    []int          // the x of each, in 1/16 pixels from the left
	idle  []idle
}

// idle is a time in which nothing happens, much longer than most others.
type idle struct {
	from, to reducer.Time
	x, width int // in pixels
}

const (
	subpixels = 16
	maxShare  = 6
	idleRatio = 40 // how much longer than the median an idle time is
	idleWidth = 12 // the least width at which it is marked
	idleLeast = reducer.Time(60_000_000_000)
)

// newScale returns a scale of some times, in order and each once, for a width in pixels.
func newScale(times []reducer.Time, left, width int) *scale {
	s := &scale{times: times, at: make([]int, len(times))}
	if len(times) == 0 {
		return s
	}
	roots := make([]int, len(times)-1)
	lengths := make([]reducer.Time, len(roots))
	for i := range roots {
		lengths[i] = times[i+1] - times[i]
		roots[i] = cubeRoot(uint64(lengths[i]) / 1000)
	}
	// No gap may take most of the width: a few take up to two fifths, many up to a sixth.
	most := width * subpixels * 2 / 5
	if n := len(roots); n > maxShare {
		most = width * subpixels / maxShare
	} else if n > 0 {
		most = max(most, width*subpixels/n)
	}
	// the factor with which everything just fits, in 1/65536
	factor := sort.Search(math.MaxInt32, func(k int) bool {
		sum := 0
		for _, r := range roots {
			sum += widthOf(r, k, most)
		}
		return sum > width*subpixels
	}) - 1
	least := longest(lengths)
	x := 0
	for i, r := range roots {
		s.at[i] = left*subpixels + x
		w := widthOf(r, factor, most)
		if lengths[i] >= least {
			from, to := s.at[i]/subpixels, (s.at[i]+w)/subpixels
			if to-from >= idleWidth {
				s.idle = append(s.idle, idle{times[i], times[i+1], from, to - from})
			}
		}
		x += w
	}
	s.at[len(roots)] = left*subpixels + x
	return s
}

// widthOf returns the width of a gap in subpixels.
func widthOf(root, factor, most int) int {
	return int(min(int64(most), int64(root)*int64(factor)>>16)) // int may have 32 bits
}

// longest returns from which length on a gap counts as idle.
func longest(lengths []reducer.Time) reducer.Time {
	if len(lengths) == 0 {
		return idleLeast
	}
	sorted := slices.Clone(lengths)
	slices.Sort(sorted)
	return max(idleLeast, sorted[len(sorted)/2]*idleRatio)
}

// cubeRoot returns the integer part of the cube root.
func cubeRoot(v uint64) int {
	return sort.Search(1<<21, func(r int) bool { return uint64(r)*uint64(r)*uint64(r) > v }) - 1
}

// x returns the x of a time in pixels. A time between two times of the scale is where it would be
// if they were to scale.
func (s *scale) x(t reducer.Time) int {
	i, found := slices.BinarySearch(s.times, t)
	switch {
	case found:
		return s.at[i] / subpixels
	case i == 0 || i == len(s.times):
		return s.at[min(i, len(s.at)-1)] / subpixels
	}
	const unit = 1_000_000 // so that the product with a width does not overflow
	from, to := s.times[i-1], s.times[i]
	part := int64(t-from) / unit * int64(s.at[i]-s.at[i-1]) / max(1, int64(to-from)/unit)
	return (s.at[i-1] + int(part)) / subpixels
}
