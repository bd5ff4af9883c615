// Package plural counts things in messages.
package plural

import (
	"fmt"
	"strings"
)

// Count returns a count and a noun, whose plural must be regular: 1 host, 2 hosts, 2 entries.
func Count[N ~int | ~uint64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if stem, y := strings.CutSuffix(noun, "y"); y {
		return fmt.Sprintf("%d %sies", n, stem)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
