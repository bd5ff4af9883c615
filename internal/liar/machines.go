package liar

import "rollsim/reducer"

// Answer is the answer of a machine to one event.
type Answer struct {
	Before, Rec *reducer.Record
	Event       *reducer.Event
	Effects     *reducer.Effects
}

// broken is a machine that changes the answers of another machine.
type broken struct {
	reducer.Machine
	change func(Answer)
}

func (b broken) Step(
	rec *reducer.Record, ev *reducer.Event, now reducer.Time, p reducer.Policy, out *reducer.Effects,
) error {
	before := *rec
	if err := b.Machine.Step(rec, ev, now, p, out); err != nil {
		return err
	}
	b.change(Answer{&before, rec, ev, out})
	return nil
}

// WithAnswer returns rfc0008 with its answers changed.
func WithAnswer(change func(Answer)) reducer.Machine { return broken{reducer.RFC0008(), change} }

// WithCell returns rfc0008 with one cell changed.
func WithCell(s reducer.State, k reducer.EventKind, c reducer.Cell) reducer.Machine {
	cells := reducer.RFC0008().Cells()
	cells[s][k] = c
	return reducer.NewTable("broken", cells, true)
}
