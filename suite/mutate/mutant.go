package mutate

import (
	"fmt"
	"slices"
	"strings"

	"rollsim/reducer"
	"rollsim/suite/coverage"
)

// Place is the part of a transition table that a mutant changes: one class of events in one state,
// and one policy where the specification depends on it.
type Place struct {
	State  reducer.State
	Class  coverage.Class
	Policy reducer.HealthPolicy // 0 for any
}

// String returns the place in a line, such as "Active + HostStateChanged to=Failed under halt".
func (p Place) String() string {
	words := fmt.Sprintf("%v + %v", p.State, p.Class)
	if p.Policy != 0 {
		words += fmt.Sprintf(" under %v", p.Policy)
	}
	return words
}

// Mutant is a machine with another outcome at one place.
type Mutant struct {
	Machine string // the name of the machine that is changed
	Place
	Was, Becomes coverage.Outcome

	table *reducer.Table // the machine that is changed
	other *reducer.Table // the machine that answers at the place
}

// String returns the mutant in a line.
func (m *Mutant) String() string {
	return fmt.Sprintf("%s  %v: %v becomes %v", m.Machine, m.Place, m.Was, m.Becomes)
}

// Through returns the mutant if machine is the one that it changes, under that one's name. It
// returns any other machine unchanged.
func (m *Mutant) Through(machine reducer.Machine) reducer.Machine {
	if machine.Name() != m.Machine {
		return machine
	}
	return &changed{Machine: machine, mutant: m}
}

// changed is a machine with a mutant.
type changed struct {
	reducer.Machine
	mutant *Mutant
}

func (c *changed) Step(
	rec *reducer.Record, ev *reducer.Event, now reducer.Time, policy reducer.Policy,
	out *reducer.Effects,
) error {
	if c.mutant.applies(rec, ev, policy.OnHealthFailure) {
		return c.mutant.other.Step(rec, ev, now, policy, out)
	}
	return c.Machine.Step(rec, ev, now, policy, out)
}

// applies reports whether a step is at the mutant's place.
func (m *Mutant) applies(rec *reducer.Record, ev *reducer.Event, policy reducer.HealthPolicy) bool {
	if rec.State != m.State {
		return false
	}
	misrouted := ev.Rollout != rec.RolloutID
	if m.Class == coverage.Misrouted || misrouted && m.table.RefusesMisrouted() {
		return m.Class == coverage.Misrouted && misrouted
	}
	return coverage.ClassOf(ev) == m.Class && (m.Policy == 0 || m.Policy == policy)
}

// reachedIn reports whether a case that exercised some cells reaches the place.
func (m *Mutant) reachedIn(cells coverage.Set) bool {
	short := m.Was // the outcome when the wave is not above the cursor
	short.Effects &^= coverage.EffectsOf(reducer.UpdateCurrentWave)
	return cells.Has(coverage.Cell{State: m.State, Class: m.Class, Outcome: m.Was}) ||
		cells.Has(coverage.Cell{State: m.State, Class: m.Class, Outcome: short})
}

// Mutants returns every mutant of a machine: at each place of its table each other answer, and
// where it accepts the event also each effect missing or added. It leaves out those that behave
// like the machine for every sequence of events.
func Mutants(m *reducer.Table) []*Mutant {
	var all []*Mutant
	for _, s := range reducer.States() {
		for _, c := range coverage.Classes() {
			for _, p := range policies(s, c) {
				place := Place{s, c, p}
				was := outcomeAt(m, place)
				for _, becomes := range others(was, c) {
					all = append(all, &Mutant{
						Machine: m.Name(),
						Place:   place,
						Was:     was,
						Becomes: becomes,
						table:   m,
						other:   answering(s, c.Kind(), becomes),
					})
				}
			}
		}
		all = append(all, misrouted(m, s)...)
	}
	return all
}

// policies returns the policies under which a place is changed: each alone where the specification
// depends on the policy.
func policies(s reducer.State, c coverage.Class) []reducer.HealthPolicy {
	if c == coverage.TurnedFailed && len(coverage.Outcomes(reducer.RFC0008(), s, c)) > 1 {
		return reducer.HealthPolicies()
	}
	return []reducer.HealthPolicy{0}
}

// outcomeAt returns the outcome of a machine at a place, with all the effects that it may have
// there.
func outcomeAt(m *reducer.Table, p Place) coverage.Outcome {
	var found []coverage.Outcome
	for _, outcomes := range coverage.ByRule(m, p.State, p.Class) {
		if len(outcomes) > 0 {
			found = append(found, outcomes[0])
		}
	}
	if p.Policy == reducer.Halt {
		return found[0]
	}
	return found[len(found)-1]
}

// others returns the outcomes that an event could have instead.
func others(was coverage.Outcome, c coverage.Class) []coverage.Outcome {
	var all []coverage.Outcome
	for _, a := range coverage.AllAnswers() {
		o := coverage.Outcome{Answer: a}
		if _, moves := a.To(); moves {
			o.Effects = was.Effects
		}
		if a != was.Answer {
			all = append(all, o)
		}
	}
	if _, moves := was.Answer.To(); !moves && was.Answer != coverage.Ignored {
		return all
	}
	for _, k := range reducer.EffectKinds() {
		flip := coverage.EffectsOf(k)
		if flip == 0 || k == reducer.UpdateCurrentWave && c.Kind() != reducer.WaveAdvanced {
			continue // the answer implies the transition, and only WaveAdvanced has a wave for the cursor
		}
		all = append(all, coverage.Outcome{Answer: was.Answer, Effects: was.Effects ^ flip})
	}
	return all
}

// answering returns a machine with one outcome for events of a kind in a state.
func answering(s reducer.State, k reducer.EventKind, o coverage.Outcome) *reducer.Table {
	rule := reducer.Rule{Do: reducer.Ignore}
	if to, moves := o.Answer.To(); moves {
		rule.Do, rule.To = reducer.Go, to
	}
	switch o.Answer {
	case coverage.RefusedIllegal:
		rule.Do = reducer.Illegal
	case coverage.RefusedUnimplemented:
		rule.Do = reducer.Unspecified
	case coverage.RefusedInvariant:
		rule.Do = reducer.Refuse
	case coverage.Ignored, coverage.AsOwn:
	}
	effects := o.Effects.Kinds()
	rule.MoveCursor = slices.Contains(effects, reducer.UpdateCurrentWave)
	rule.Quarantine = slices.Contains(effects, reducer.InsertQuarantineFromRollout)
	rule.Prune = slices.Contains(effects, reducer.SchedulePruning)
	var cells reducer.Cells
	cells[s][k] = reducer.Cell{rule}
	return reducer.NewTable("", cells, false)
}

// misrouted returns the mutants with another outcome for events of another rollout in a state.
func misrouted(m *reducer.Table, s reducer.State) []*Mutant {
	was := coverage.Outcomes(m, s, coverage.Misrouted)[0]
	turned := coverage.Outcome{Answer: coverage.AsOwn}
	if was == turned {
		turned.Answer = coverage.RefusedInvariant
	}
	var unimplemented reducer.Cells
	for _, k := range reducer.EventKinds() {
		unimplemented[s][k] = reducer.Cell{{Do: reducer.Unspecified}}
	}
	place := Place{State: s, Class: coverage.Misrouted}
	return []*Mutant{
		{
			Machine: m.Name(),
			Place:   place,
			Was:     was,
			Becomes: turned,
			table:   m,
			other:   reducer.NewTable("", m.Cells(), !m.RefusesMisrouted()),
		},
		{
			Machine: m.Name(),
			Place:   place,
			Was:     was,
			Becomes: coverage.Outcome{Answer: coverage.RefusedUnimplemented},
			table:   m,
			other:   reducer.NewTable("", unimplemented, false),
		},
	}
}

// Row returns a row for the table "in STATE the machine answers like this:" that the machine passes
// and the mutant fails: its columns and its cells.
func (m *Mutant) Row() (columns, cells []string) {
	add := func(column, cell string) { columns, cells = append(columns, column), append(cells, cell) }
	kind, was := m.Class.Kind(), m.Was
	if m.Class == coverage.Misrouted {
		kind = reducer.SuccessorOpened
		if was.Answer == coverage.AsOwn {
			was = coverage.Outcomes(m.table, m.State, coverage.SucceededBy)[0]
		}
	}
	add("event", kind.String())
	switch m.Class {
	case coverage.TurnedFailed:
		add("from", reducer.HostSoaking.String())
		add("to", reducer.HostFailed.String())
	case coverage.TurnedReverted:
		add("from", reducer.HostFailed.String())
		add("to", reducer.HostReverted.String())
	case coverage.TurnedOther:
		add("from", reducer.HostSoaking.String())
		add("to", reducer.HostConverged.String())
	case coverage.WaveForward:
		add("from", "0")
		add("to", "1")
	case coverage.WaveLevel:
		add("from", "1")
		add("to", "1")
	case coverage.WaveBackward:
		add("from", "2")
		add("to", "1")
	case coverage.Misrouted:
		add("rollout", "r2")
	case coverage.Opened, coverage.Joined, coverage.TerminalDeclared, coverage.SucceededBy,
		coverage.Expired, coverage.Cleared:
	}
	if m.Policy != 0 {
		add("policy", m.Policy.String())
	}
	switch to, moves := was.Answer.To(); {
	case moves:
		add("becomes", to.String())
	case was.Answer == coverage.RefusedIllegal:
		add("error", "IllegalForState")
	case was.Answer == coverage.RefusedUnimplemented:
		add("error", "Unimplemented")
	case was.Answer == coverage.RefusedInvariant:
		add("error", "Invariant")
	}
	var effects []string
	for _, k := range was.Effects.Kinds() {
		effects = append(effects, k.String())
	}
	if effects != nil {
		add("effects", strings.Join(effects, " and "))
	}
	return columns, cells
}
