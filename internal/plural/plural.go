// Package plural counts things in messages.
package plural

import (
	"fmt"
	"strings"
)

// Count writes how many there are of what, whose plural is regular: 1 host, 2 hosts, 2 entries.
func Count[N ~int | ~uint64](n N, what string) string {
	if n == 1 {
		return "1 " + what
	}
	if stem, y := strings.CutSuffix(what, "y"); y {
		return fmt.Sprintf("%d %sies", n, stem)
	}
	return fmt.Sprintf("%d %ss", n, what)
}
