package reducer

import "slices"

// Machine is one implementation of the rollout transition function.
type Machine interface {
	// Name returns the name that command lines and traces use for the machine.
	Name() string

	// Step applies one event to a record. On success it updates the record and fills out with the
	// effects, in order. After an error the record is unchanged and out is empty. The error is an
	// *IllegalForState, *Unimplemented or *Invariant. From a machine outside this process it may
	// also be a *SupersessionExpected or *MachineFailure.
	//
	// Step is pure: equal arguments have equal results, and it reads and writes nothing else.
	Step(rec *Record, ev *Event, now Time, policy Policy, out *Effects) error
}

// Condition is the guard of a rule: what it requires of the event and the policy.
type Condition uint8

// The conditions.
const (
	Always                    Condition = iota
	HostTurnedFailed                    // HostStateChanged with to=Failed
	HostTurnedFailedUnderHalt           // the same, under policy halt
	HostTurnedReverted                  // HostStateChanged with to=Reverted
	WaveForward                         // WaveAdvanced with to_wave > from_wave
	WaveBackward                        // WaveAdvanced with to_wave < from_wave

	conditionEnd
)

var conditionNames = [conditionEnd]string{
	"always",
	"to=Failed",
	"to=Failed under halt",
	"to=Reverted",
	"to_wave>from_wave",
	"to_wave<from_wave",
}

// String returns the condition as transition tables print it.
func (c Condition) String() string {
	if c >= conditionEnd {
		return enumName("Condition", nil, uint8(c))
	}
	return conditionNames[c]
}

// usesPolicy reports whether the channel's policy decides whether the condition holds.
func (c Condition) usesPolicy() bool { return c == HostTurnedFailedUnderHalt }

func (c Condition) holds(ev *Event, policy *Policy) bool {
	switch c {
	case Always:
		return true
	case HostTurnedFailed:
		return ev.To == HostFailed
	case HostTurnedFailedUnderHalt:
		return ev.To == HostFailed && policy.OnHealthFailure == Halt
	case HostTurnedReverted:
		return ev.To == HostReverted
	case WaveForward:
		return ev.ToWave > ev.FromWave
	case WaveBackward:
		return ev.ToWave < ev.FromWave
	case conditionEnd:
	}
	return false
}

// Action is what a rule does with the record. The zero value marks a missing rule.
type Action uint8

// The actions.
const (
	Illegal     Action = 1 + iota // return IllegalForState
	Unspecified                   // return Unimplemented
	Refuse                        // return Invariant "wave regression"
	Ignore                        // accept, stay in the state
	Go                            // move to the rule's state

	actionEnd
)

var actionNames = [actionEnd]string{"", "illegal", "unimplemented", "invariant", "ignore", "go"}

// String returns the name of the action.
func (a Action) String() string { return enumName("Action", actionNames[:], uint8(a)) }

// Rule is one line of a cell: if If holds, the machine does Do.
type Rule struct {
	If Condition
	Do Action
	To State // the state that Go moves to

	// emit UpdateCurrentWave when to_wave, or the wave of a HostJoined, is above the cursor
	MoveCursor bool
	Quarantine bool // emit InsertQuarantineFromRollout
	Prune      bool // emit SchedulePruning
}

// maxRules is the number of rules of the longest cell.
const maxRules = 3

// Cell holds the rules for one event in one state. The first rule whose condition holds applies;
// the last one in use is unconditional.
type Cell [maxRules]Rule

// Rules returns the rules in use, in order.
func (c Cell) Rules() []Rule {
	n := slices.IndexFunc(c[:], func(r Rule) bool { return r.Do == 0 })
	if n < 0 {
		n = maxRules
	}
	return c[:n]
}

// Cells is a whole transition table, indexed by State and EventKind. Row and column 0 stay empty.
type Cells [StateCount][EventKindCount]Cell

// Table is a Machine whose transitions are data.
type Table struct {
	name  string
	cells Cells

	// refuseMisrouted makes Step return Invariant for an event of another rollout than the
	// record's.
	refuseMisrouted bool
}

// NewTable returns a machine with the given cells, such as a changed copy of another machine's. It
// returns IllegalForState where no rule of a cell applies.
func NewTable(name string, cells Cells, refuseMisrouted bool) *Table {
	return &Table{name: name, cells: cells, refuseMisrouted: refuseMisrouted}
}

// Name returns the name that command lines and traces use for the machine.
func (m *Table) Name() string { return m.name }

// Cell returns the rules for an event of kind k in state s.
func (m *Table) Cell(s State, k EventKind) Cell { return m.cells[s][k] }

// Cells returns a copy of the whole table.
func (m *Table) Cells() Cells { return m.cells }

// RefusesMisrouted reports whether the machine refuses an event of another rollout than the
// record's.
func (m *Table) RefusesMisrouted() bool { return m.refuseMisrouted }

// Step implements Machine. It does not allocate unless it returns an error, and never reads now.
func (m *Table) Step(rec *Record, ev *Event, _ Time, policy Policy, out *Effects) error {
	out.n = 0
	if m.refuseMisrouted && ev.Rollout != rec.RolloutID {
		return &Invariant{What: AnotherRollout, State: rec.State, Event: ev.Kind, Rollout: rec.RolloutID}
	}
	from := rec.State
	if from >= stateEnd || ev.Kind >= eventEnd {
		return &IllegalForState{From: from, Event: ev.Kind, Rollout: rec.RolloutID}
	}
	rule := m.cells[from][ev.Kind].rule(ev, &policy)
	if rule == nil {
		return &IllegalForState{From: from, Event: ev.Kind, Rollout: rec.RolloutID}
	}

	switch rule.Do {
	case Go:
		rec.State = rule.To
		if rule.To == Terminal {
			rec.TerminalAt = Some(ev.At)
		}
		if rule.To == Superseded {
			rec.SupersededAt = Some(ev.At)
		}
		e := out.next(RecordRolloutTransition)
		e.Rollout, e.From, e.To, e.At = rec.RolloutID, from, rule.To, ev.At
	case Ignore:
	case Unspecified:
		return &Unimplemented{From: from, Event: ev.Kind, Rollout: rec.RolloutID}
	case Refuse:
		return &Invariant{What: "wave regression", State: from, Event: ev.Kind, Rollout: rec.RolloutID}
	case 0, Illegal, actionEnd: // 0 is a missing rule
		return &IllegalForState{From: from, Event: ev.Kind, Rollout: rec.RolloutID}
	}
	if rule.MoveCursor {
		to := ev.ToWave
		if ev.Kind == HostJoined {
			to = ev.Wave
		}
		if to > rec.CurrentWave {
			rec.CurrentWave = to
			e := out.next(UpdateCurrentWave)
			e.Rollout, e.Wave = rec.RolloutID, to
		}
	}
	if rule.Quarantine {
		e := out.next(InsertQuarantineFromRollout)
		e.Channel, e.Closure = rec.Channel, ClosureHash(rec.TargetRef)
	}
	if rule.Prune {
		e := out.next(SchedulePruning)
		e.Rollout, e.DelaySeconds = rec.RolloutID, policy.RetentionSeconds
	}
	return nil
}

// rule returns the first rule whose condition holds, or nil if none exists.
func (c *Cell) rule(ev *Event, policy *Policy) *Rule {
	for i := range c {
		if c[i].If.holds(ev, policy) {
			return &c[i]
		}
	}
	return nil
}

// Rule returns the rule by which Step answers an event in a state. It returns false if no rule
// applies, so that the event is illegal.
func (m *Table) Rule(s State, ev *Event, policy Policy) (Rule, bool) {
	if s >= stateEnd || ev.Kind >= eventEnd {
		return Rule{}, false
	}
	rule := m.cells[s][ev.Kind].rule(ev, &policy)
	if rule == nil || rule.Do == 0 {
		return Rule{}, false
	}
	return *rule, true
}

// next appends an effect of kind k and returns it for the caller to fill in, which is cheaper than
// a copy.
func (e *Effects) next(k EffectKind) *Effect {
	p := &e.list[e.n]
	e.n++
	*p = Effect{Kind: k}
	return p
}

// Named returns m under another name, so that it can replace the machine of that name.
func Named(m Machine, name string) Machine { return named{m, name} }

type named struct {
	Machine
	name string
}

func (n named) Name() string { return n.name }
