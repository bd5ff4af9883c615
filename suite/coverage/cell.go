package coverage

import (
	"strings"

	"rollsim/reducer"
)

// Effects is a set of effects beside RecordRolloutTransition, which every transition has.
type Effects uint8

const cursor Effects = 1 << reducer.UpdateCurrentWave

// EffectsOf makes a set.
func EffectsOf(kinds ...reducer.EffectKind) Effects {
	var e Effects
	for _, k := range kinds {
		e |= 1 << k
	}
	return e &^ (1 << reducer.RecordRolloutTransition)
}

// String is the set as the specification abbreviates it, such as "Q P".
func (e Effects) String() string {
	var words []string
	for _, k := range e.Kinds() {
		words = append(words, letters[k])
	}
	return strings.Join(words, " ")
}

// Kinds lists the effects in the order in which a step emits them.
func (e Effects) Kinds() []reducer.EffectKind {
	var kinds []reducer.EffectKind
	for _, k := range reducer.EffectKinds() {
		if e&(1<<k) != 0 {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// letters are the effects as the specification abbreviates them.
var letters = [reducer.EffectKindCount]string{
	reducer.RecordRolloutTransition:     "", // the answer says it
	reducer.UpdateCurrentWave:           "W",
	reducer.InsertQuarantineFromRollout: "Q",
	reducer.SchedulePruning:             "P",
}

// Outcome is what an event comes to.
type Outcome struct {
	Answer  Answer
	Effects Effects
}

// String is the outcome as the specification's tables write it, such as "→Terminal P".
func (o Outcome) String() string {
	switch {
	case o.Effects == 0:
		return o.Answer.String()
	case o.Answer == Ignored:
		return o.Effects.String()
	}
	return o.Answer.String() + " " + o.Effects.String()
}

// Cell is one outcome of one class of events in one state.
type Cell struct {
	State reducer.State
	Class Class
	Outcome
}

// String says the cell in a line, such as "Failed + OperatorClearance: →Terminal P".
func (c Cell) String() string {
	return c.State.String() + " + " + c.Class.String() + ": " + c.Outcome.String()
}

// Cells lists every cell of a machine's table, by state and class. Classes have several where the
// policy or the wave cursor decides.
func Cells(m *reducer.Table) []Cell {
	var all []Cell
	for _, s := range reducer.States() {
		for _, c := range append(Classes(), Misrouted) {
			for _, o := range Outcomes(m, s, c) {
				all = append(all, Cell{s, c, o})
			}
		}
	}
	return all
}

// Outcomes lists what a machine's table has for events of class c in state s, in the order of its
// rules.
func Outcomes(m *reducer.Table, s reducer.State, c Class) []Outcome {
	if c == Misrouted {
		if m.RefusesMisrouted() {
			return []Outcome{{Answer: RefusedInvariant}}
		}
		return []Outcome{{Answer: TakenForOwn}}
	}
	var all []Outcome
	for _, outcomes := range ByRule(m, s, c) {
		all = append(all, outcomes...)
	}
	return all
}

// ByRule gives, for each rule of the cell of state s and the event kind of class c, what it does
// with events of that class; nothing where an earlier rule takes them all, or its condition never
// holds of them. Misrouted has no rules.
func ByRule(m *reducer.Table, s reducer.State, c Class) [][]Outcome {
	rules := m.Cell(s, c.Kind()).Rules()
	all := make([][]Outcome, len(rules))
	for i, r := range rules {
		sometimes, always := takes(r.If, c)
		if !sometimes {
			continue
		}
		o := OutcomeOf(r)
		if o.Effects&cursor != 0 {
			all[i] = append(all[i], o) // when to_wave is above the cursor
			o.Effects &^= cursor
		}
		all[i] = append(all[i], o)
		if always {
			break
		}
	}
	return all
}

// takes tells whether a condition holds of some and of all events of a class.
func takes(if_ reducer.Condition, c Class) (sometimes, always bool) {
	switch if_ {
	case reducer.Always:
		return true, true
	case reducer.HostTurnedFailed:
		return c == TurnedFailed, c == TurnedFailed
	case reducer.HostTurnedFailedHlt:
		return c == TurnedFailed, false
	case reducer.HostTurnedReverted:
		return c == TurnedReverted, c == TurnedReverted
	case reducer.WaveForward:
		return c == WaveForward, c == WaveForward
	case reducer.WaveBackward:
		return c == WaveBackward, c == WaveBackward
	}
	return false, false
}

// OutcomeOf is what a rule does, with all the effects that it may have.
func OutcomeOf(r reducer.Rule) Outcome {
	o := Outcome{Answer: Ignored}
	switch r.Do {
	case reducer.Unspecified:
		return Outcome{Answer: RefusedUnimplemented}
	case reducer.Refuse:
		return Outcome{Answer: RefusedInvariant}
	case reducer.Illegal:
		return Outcome{Answer: RefusedIllegal}
	case reducer.Go:
		o.Answer = Answer(r.To)
	case reducer.Ignore:
	}
	if r.MoveCursor {
		o.Effects |= cursor
	}
	if r.Quarantine {
		o.Effects |= EffectsOf(reducer.InsertQuarantineFromRollout)
	}
	if r.Prune {
		o.Effects |= EffectsOf(reducer.SchedulePruning)
	}
	return o
}
