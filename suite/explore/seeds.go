package explore

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"rollsim/internal/shard"
)

// Range is the seeds from From to To, both included.
type Range struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to"` // at least From, and below the largest uint64
}

// ParseRange reads "from:to", or one seed.
func ParseRange(s string) (Range, error) {
	from, to, two := strings.Cut(s, ":")
	if !two {
		to = from
	}
	low, err := strconv.ParseUint(from, 10, 64)
	high, errTo := strconv.ParseUint(to, 10, 64)
	if err != nil || errTo != nil || low > high || high == math.MaxUint64 {
		return Range{}, fmt.Errorf("seeds %q: expected a range such as 1:10000, the first not above "+
			"the last, or one seed", s)
	}
	return Range{low, high}, nil
}

// Count tells how many seeds there are.
func (r Range) Count() uint64 { return r.To - r.From + 1 }

// String is the form that ParseRange reads.
func (r Range) String() string { return fmt.Sprintf("%d:%d", r.From, r.To) }

// Part returns the seeds of a shard; false when there are fewer seeds than shards and none is left
// for this one.
func (r Range) Part(part shard.Shard) (Range, bool) {
	from, to := part.Span(r.Count())
	return Range{r.From + from, r.From + to - 1}, from < to
}

// ranges are seeds in rising order, no two of them next to each other.
type ranges []Range

func (rs ranges) count() uint64 {
	var sum uint64
	for _, r := range rs {
		sum += r.Count()
	}
	return sum
}

// unite gives the seeds of both. The error says which are in both.
func (rs ranges) unite(others ranges) (ranges, error) {
	all := append(slices.Clone(rs), others...)
	slices.SortFunc(all, func(a, b Range) int {
		switch {
		case a.From < b.From:
			return -1
		case a.From > b.From:
			return 1
		}
		return 0
	})
	var united ranges
	for _, r := range all {
		last := len(united) - 1
		switch {
		case last >= 0 && r.From <= united[last].To:
			return nil, fmt.Errorf(
				"seeds %v are in more than one", Range{r.From, min(r.To, united[last].To)},
			)
		case last >= 0 && r.From == united[last].To+1:
			united[last].To = r.To
		default:
			united = append(united, r)
		}
	}
	return united, nil
}

// without gives what is left of a range once the seeds of rs, which begin where it begins, are
// taken away.
func (r Range) without(rs ranges) (Range, bool) {
	if len(rs) == 0 {
		return r, true
	}
	r.From = rs[0].To + 1
	return r, r.From <= r.To
}

// String lists the ranges.
func (rs ranges) String() string {
	if len(rs) == 0 {
		return "none"
	}
	words := make([]string, len(rs))
	for i, r := range rs {
		words[i] = r.String()
	}
	return strings.Join(words, ", ")
}
