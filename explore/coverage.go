package explore

import (
	"slices"

	"rollsim/reducer"
)

// Class is an event kind, as finely as the rules of the transition tables tell events apart. The zero value is invalid.
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

	classEnd
)

// classes says what each class is: its kind, and what of the event makes it.
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
}

// String names the event kind, and what of it makes the class.
func (c Class) String() string {
	name := classes[c].kind.String()
	if what := classes[c].what; what != "" {
		name += " " + what
	}
	return name
}

// Kind is the event kind that the class is a part of.
func (c Class) Kind() reducer.EventKind { return classes[c].kind }

// Condition says what of an event of the kind makes the class; empty when it is the whole kind.
func (c Class) Condition() string { return classes[c].what }

// Classes lists every class, by event kind in declared order.
func Classes() []Class {
	all := make([]Class, 0, classEnd-1)
	for c := Opened; c < classEnd; c++ {
		all = append(all, c)
	}
	return all
}

func parseClass(name string) (Class, bool) {
	for c := Opened; c < classEnd; c++ {
		if c.String() == name {
			return c, true
		}
	}
	return 0, false
}

// classOf tells which class an event is of.
func classOf(ev *reducer.Event) Class {
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
		case reducer.HostPending, reducer.HostActivating, reducer.HostDeferred, reducer.HostSoaking, reducer.HostConverged:
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

// Answer is what became of an event: the state that the rollout went to, or one of the answers below. The zero value is none.
type Answer uint8

// The answers that are no transition. Below them an Answer is the number of a reducer.State.
const (
	Ignored Answer = Answer(reducer.Pruned) + 1 + iota
	RefusedIllegal
	RefusedUnimplemented
	RefusedInvariant

	answerEnd
)

// To gives the state that the rollout went to; false for an answer that is no transition.
func (a Answer) To() (reducer.State, bool) { return reducer.State(a), a != 0 && a < Ignored }

// String is the answer as the specification's tables write it.
func (a Answer) String() string {
	if to, ok := a.To(); ok {
		return "→" + to.String()
	}
	switch a {
	case Ignored:
		return "·"
	case RefusedIllegal:
		return "✗"
	case RefusedUnimplemented:
		return "U"
	case RefusedInvariant:
		return "!"
	case answerEnd:
	}
	return "?"
}

// AllAnswers lists every answer: the states in declared order, then those that are no transition.
func AllAnswers() []Answer {
	all := make([]Answer, 0, answerEnd-1)
	for a := Answer(1); a < answerEnd; a++ {
		all = append(all, a)
	}
	return all
}

func parseAnswer(name string) (Answer, bool) {
	for a := Answer(1); a < answerEnd; a++ {
		if a.String() == name {
			return a, true
		}
	}
	return 0, false
}

// Coverage counts how often each answer was given to each class of events in each state. It is not small.
type Coverage struct {
	Opened uint64 // rollouts
	counts [reducer.Pruned + 1][classEnd][answerEnd]uint64
}

// Count tells how often an event of class c in state s was answered a.
func (v *Coverage) Count(s reducer.State, c Class, a Answer) uint64 { return v.counts[s][c][a] }

// Seen tells how often an event of class c came in state s.
func (v *Coverage) Seen(s reducer.State, c Class) uint64 {
	var sum uint64
	for _, n := range v.counts[s][c] {
		sum += n
	}
	return sum
}

// Reached tells how often some rollout came into state s.
func (v *Coverage) Reached(s reducer.State) uint64 {
	if s == reducer.Opening {
		return v.Opened
	}
	var sum uint64
	for from := range v.counts {
		for c := range v.counts[from] {
			sum += v.counts[from][c][s]
		}
	}
	return sum
}

func (v *Coverage) add(other *Coverage) {
	v.Opened += other.Opened
	for s := range v.counts {
		for c := range v.counts[s] {
			for a, n := range other.counts[s][c] {
				v.counts[s][c][a] += n
			}
		}
	}
}

// Answers lists the answers that a machine's table has for events of class c in state s, in the order of its rules. More than
// one means that the policy decides.
func Answers(m *reducer.Table, s reducer.State, c Class) []Answer {
	var all []Answer
	for _, r := range m.Cell(s, c.Kind()).Rules() {
		sure := false
		switch r.If {
		case reducer.Always:
			sure = true
		case reducer.HostTurnedFailed:
			sure = c == TurnedFailed
		case reducer.HostTurnedReverted:
			sure = c == TurnedReverted
		case reducer.WaveForward:
			sure = c == WaveForward
		case reducer.WaveBackward:
			sure = c == WaveBackward
		case reducer.HostTurnedFailedHlt:
			if c == TurnedFailed {
				all = append(all, answerOf(r))
			}
		}
		if sure {
			return append(all, answerOf(r))
		}
	}
	return all
}

func answerOf(r reducer.Rule) Answer {
	switch r.Do {
	case reducer.Go:
		return Answer(r.To)
	case reducer.Ignore:
		return Ignored
	case reducer.Unspecified:
		return RefusedUnimplemented
	case reducer.Refuse:
		return RefusedInvariant
	case reducer.Illegal:
	}
	return RefusedIllegal
}

// Place is one answer to one class of events in one state.
type Place struct {
	State  reducer.State
	Class  Class
	Answer Answer
}

// NeverHit lists the answers of a machine's table that never came, and counts all that it has.
func (v *Coverage) NeverHit(m *reducer.Table) (never []Place, of int) {
	for _, s := range reducer.States() {
		for _, c := range Classes() {
			for _, a := range Answers(m, s, c) {
				of++
				if v.counts[s][c][a] == 0 {
					never = append(never, Place{s, c, a})
				}
			}
		}
	}
	return never, of
}

// NeverReached lists the states that no rollout came into.
func (v *Coverage) NeverReached() []reducer.State {
	var never []reducer.State
	for _, s := range reducer.States() {
		if v.Reached(s) == 0 {
			never = append(never, s)
		}
	}
	return never
}

// Departure is an answer that the specification does not give.
type Departure struct {
	Place
	Count uint64
	Want  []Answer // what the specification answers
}

// Departures lists what was answered otherwise than by the specification's machine. What the fleet refuses on top of any
// machine, because it contradicts what is known of the hosts, is none.
func (v *Coverage) Departures() []Departure {
	specified := reducer.RFC0008()
	var all []Departure
	for _, s := range reducer.States() {
		for _, c := range Classes() {
			want := Answers(specified, s, c)
			for a := Answer(1); a < answerEnd; a++ {
				n := v.counts[s][c][a]
				if n == 0 || slices.Contains(want, a) || a == RefusedInvariant && c.Kind() != reducer.WaveAdvanced {
					continue
				}
				all = append(all, Departure{Place{s, c, a}, n, want})
			}
		}
	}
	return all
}
