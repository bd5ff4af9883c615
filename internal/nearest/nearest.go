// Package nearest suggests names for mistyped ones.
package nearest

import (
	"fmt"
	"strings"

	"rollsim/internal/visible"
)

const (
	// maxRunes bounds the names that are compared: the cost of a distance is the product of the
	// lengths.
	maxRunes = 80
	// maxListed is how many names a hint lists when none is near.
	maxListed = 12
)

// Name returns the element of names that is nearest to name: the first one with the smallest edit
// distance, ignoring case. If every distance is too large, it returns the first element that begins
// with name or that name begins with, or else the first one whose last words are the name, after a
// hyphen or a space. It reports false if no element is near.
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
		// At a distance of the whole length, any two short names would be near.
		if d := Distance(typed, c); d <= limit && d < max(len(typed), len(c)) {
			best, found, limit = candidate, true, d-1
		}
	}
	if found {
		return best, true
	}
	const shortestPrefix = 3
	for _, candidate := range names {
		c := strings.ToLower(candidate)
		short, long := c, string(typed)
		if len(short) > len(long) {
			short, long = long, short
		}
		if len(short) >= shortestPrefix && strings.HasPrefix(long, short) {
			return candidate, true
		}
	}
	for _, candidate := range names {
		before, ends := strings.CutSuffix(strings.ToLower(candidate), string(typed))
		if len(typed) >= shortestPrefix && ends &&
			(strings.HasSuffix(before, "-") || strings.HasSuffix(before, " ")) {
			return candidate, true
		}
	}
	return "", false
}

// Hint returns the end of a message about an unknown name: the nearest name, those that begin with
// the same word if they are at least as likely, or all names if none is near and they are few, or
// nothing. A hint begins with a colon.
func Hint(name string, names []string) string {
	const typo = 2 // a larger distance may be another word
	n, near := Name(name, names)
	kin := sameFirstWord(name, names)
	if near && (len(kin) < 2 || Distance([]rune(name), []rune(n)) <= typo ||
		strings.HasPrefix(n, name)) {
		return fmt.Sprintf(": did you mean %q?", n)
	}
	if len(kin) > 1 {
		names = kin
	}
	if len(names) == 0 || len(names) > maxListed {
		return ""
	}
	shown := make([]string, len(names))
	for i, n := range names {
		shown[i] = visible.Name(n)
	}
	return ": expected one of " + strings.Join(shown, ", ")
}

// sameFirstWord returns the names whose first word, before a hyphen, is that of a name.
func sameFirstWord(name string, names []string) (kin []string) {
	first, _, more := strings.Cut(strings.ToLower(name), "-")
	for _, n := range names {
		if more && first != "" && strings.HasPrefix(strings.ToLower(n), first+"-") {
			kin = append(kin, n)
		}
	}
	return kin
}

// Distance returns the edit distance of a and b: the least number of insertions, deletions,
// replacements and swaps of neighbours that turn a into b.
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
