package trace

import (
	"fmt"
	"strings"
)

const (
	diffContext   = 3  // lines shown before the first difference
	diffShown     = 24 // differing lines after which no further place is shown
	diffLookahead = 8  // how far lines are searched that were inserted or removed
)

// Diff shows where two texts differ from their first difference on: a few lines before it, then
// lines that only want has after "-" and lines that only got has after "+", each with its line
// number, and how many lines differ in all. It is empty when the texts are equal. It takes linear
// time; in exchange, lines that moved far count as changed.
func Diff(want, got string) string {
	if want == got {
		return ""
	}
	w, g := splitLines(want), splitLines(got)
	first := 0
	for first < len(w) && first < len(g) && w[first] == g[first] {
		first++
	}
	var b strings.Builder
	fmt.Fprintf(&b, "first difference at line %d\n", first+1)
	for i := max(0, first-diffContext); i < first; i++ {
		fmt.Fprintf(&b, "  %5d  %s\n", i+1, w[i])
	}

	var removed, added, hidden int
	show := func(sign byte, lines []string, from, n int) {
		for k := from; k < from+n; k++ {
			fmt.Fprintf(&b, "%c %5d  %s\n", sign, k+1, lines[k])
		}
	}
	for i, j := first, first; i < len(w) || j < len(g); {
		if i < len(w) && j < len(g) && w[i] == g[j] {
			i++
			j++
			continue
		}
		di, dj := resync(w[i:], g[j:])
		if removed+added < diffShown {
			show('-', w, i, di)
			show('+', g, j, dj)
		} else {
			hidden += di + dj
		}
		removed, added = removed+di, added+dj
		i, j = i+di, j+dj
	}
	if hidden > 0 {
		fmt.Fprintf(&b, "… and %d more lines\n", hidden)
	}
	fmt.Fprintf(
		&b, "in all %s missing (-) and %s new (+)\n", count(removed, "line is", "lines are"),
		count(added, "is", "are"),
	)
	return b.String()
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// resync finds how many lines to pass over on either side until the texts agree again, looking only
// a little ahead: the fewest lines, and an equal number on both sides before any other.
func resync(w, g []string) (di, dj int) {
	for n := 1; n <= diffLookahead; n++ {
		if agree(w, g, n, n) {
			return n, n
		}
		for m := n - 1; m >= 0; m-- {
			if agree(w, g, n, m) {
				return n, m
			}
			if agree(w, g, m, n) {
				return m, n
			}
		}
	}
	return min(len(w), diffLookahead), min(len(g), diffLookahead)
}

// agree tells whether the texts agree again after i lines of one and j of the other: both end, or
// the next line is equal.
func agree(w, g []string, i, j int) bool {
	if i >= len(w) || j >= len(g) {
		return i == len(w) && j == len(g)
	}
	return w[i] == g[j]
}

// splitLines cuts a text into lines. A last line without an end shows it.
func splitLines(s string) []string {
	if s == "" {
		return nil
	}
	lines := strings.Split(s, "\n")
	last := len(lines) - 1
	if lines[last] == "" {
		return lines[:last]
	}
	lines[last] += " (without end of line)"
	return lines
}
