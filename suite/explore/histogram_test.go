package explore

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestBucketsAreInOrderAndNarrow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Int64Range(0, math.MaxInt64-1).Draw(t, "v")
		b := bucketOf(v)
		low := floor(b)
		if low > v || bucketOf(low) != b {
			t.Fatalf("%d is in bucket %d, whose least number is %d, of bucket %d", v, b, low, bucketOf(low))
		}
		if float64(v-low) > float64(v)/64 {
			t.Fatalf("bucket %d holds %d and %d: too wide", b, low, v)
		}
		if next := bucketOf(v + 1); next != b && (next != b+1 || floor(next) != v+1) {
			t.Fatalf("%d is in bucket %d, %d in bucket %d from %d", v, b, v+1, next, floor(next))
		}
	})
}

// TestBars compares the bars of a histogram with its numbers, and with the number of bars.
func TestBars(t *testing.T) {
	var empty Histogram
	if bars := empty.Bars(8); bars != nil {
		t.Errorf("an empty histogram has bars: %v", bars)
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 70).Draw(t, "n")
		var h Histogram
		numbers := rapid.SliceOfN(rapid.Int64Range(0, 1<<40), 1, 100).Draw(t, "numbers")
		for _, v := range numbers {
			h.observe(v)
		}
		bars := h.Bars(n)
		if len(bars) > n || bars[0].Count == 0 || bars[len(bars)-1].Count == 0 {
			t.Fatalf("%d bars, want %d at most, and a first and a last one that are not empty: %v",
				len(bars), n, bars)
		}
		for i, b := range bars {
			want := uint64(0)
			for _, v := range numbers {
				if v >= b.From && (i == len(bars)-1 || v < bars[i+1].From) {
					want++
				}
			}
			if b.Count != want {
				t.Fatalf("bar %d from %d counts %d of %v, want %d", i, b.From, b.Count, numbers, want)
			}
		}
	})
}

// TestQuantiles compares a histogram, and the sum of two histograms of its parts, with the numbers.
func TestQuantiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOfN(rapid.Int64Range(0, 1_000_000), 1, 200).Draw(t, "numbers")
		var whole, left, right Histogram
		for i, v := range numbers {
			whole.observe(v)
			if i%3 == 0 {
				left.observe(v)
			} else {
				right.observe(v)
			}
		}
		left.add(&right)
		slices.Sort(numbers)
		for _, p := range []float64{0, 0.5, 0.9, 0.99, 1} {
			at := max(0, int(math.Ceil(p*float64(len(numbers))))-1)
			want := floor(bucketOf(numbers[at]))
			if got := whole.Quantile(p); got != want {
				t.Fatalf("quantile %v is %d, want %d of %v", p, got, want, numbers)
			}
			if whole.Quantile(p) != left.Quantile(p) || whole.Max() != left.Max() ||
				whole.Count() != left.Count() {
				t.Fatalf("quantile %v is %d of the whole and %d of the parts",
					p, whole.Quantile(p), left.Quantile(p))
			}
		}
	})
}
