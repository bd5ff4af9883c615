package sim

import (
	"fmt"
	"time"

	"rollsim/reducer"
)

// FaultKind says what goes wrong. The zero value is invalid.
type FaultKind uint8

// The faults. Chance is asked for a message fault whenever an agent sends a message; for
// HostOffline and HostLost whenever an agent is about to do something new; for AgentRestart
// whenever a switch starts; for ControlPlaneCrash at each plan tick; for PollFailed and PollStale
// at each poll; for ClockSkew once a host.
const (
	MessageDelayed    FaultKind = 1 + iota // arrives For later
	MessageDuplicated                      // arrives, and once more For later
	MessageReordered                       // arrives after the agent's next message
	// does not arrive; is re-sent, with the same seq, until it does
	MessageDropped
	// unreachable For that long: works on, and sends when it is back
	HostOffline
	HostLost     // gone for good
	AgentRestart // in the middle of a switch, which starts again For later
	// down For that long; its memory is rebuilt from the trace alone
	ControlPlaneCrash
	PollFailed // sees nothing
	PollStale  // sees what was there before, so nothing new
	ClockSkew  // the host's clock is off by For, to either side

	faultEnd
)

var faultNames = [faultEnd]string{
	"", "message-delayed", "message-duplicated", "message-reordered", "message-dropped", "host-offline", "host-lost",
	"agent-restart", "control-plane-crash", "poll-failed", "poll-stale", "clock-skew",
}

// String is the fault's name as it stands in scenarios and traces.
func (k FaultKind) String() string {
	if k == 0 || k >= faultEnd {
		return fmt.Sprintf("FaultKind(%d)", uint8(k))
	}
	return faultNames[k]
}

// FaultKinds lists every fault in declared order.
func FaultKinds() []FaultKind {
	all := make([]FaultKind, 0, faultEnd-1)
	for k := MessageDelayed; k < faultEnd; k++ {
		all = append(all, k)
	}
	return all
}

// Fault lets chance bring one kind of fault.
type Fault struct {
	Kind        FaultKind
	Probability Probability   // each time that chance is asked
	For         *Distribution // how long; nil is no time
	// the window in virtual time since the start; Until 0 is the end of the run
	From, Until time.Duration
	Hosts       []string // names or globs, for the faults of hosts and messages; empty for all
}

// FaultNow brings one fault at a moment of the timeline.
type FaultNow struct {
	Kind FaultKind      // any but those of messages, which need one that is sent, and of polls
	Host reducer.HostID // for the faults of hosts
	For  time.Duration
}
