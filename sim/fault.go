package sim

import (
	"fmt"
	"time"

	"rollsim/reducer"
)

// FaultKind is a kind of fault. The zero value is invalid.
type FaultKind uint8

// The faults. A fault of a message is drawn whenever an agent sends one, HostOffline and HostLost
// whenever an agent is about to do something new, AgentRestart whenever a switch starts,
// ControlPlaneCrash at each plan tick, PollFailed and PollStale at each poll, and ClockSkew once a
// host.
const (
	MessageDelayed    FaultKind = 1 + iota // arrives For later
	MessageDuplicated                      // arrives, and once more For later
	MessageReordered                       // arrives after the agent's next message
	MessageDropped                         // is re-sent, with the same seq, until it arrives
	HostOffline                            // unreachable For that long; the agent continues its work
	HostLost                               // gone for good
	AgentRestart                           // interrupts a switch, which starts again For later
	ControlPlaneCrash                      // down For that long; only the log survives
	PollFailed                             // sees nothing
	PollStale                              // sees the ref of the poll before
	ClockSkew                              // the clock is ahead or behind by For

	// The faults of the shipped control plane. The first two are drawn for each message of an agent
	// that the control plane accepts, TornOpeningCrash for each rollout that it opens.
	DatabaseError    // a statement fails, and the rest of the work on the message is not done
	LogInsertFailed  // a row of the log is not written, although the tables have moved
	TornOpeningCrash // the control plane crashes after Hosts hosts have joined, down for For

	faultEnd
)

// FaultKindCount is the length of an array indexed by FaultKind: index 0 stays unused.
const FaultKindCount = int(faultEnd)

var faultNames = [FaultKindCount]string{
	"", "message-delayed", "message-duplicated", "message-reordered", "message-dropped",
	"host-offline", "host-lost", "agent-restart", "control-plane-crash", "poll-failed", "poll-stale",
	"clock-skew", "database-error", "log-insert-failed", "torn-opening",
}

// String returns the name of the fault, as scenarios and traces spell it.
func (k FaultKind) String() string {
	if k == 0 || k >= faultEnd {
		return fmt.Sprintf("FaultKind(%d)", uint8(k))
	}
	return faultNames[k]
}

// ShippedOnly reports whether only the shipped control plane has the fault.
func (k FaultKind) ShippedOnly() bool { return k >= DatabaseError && k < faultEnd }

// FaultKinds returns the faults of every control plane in declared order.
func FaultKinds() []FaultKind {
	all := make([]FaultKind, 0, faultEnd-1)
	for k := MessageDelayed; k < faultEnd; k++ {
		if !k.ShippedOnly() {
			all = append(all, k)
		}
	}
	return all
}

// ShippedFaultKinds returns the faults that only the shipped control plane has.
func ShippedFaultKinds() []FaultKind {
	return []FaultKind{DatabaseError, LogInsertFailed, TornOpeningCrash}
}

// Fault makes one kind of fault happen by chance.
type Fault struct {
	Kind        FaultKind
	Probability Probability   // at each draw
	For         *Distribution // how long; nil is no time
	From, Until time.Duration // its window since the start; Until 0 is the end of the run
	Hosts       []string      // names or globs, for faults of hosts and messages; empty for all
}

// ofMessages reports whether the fault is one of a message, and ofPolls whether it is one of a
// poll.
func (k FaultKind) ofMessages() bool { return k >= MessageDelayed && k <= MessageDropped }

func (k FaultKind) ofPolls() bool { return k == PollFailed || k == PollStale }

// FaultNow makes one fault happen at a moment of the timeline. A fault of a message or a poll
// happens to the next one from then on.
type FaultNow struct {
	Kind FaultKind
	Host reducer.HostID // for the faults of hosts and messages
	For  time.Duration

	// The messages that a fault of messages can happen to. A zero field is no condition. A message
	// that is sent again is another one.
	Rollout reducer.RolloutID
	Message reducer.AgentEventKind
	Seq     uint64

	// Channel is, for PollFailed and PollStale, the channel whose next poll it is; empty for the
	// next poll of every channel. The shipped control plane polls all channels at once.
	Channel reducer.ChannelID

	// Joined is, for TornOpeningCrash, how many hosts join the next rollout that is opened, before
	// the crash.
	Joined int
}
