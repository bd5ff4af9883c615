package story

import (
	"cmp"
	"slices"
	"strings"

	"rollsim/internal/nearest"
)

// editDistance returns how many tokens of one sentence must be inserted, removed or replaced for
// another one. A replacement by a similar word counts for less, an article hardly.
func editDistance(from, to []string) float64 {
	row := make([]float64, len(to)+1)
	for j, t := range to {
		row[j+1] = row[j] + tokenCost(t)
	}
	for _, f := range from {
		diagonal := row[0]
		row[0] += tokenCost(f)
		for j, t := range to {
			replaced := diagonal + replaceCost(f, t)
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+tokenCost(t), row[j+1]+tokenCost(f))
		}
	}
	return row[len(to)]
}

func tokenCost(t string) float64 {
	if articles[t] {
		return 0.1
	}
	return 1
}

// replaceCost returns the share of a word that differs from another one, or 1 if more than half of
// it does.
func replaceCost(from, to string) float64 {
	if from == to {
		return 0
	}
	a, b := []rune(strings.ToLower(from)), []rune(strings.ToLower(to))
	longer := max(len(a), len(b))
	if 2*min(len(a), len(b)) < longer {
		return 1
	}
	d := nearest.Distance(a, b)
	if 2*d > longer {
		return 1
	}
	return float64(max(d, 1)) / float64(longer)
}

// A likelyStep is a step, and the least editDistance that a sentence of it can have.
type likelyStep struct {
	*step
	least float64
}

// likely returns the steps for which the distance from a sentence may be small, the smallest first.
// Any variant of a step has the words of its shortest one, and each of them is the replacement of
// some token, or inserted.
func (v vocabulary) likely(typed []string) []likelyStep {
	var all []likelyStep
	for _, s := range v {
		if s.wraps {
			continue // any sentence may be its value
		}
		l := likelyStep{step: s}
		for _, p := range variantsOf(s.words)[0] {
			cost := 1.0
			for _, word := range p.words {
				cost = min(cost, tokenCost(word))
				for _, t := range typed {
					cost = min(cost, replaceCost(t, word))
				}
			}
			if p.words != nil {
				l.least += cost
			}
		}
		all = append(all, l)
	}
	slices.SortStableFunc(all, func(a, b likelyStep) int { return cmp.Compare(a.least, b.least) })
	return all
}
