package sim

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"rollsim/internal/deviation"
	"rollsim/reducer"
)

// Allowance allows deviations from the plain run in a proof.
type Allowance struct {
	Kinds  deviation.Kinds
	Hosts  []string // names or globs (path.Match); nil for every host
	AtMost int      // how many at once; 0 for any number
}

// Allows reports whether the allowance is about a deviation of a kind. host is the one that the
// deviation concerns; empty for none.
func (a *Allowance) Allows(kind deviation.Kind, host reducer.HostID) bool {
	return a.Kinds.Has(kind) && (a.Hosts == nil || host != "" &&
		slices.ContainsFunc(a.Hosts, func(pattern string) bool {
			hit, _ := path.Match(pattern, string(host)) // a bad pattern allows no host
			return hit
		}))
}

// String describes the allowance, such as "fails-probes of web-*, at most 1".
func (a *Allowance) String() string {
	text := a.Kinds.String()
	if a.Hosts != nil {
		text += " of " + strings.Join(a.Hosts, " ")
	}
	if a.AtMost > 0 {
		text += fmt.Sprintf(", at most %d", a.AtMost)
	}
	return text
}
