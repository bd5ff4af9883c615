package timeline

import (
	"rollsim/reducer"
)

// What says which fact of a rollout or of a host a Change sets. The zero value is invalid.
type What uint8

// The facts. The comment says what Value is. A duration or a time is in nanoseconds.
const (
	Mentioned    What = 1 + iota // 0; the rollout is known from this entry on
	Opened                       // the time at which the rollout opened
	State                        // the reducer.State of the rollout
	Wave                         // the wave cursor of the rollout
	TerminalAt                   // the time
	SupersededAt                 // the time
	Timer                        // the time at which the retention ends
	Joined                       // the wave of the host
	HostState                    // the reducer.HostState of the host under the rollout
	Dispatched                   // the time at which the soak is due
	Closure                      // the number of the name of the closure that was dispatched
	Held                         // the number of the gate that holds the host, and of its reason
	Heard                        // the seq of the agent's event
	Quarantined                  // the number of the name of the closure; Rollout is not set
	Faulted                      // the number of the fault
	Refused                      // the number of the message of the refusal
	Polled                       // the number of the name of the ref; Rollout is not set
	Planned                      // 1 while the planner works on the rollout, 0 once it has left it

	whatEnd
)

// WhatCount is the length of an array indexed by What: index 0 stays unused.
const WhatCount = int(whatEnd)

// None stands for the number of a rollout or of a host where none exists.
const None = ^uint32(0)

// Change is one fact that an entry adds. Several changes may have the same entry.
type Change struct {
	N       uint32 // the entry, from 0
	Rollout uint32 // its number in the order of first mention, or None
	Host    uint32 // its number in the order of first mention, or None
	slot    uint32 // the index of the host in the hosts of the rollout
	What    What
	Value   int64
}

// MarkKind says why an entry is marked. The zero value is invalid.
type MarkKind uint8

// The kinds of marks.
const (
	Violation MarkKind = 1 + iota // an invariant of a simulated run does not hold
	Finding                       // replay has a finding about the entry

	markEnd
)

// MarkKindCount is the length of an array indexed by MarkKind: index 0 stays unused.
const MarkKindCount = int(markEnd)

// String returns the kind as a reader of a picture sees it.
func (k MarkKind) String() string {
	switch k {
	case Violation:
		return "violation"
	case Finding:
		return "finding"
	case markEnd:
	}
	return "MarkKind(0)"
}

// Mark is a violation or a finding at an entry.
type Mark struct {
	Kind    MarkKind
	Seq     uint64 // of the entry; 0 for the trace as a whole
	Title   string // a few words, such as the name of the invariant
	Detail  string
	Rollout reducer.RolloutID // empty where it is about no single rollout
	Host    reducer.HostID    // empty where it is about no single host

	N int // the entry, from 0; Len for the end of the trace. AddMarks sets it.
}
