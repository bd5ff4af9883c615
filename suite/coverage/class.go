package coverage

import "rollsim/reducer"

// Class is a part of an event kind. The rules of the transition tables treat the events of a class
// alike, except for the policy and the wave cursor. The zero value is invalid.
type Class uint8

// The classes.
const (
	Opened Class = 1 + iota
	Joined
	TurnedFailed
	TurnedReverted
	TurnedOther
	WaveForward
	WaveLevel
	WaveBackward
	TerminalDeclared
	SucceededBy
	Expired
	Cleared

	// Misrouted is an event of any kind that belongs to another rollout than the record's. A fleet
	// finds the record by the rollout of the event, so that only a scenario can misroute one.
	Misrouted

	classEnd
)

// ClassCount is the length of an array indexed by Class: index 0 stays unused.
const ClassCount = int(classEnd)

// classes holds the kind of each class, and the condition that an event of it meets.
var classes = [classEnd]struct {
	kind reducer.EventKind
	what string
}{
	Opened:           {reducer.RolloutOpened, ""},
	Joined:           {reducer.HostJoined, ""},
	TurnedFailed:     {reducer.HostStateChanged, "to=Failed"},
	TurnedReverted:   {reducer.HostStateChanged, "to=Reverted"},
	TurnedOther:      {reducer.HostStateChanged, "to=other"},
	WaveForward:      {reducer.WaveAdvanced, "to>from"},
	WaveLevel:        {reducer.WaveAdvanced, "to=from"},
	WaveBackward:     {reducer.WaveAdvanced, "to<from"},
	TerminalDeclared: {reducer.RolloutTerminal, ""},
	SucceededBy:      {reducer.SuccessorOpened, ""},
	Expired:          {reducer.RetentionExpired, ""},
	Cleared:          {reducer.OperatorClearance, ""},
	Misrouted:        {0, "of another rollout"},
}

// String returns the event kind and the condition of the class.
func (c Class) String() string {
	switch kind, what := classes[c].kind, classes[c].what; {
	case kind == 0:
		return "any event " + what
	case what == "":
		return kind.String()
	default:
		return kind.String() + " " + what
	}
}

// Kind returns the event kind that the class is a part of; 0 for Misrouted.
func (c Class) Kind() reducer.EventKind { return classes[c].kind }

// Condition returns the condition that an event of the class meets; "" if the class is the whole
// kind.
func (c Class) Condition() string { return classes[c].what }

// Classes returns every class of an event kind, by event kind in declared order.
func Classes() []Class {
	all := make([]Class, 0, Misrouted-1)
	for c := Opened; c < Misrouted; c++ {
		all = append(all, c)
	}
	return all
}

// ParseClass returns the class of that name; false for an unknown name.
func ParseClass(name string) (Class, bool) {
	for c := Opened; c < classEnd; c++ {
		if c.String() == name {
			return c, true
		}
	}
	return 0, false
}

// ClassOf returns the class of an event of the record's own rollout.
func ClassOf(ev *reducer.Event) Class {
	switch ev.Kind {
	case reducer.RolloutOpened:
		return Opened
	case reducer.HostJoined:
		return Joined
	case reducer.HostStateChanged:
		switch ev.To {
		case reducer.HostFailed:
			return TurnedFailed
		case reducer.HostReverted:
			return TurnedReverted
		case reducer.HostPending, reducer.HostActivating, reducer.HostDeferred, reducer.HostSoaking,
			reducer.HostConverged:
		}
		return TurnedOther
	case reducer.WaveAdvanced:
		switch {
		case ev.ToWave > ev.FromWave:
			return WaveForward
		case ev.ToWave < ev.FromWave:
			return WaveBackward
		}
		return WaveLevel
	case reducer.RolloutTerminal:
		return TerminalDeclared
	case reducer.SuccessorOpened:
		return SucceededBy
	case reducer.RetentionExpired:
		return Expired
	case reducer.OperatorClearance:
		return Cleared
	}
	return 0
}
