// Package deviation names what may go wrong in a proof: the kinds of deviations from the plain run
// of a scenario. Package sim has them in its scenarios, and package suite/prove tries them.
package deviation

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
	ClockSkew                         // the clock of a host is ahead or behind
	HostJoins                         // a host joins the fleet earlier than the scenario says
	HostLeaves                        // a host leaves the fleet for good
	StrayEvent                        // an event that the machine must refuse reaches a rollout

	// Under the shipped control plane alone.
	DatabaseError // a statement of the database fails
	LogRowLost    // the log loses a row
	TornOpening   // the control plane crashes in the middle of an opening
	OtherDraws    // what it draws comes from another seed

	kindEnd
)

var kindNames = [kindEnd]string{
	"", "fails-activation", "fails-probes", "defers", "never-answers", "never-rolls-back",
	"short-delay", "long-delay", "message-delayed", "message-duplicated", "message-reordered",
	"message-dropped", "host-offline", "host-lost", "agent-restart", "poll-failed", "poll-stale",
	"control-plane-crash", "ref-moves", "operator-clears", "operator-aborts", "operator-pauses",
	"clock-skew", "host-joins", "host-leaves", "stray-event", "database-error", "log-row-lost",
	"torn-opening", "other-draws",
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

// Of returns the set of some kinds.
func Of(all ...Kind) Kinds {
	var s Kinds
	for _, k := range all {
		s |= 1 << k
	}
	return s
}

// All returns the set of every kind.
func All() Kinds {
	var s Kinds
	for k := FailsActivation; k < kindEnd; k++ {
		s |= 1 << k
	}
	return s
}

// Has reports whether the set has a kind.
func (s Kinds) Has(k Kind) bool { return s&(1<<k) != 0 }

// OfHosts returns the kinds that concern one host each.
func OfHosts() Kinds {
	return Of(FailsActivation, FailsProbes, Defers, NeverAnswers, NeverRollsBack, ShortDelay,
		LongDelay, MessageDelayed, MessageDuplicated, MessageReordered, MessageDropped, HostOffline,
		HostLost, AgentRestart, ClockSkew, HostJoins, HostLeaves, DatabaseError, LogRowLost)
}

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

// ShippedOnly returns the kinds that only the shipped control plane has.
func ShippedOnly() Kinds { return Of(DatabaseError, LogRowLost, TornOpening, OtherDraws) }

// Names returns the names of the kinds of the set; one name if it has all of them.
func (s Kinds) Names() []string {
	if s == All() {
		return []string{allKinds}
	}
	var names []string
	for _, k := range s.List() {
		names = append(names, k.String())
	}
	return names
}

// String returns the set as Parse reads it.
func (s Kinds) String() string { return strings.Join(s.Names(), ",") }

const allKinds = "all"

// groups are names for several kinds.
var groups = []struct {
	name  string
	kinds Kinds
}{
	{allKinds, All()},
	{"fates", Of(FailsActivation, FailsProbes, Defers, NeverAnswers, NeverRollsBack)},
	{"delays", Of(ShortDelay, LongDelay)},
	{"messages", Of(MessageDelayed, MessageDuplicated, MessageReordered, MessageDropped)},
	{"hosts", Of(HostOffline, HostLost, AgentRestart, ClockSkew)},
	{"members", Of(HostJoins, HostLeaves)},
	{"shipped", ShippedOnly()},
	{"polls", Of(PollFailed, PollStale)},
	{"operators", Of(OperatorClears, OperatorAborts, OperatorPauses)},
}

// Names returns every name that Parse knows: groups of kinds, then kinds.
func Names() []string {
	var all []string
	for _, g := range groups {
		all = append(all, g.name)
	}
	return append(all, kindNames[1:]...)
}

// Parse reads names of kinds and of groups of kinds, with commas between them.
func Parse(text string) (Kinds, error) {
	var s Kinds
	for _, name := range strings.Split(text, ",") {
		found := Of()
		for _, g := range groups {
			if g.name == name {
				found = g.kinds
			}
		}
		if i := slices.Index(kindNames[:], name); i > 0 {
			found = Of(Kind(i))
		}
		if found == 0 {
			hint := nearest.Hint(name, Names())
			if hint == "" {
				hint = ", such as " + strings.Join(Names(), ", ")
			}
			return 0, fmt.Errorf("%q is not a kind of deviation%s", name, hint)
		}
		s |= found
	}
	return s, nil
}
