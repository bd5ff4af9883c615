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
		return Range{}, fmt.Errorf("seeds %q: expected one seed, or a range such as 1:10000 with "+
			"the first seed not above the last", s)
	}
	return Range{low, high}, nil
}

// Count returns the number of seeds.
func (r Range) Count() uint64 { return r.To - r.From + 1 }

// String returns the form that ParseRange reads.
func (r Range) String() string { return fmt.Sprintf("%d:%d", r.From, r.To) }

// Part returns the seeds of a shard. It reports false if the shard has none, because there are
// fewer seeds than shards.
func (r Range) Part(part shard.Shard) (Range, bool) {
	from, to := part.Span(r.Count())
	return Range{r.From + from, r.From + to - 1}, from < to
}

// ranges is a set of seeds: ranges in ascending order, with gaps between them.
type ranges []Range

func (rs ranges) count() uint64 {
	var sum uint64
	for _, r := range rs {
		sum += r.Count()
	}
	return sum
}

// unite returns the union. Its error names seeds that are in both.
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
				"seeds %v occur twice", Range{r.From, min(r.To, united[last].To)},
			)
		case last >= 0 && r.From == united[last].To+1:
			united[last].To = r.To
		default:
			united = append(united, r)
		}
	}
	return united, nil
}

// without returns r without the first range of rs, which must begin where r begins. It reports
// false if no seed is left.
func (r Range) without(rs ranges) (Range, bool) {
	if len(rs) == 0 {
		return r, true
	}
	r.From = rs[0].To + 1
	return r, r.From <= r.To
}

// String returns the ranges as a list.
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
