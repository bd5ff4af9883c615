package reducer

import "slices"

// Machine is one implementation of the rollout transition function.
type Machine interface {
	// Name is how the machine is chosen on command lines and named in traces.
	Name() string

	// Step applies one event to a record. On success the record is what it has become and out holds
	// the effects, in order. On an error the record is unchanged and out is empty; the error is one of
	// *IllegalForState, *Unimplemented, *Invariant, or, from a machine outside this process,
	// *SupersessionExpected or *MachineFailure.
	//
	// Step is pure: equal arguments give equal results, and nothing else is read or written.
	Step(rec *Record, ev *Event, now Time, policy Policy, out *Effects) error
}

// Condition is what a rule asks of the event and the policy: the name of its guard.
type Condition uint8

// The conditions.
const (
	Always              Condition = iota
	HostTurnedFailed              // HostStateChanged with to=Failed
	HostTurnedFailedHlt           // the same, under policy halt
	HostTurnedReverted            // HostStateChanged with to=Reverted
	WaveForward                   // WaveAdvanced with to_wave > from_wave
	WaveBackward                  // WaveAdvanced with to_wave < from_wave

	conditionEnd
)

var conditionNames = [conditionEnd]string{
	"always", "to=Failed", "to=Failed under halt", "to=Reverted", "to_wave>from_wave", "to_wave<from_wave",
}

// String says the condition in the words of the transition table.
func (c Condition) String() string {
	if c >= conditionEnd {
		return enumName("Condition", nil, uint8(c))
	}
	return conditionNames[c]
}

// usesPolicy reports whether the channel's policy decides whether the condition holds.
func (c Condition) usesPolicy() bool { return c == HostTurnedFailedHlt }

func (c Condition) holds(ev *Event, policy *Policy) bool {
	switch c {
	case Always:
		return true
	case HostTurnedFailed:
		return ev.To == HostFailed
	case HostTurnedFailedHlt:
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

// Action is what a rule does with the record. The zero value is invalid, so that a forgotten cell
// cannot pass for one.
type Action uint8

// The actions.
const (
	Illegal     Action = 1 + iota // answer IllegalForState
	Unspecified                   // answer Unimplemented
	Refuse                        // answer Invariant "wave regression"
	Ignore                        // accept, stay in the state
	Go                            // move to the rule's state

	actionEnd
)

var actionNames = [actionEnd]string{"", "illegal", "unimplemented", "invariant", "ignore", "go"}

// String names the action.
func (a Action) String() string { return enumName("Action", actionNames[:], uint8(a)) }

// Rule is one line of a cell: when If holds, Do it.
type Rule struct {
	If Condition
	Do Action
	To State // where Go goes

	MoveCursor bool // emit UpdateCurrentWave when to_wave is above the cursor
	Quarantine bool // emit InsertQuarantineFromRollout
	Prune      bool // emit SchedulePruning
}

// maxRules is the longest cell.
const maxRules = 3

// Cell is what a machine does with one event in one state: the first rule whose condition holds.
// The last rule in use is always unconditional.
type Cell [maxRules]Rule

// Rules gives the rules in use, in order.
func (c Cell) Rules() []Rule {
	n := slices.IndexFunc(c[:], func(r Rule) bool { return r.Do == 0 })
	if n < 0 {
		n = maxRules
	}
	return c[:n]
}

// Cells is a whole transition table, by State and EventKind; row and column 0 stay empty.
type Cells [StateCount][EventKindCount]Cell

// Table is a Machine whose transitions are data.
type Table struct {
	name  string
	cells Cells

	// refuseMisrouted answers Invariant to an event that belongs to another rollout than the record's.
	refuseMisrouted bool
}

// NewTable makes a machine of cells, to test or compare a change of the shipped ones. A cell
// without an unconditional last rule answers IllegalForState to what no rule takes.
func NewTable(name string, cells Cells, refuseMisrouted bool) *Table {
	return &Table{name: name, cells: cells, refuseMisrouted: refuseMisrouted}
}

// Name is how the machine is chosen on command lines and named in traces.
func (m *Table) Name() string { return m.name }

// Cell gives what the machine does with an event of kind k in state s.
func (m *Table) Cell(s State, k EventKind) Cell { return m.cells[s][k] }

// Cells gives a copy of the whole table.
func (m *Table) Cells() Cells { return m.cells }

// RefusesMisrouted tells whether an event of another rollout than the record's is refused.
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
	cell := &m.cells[from][ev.Kind]
	var rule *Rule
	for i := range cell {
		if cell[i].If.holds(ev, &policy) {
			rule = &cell[i]
			break
		}
	}
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
	case 0, Illegal, actionEnd: // 0 is a rule that was left out
		return &IllegalForState{From: from, Event: ev.Kind, Rollout: rec.RolloutID}
	}
	if rule.MoveCursor && ev.ToWave > rec.CurrentWave {
		rec.CurrentWave = ev.ToWave
		e := out.next(UpdateCurrentWave)
		e.Rollout, e.Wave = rec.RolloutID, ev.ToWave
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

// next appends an effect of kind k and gives it to be filled in: cheaper than copying a whole one.
func (e *Effects) next(k EffectKind) *Effect {
	p := &e.list[e.n]
	e.n++
	*p = Effect{Kind: k}
	return p
}

// Named gives a machine under another name, so that it stands in for the machine of that name.
func Named(m Machine, name string) Machine { return named{m, name} }

type named struct {
	Machine
	name string
}

func (n named) Name() string { return n.name }
