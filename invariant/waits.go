package invariant

import (
	"fmt"
	"strings"

	"rollsim/reducer"
)

// Waits groups the hosts of a rollout by what they wait for. The zero value is empty.
type Waits struct {
	reasons []string
	hosts   map[string][]string
}

// mostListed is how many hosts of a group are named.
const mostListed = 3

// Add adds a host and the reason why it waits.
func (w *Waits) Add(id reducer.HostID, reason string) {
	if w.hosts == nil {
		w.hosts = make(map[string][]string)
	}
	if w.hosts[reason] == nil {
		w.reasons = append(w.reasons, reason)
	}
	w.hosts[reason] = append(w.hosts[reason], string(id))
}

// String lists a few hosts for each reason, in the order in which the reasons were added.
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
