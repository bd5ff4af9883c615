package prove

import (
	"fmt"
	"slices"
	"strings"

	"rollsim/internal/nearest"
)

// Kind is a kind of deviation from the plain run. The zero value is invalid.
type Kind uint8

// The kinds.
const (
	FailsActivation   Kind = 1 + iota // the switch of a host fails
	FailsProbes                       // the switch completes, the probes fail
	Defers                            // the switch waits for a reboot, which comes or never comes
	NeverAnswers                      // a dispatch is never acked
	NeverRollsBack                    // the rollback of a failed host never completes
	ShortDelay                        // a stage of a host takes no time
	LongDelay                         // a stage takes the 99th percentile of its distribution
	MessageDelayed                    // a message arrives later
	MessageDuplicated                 // a message arrives, and once more later
	MessageReordered                  // a message arrives after the next one
	MessageDropped                    // a message is lost, and sent again
	HostOffline                       // a host is unreachable for a time
	HostLost                          // a host is gone for good
	AgentRestart                      // an agent restarts in the middle of a switch
	PollFailed                        // a poll that would find a new ref sees nothing
	PollStale                         // such a poll sees the ref of the poll before
	ControlPlaneCrash                 // the control plane crashes, and comes back
	RefMoves                          // a ref moves now instead of later
	OperatorClears                    // an operator clears a rollout that is Failed or Reverted
	OperatorAborts                    // an operator aborts a rollout that is under way
	OperatorPauses                    // an operator pauses the dispatches of a channel for a time
	StrayEvent                        // an event that the machine must refuse reaches a rollout

	kindEnd
)

var kindNames = [kindEnd]string{
	"", "fails-activation", "fails-probes", "defers", "never-answers", "never-rolls-back",
	"short-delay", "long-delay", "message-delayed", "message-duplicated", "message-reordered",
	"message-dropped", "host-offline", "host-lost", "agent-restart", "poll-failed", "poll-stale",
	"control-plane-crash", "ref-moves", "operator-clears", "operator-aborts", "operator-pauses",
	"stray-event",
}

// String returns the name of the kind on the command line.
func (k Kind) String() string {
	if k == 0 || k >= kindEnd {
		return fmt.Sprintf("Kind(%d)", uint8(k))
	}
	return kindNames[k]
}

// Kinds is a set of kinds.
type Kinds uint32

// NewKinds returns the set of some kinds.
func NewKinds(all ...Kind) Kinds {
	var s Kinds
	for _, k := range all {
		s |= 1 << k
	}
	return s
}

// AllKinds returns the set of every kind.
func AllKinds() Kinds {
	var s Kinds
	for k := FailsActivation; k < kindEnd; k++ {
		s |= 1 << k
	}
	return s
}

// Has reports whether the set has a kind.
func (s Kinds) Has(k Kind) bool { return s&(1<<k) != 0 }

// List returns the kinds of the set in declared order.
func (s Kinds) List() []Kind {
	var all []Kind
	for k := FailsActivation; k < kindEnd; k++ {
		if s.Has(k) {
			all = append(all, k)
		}
	}
	return all
}

// String returns the set as ParseKinds reads it.
func (s Kinds) String() string {
	if s == AllKinds() {
		return allKinds
	}
	var names []string
	for _, k := range s.List() {
		names = append(names, k.String())
	}
	return strings.Join(names, ",")
}

const allKinds = "all"

// groups are names for several kinds.
var groups = []struct {
	name  string
	kinds Kinds
}{
	{allKinds, AllKinds()},
	{"fates", NewKinds(FailsActivation, FailsProbes, Defers, NeverAnswers, NeverRollsBack)},
	{"delays", NewKinds(ShortDelay, LongDelay)},
	{"messages", NewKinds(MessageDelayed, MessageDuplicated, MessageReordered, MessageDropped)},
	{"hosts", NewKinds(HostOffline, HostLost, AgentRestart)},
	{"polls", NewKinds(PollFailed, PollStale)},
	{"operators", NewKinds(OperatorClears, OperatorAborts, OperatorPauses)},
}

// KindNames returns every name that ParseKinds knows: groups of kinds, then kinds.
func KindNames() []string {
	var all []string
	for _, g := range groups {
		all = append(all, g.name)
	}
	return append(all, kindNames[1:]...)
}

// ParseKinds reads names of kinds and of groups of kinds, with commas between them.
func ParseKinds(text string) (Kinds, error) {
	var s Kinds
	for _, name := range strings.Split(text, ",") {
		found := NewKinds()
		for _, g := range groups {
			if g.name == name {
				found = g.kinds
			}
		}
		if i := slices.Index(kindNames[:], name); i > 0 {
			found = NewKinds(Kind(i))
		}
		if found == 0 {
			return 0, fmt.Errorf("%q is not a kind of deviation, such as %s%s", name,
				strings.Join(KindNames(), ", "), nearest.Hint(name, KindNames()))
		}
		s |= found
	}
	return s, nil
}
