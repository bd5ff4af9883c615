package coverage

import (
	"strings"

	"rollsim/reducer"
)

// Effects is a set of effects without RecordRolloutTransition, which every transition has.
type Effects uint8

const cursor Effects = 1 << reducer.UpdateCurrentWave

// EffectsOf returns the set of some effects.
func EffectsOf(kinds ...reducer.EffectKind) Effects {
	var e Effects
	for _, k := range kinds {
		e |= 1 << k
	}
	return e &^ (1 << reducer.RecordRolloutTransition)
}

// String returns the set as the specification abbreviates it, such as "Q P".
func (e Effects) String() string {
	var words []string
	for _, k := range e.Kinds() {
		words = append(words, letters[k])
	}
	return strings.Join(words, " ")
}

// Kinds returns the effects in the order in which a step emits them.
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

// Outcome is a machine's answer to an event, with its effects.
type Outcome struct {
	Answer  Answer
	Effects Effects
}

// String returns the outcome as the specification's tables write it, such as "→Terminal P".
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

// String returns the cell in a line, such as "Failed + OperatorClearance: →Terminal P".
func (c Cell) String() string {
	return c.State.String() + " + " + c.Class.String() + ": " + c.Outcome.String()
}

// Cells returns every cell of a machine's table, by state and class. A class has several where the
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

// Outcomes returns the outcomes of events of class c in state s, in the order of the table's rules.
func Outcomes(m *reducer.Table, s reducer.State, c Class) []Outcome {
	if c == Misrouted {
		if m.RefusesMisrouted() {
			return []Outcome{{Answer: RefusedInvariant}}
		}
		return []Outcome{{Answer: AsOwn}}
	}
	var all []Outcome
	for _, outcomes := range ByRule(m, s, c) {
		all = append(all, outcomes...)
	}
	return all
}

// ByRule returns the outcomes of events of class c for each rule of the table's cell. A rule has
// none if an earlier rule applies to all of the class, or if its condition never holds for the
// class. Misrouted has no rules.
func ByRule(m *reducer.Table, s reducer.State, c Class) [][]Outcome {
	rules := m.Cell(s, c.Kind()).Rules()
	all := make([][]Outcome, len(rules))
	for i, r := range rules {
		sometimes, always := holds(r.If, c)
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

// holds reports whether a condition holds for some and for all events of a class.
func holds(cond reducer.Condition, c Class) (sometimes, always bool) {
	switch cond {
	case reducer.Always:
		return true, true
	case reducer.HostTurnedFailed:
		return c == TurnedFailed, c == TurnedFailed
	case reducer.HostTurnedFailedUnderHalt:
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

// OutcomeOf returns the outcome of a rule, with all the effects that it may have.
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
