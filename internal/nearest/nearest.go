// Package nearest finds the name that a mistyped one was meant to be.
package nearest

import (
	"fmt"
	"strings"
)

const (
	// maxRunes bounds what is compared at all: a distance costs the product of both lengths.
	maxRunes = 80
	// maxListed is how many names a hint lists when none is near.
	maxListed = 12
)

// Name finds the one of names that name was most likely meant to be: the first among those at the
// smallest edit distance, where letter case costs nothing, else the first that it begins or that
// begins it. False when none is near.
func Name(name string, names []string) (string, bool) {
	typed := []rune(strings.ToLower(name))
	if len(typed) == 0 || len(typed) > maxRunes {
		return "", false
	}
	best, found := "", false
	limit := max(1, len(typed)/3)
	for _, candidate := range names {
		c := []rune(strings.ToLower(candidate))
		if len(c) > maxRunes || len(c)-len(typed) > limit || len(typed)-len(c) > limit {
			continue
		}
		// A distance of the whole length would call any two names near that are short enough.
		if d := Distance(typed, c); d <= limit && d < max(len(typed), len(c)) {
			best, found, limit = candidate, true, d-1
		}
	}
	if found {
		return best, true
	}
	const shortestStart = 3
	for _, candidate := range names {
		c := strings.ToLower(candidate)
		short, long := c, string(typed)
		if len(short) > len(long) {
			short, long = long, short
		}
		if len(short) >= shortestStart && strings.HasPrefix(long, short) {
			return candidate, true
		}
	}
	return "", false
}

// Hint is what to add to a message about an unknown name: the nearest one, else all of them when
// they are few, else nothing. It begins with a colon or is empty.
func Hint(name string, names []string) string {
	if n, ok := Name(name, names); ok {
		return fmt.Sprintf(": did you mean %q?", n)
	}
	if len(names) == 0 || len(names) > maxListed {
		return ""
	}
	return ": known are " + strings.Join(names, ", ")
}

// Distance counts the insertions, deletions, replacements and swaps of neighbours that make b of a.
func Distance(a, b []rune) int {
	before, previous, current := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := range a {
		current[0] = i + 1
		for j := range b {
			change := 1
			if a[i] == b[j] {
				change = 0
			}
			current[j+1] = min(previous[j]+change, previous[j+1]+1, current[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				current[j+1] = min(current[j+1], before[j-1]+1)
			}
		}
		before, previous, current = previous, current, before
	}
	return previous[len(b)]
}
