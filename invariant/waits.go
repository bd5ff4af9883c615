package invariant

import (
	"fmt"
	"strings"

	"rollsim/reducer"
)

// Waits puts together the hosts of a rollout that wait for the same. The zero value has none.
type Waits struct {
	reasons []string
	hosts   map[string][]string
}

// mostListed is how many hosts are named that wait for the same.
const mostListed = 3

// Add adds a host, and why it waits.
func (w *Waits) Add(id reducer.HostID, reason string) {
	if w.hosts == nil {
		w.hosts = make(map[string][]string)
	}
	if w.hosts[reason] == nil {
		w.reasons = append(w.reasons, reason)
	}
	w.hosts[reason] = append(w.hosts[reason], string(id))
}

// String names a few hosts for each reason, in the order in which the reasons came.
func (w *Waits) String() string {
	parts := make([]string, len(w.reasons))
	for i, reason := range w.reasons {
		names := w.hosts[reason]
		parts[i] = strings.Join(names[:min(mostListed, len(names))], ", ")
		if more := len(names) - mostListed; more > 0 {
			parts[i] += fmt.Sprintf(" and %d more", more)
		}
		parts[i] += " " + reason
	}
	return strings.Join(parts, "; ")
}
