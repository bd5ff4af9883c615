package trace

import (
	"fmt"
	"strings"
)

const (
	diffContext   = 3  // lines shown before the first difference
	diffShown     = 24 // differing lines after which no further difference is shown
	diffLookahead = 8  // the number of lines within which the next equal ones are searched
)

// Diff returns how two texts differ, from their first difference on: a few lines before it, the
// lines that only want has, marked "-", the lines that only got has, marked "+", each with its line
// number, and the number of lines that differ. It returns an empty string when the texts are equal.
// It runs in linear time, and in exchange treats lines that moved far as changed.
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

// resync returns how many lines to skip on either side until the texts agree again, within
// diffLookahead lines. It prefers the fewest lines, and an equal number on both sides.
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

// agree reports whether the texts agree after i lines of one and j of the other: both end there, or
// their next lines are equal.
func agree(w, g []string, i, j int) bool {
	if i >= len(w) || j >= len(g) {
		return i == len(w) && j == len(g)
	}
	return w[i] == g[j]
}

// splitLines splits a text into lines. It marks a last line that has no newline.
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
