package timeline

import (
	"fmt"
	"strings"

	"rollsim/reducer"
)

// ShortID returns the id of a rollout with at most seven characters of its ref, if that is long.
func ShortID(id reducer.RolloutID) reducer.RolloutID {
	const refLength = 7
	if i := strings.LastIndexByte(string(id), '@'); i >= 0 && len(id)-i-1 > 2*refLength {
		return id[:i+1+refLength]
	}
	return id
}

// StateName returns the name of a state of a rollout or of a host, which is unknown if no entry
// proves it.
func StateName[S reducer.State | reducer.HostState](s S) string {
	if s == 0 {
		return "unknown"
	}
	return fmt.Sprint(s)
}
