package coverage

import (
	"errors"

	"rollsim/reducer"
)

// Set is the cells that were exercised, each with the event that did so first. It may be read by
// several at once, and written by one.
type Set map[Cell]Seen

// Seen is where a cell was exercised first.
type Seen struct {
	Rollout reducer.RolloutID
	At      reducer.Time // of the event
}

// Has tells whether a cell was exercised.
func (s Set) Has(c Cell) bool {
	_, ok := s[c]
	return ok
}

func (s Set) add(c Cell, ev *reducer.Event) {
	if !s.Has(c) {
		s[c] = Seen{ev.Rollout, ev.At}
	}
}

// Recording holds the cells that were exercised by the name of the machine.
type Recording map[string]Set

// Through gives a machine that answers like m, and notes which cells that exercises. Machines of
// one recording must not be used side by side.
func (r Recording) Through(m reducer.Machine) reducer.Machine {
	set := r[m.Name()]
	if set == nil {
		set = make(Set)
		r[m.Name()] = set
	}
	return &recorder{Machine: m, set: set}
}

type recorder struct {
	reducer.Machine
	set Set
}

func (r *recorder) Step(
	rec *reducer.Record, ev *reducer.Event, now reducer.Time, policy reducer.Policy,
	out *reducer.Effects,
) error {
	from, misrouted := rec.State, ev.Rollout != rec.RolloutID
	err := r.Machine.Step(rec, ev, now, policy, out)
	o := answered(err, out)
	if o.Answer == 0 {
		return err
	}
	if misrouted {
		if refused := (*reducer.Invariant)(nil); errors.As(err, &refused) &&
			refused.What == reducer.AnotherRollout {
			r.set.add(Cell{from, Misrouted, o}, ev)
			return err
		}
		r.set.add(Cell{from, Misrouted, Outcome{Answer: TakenForOwn}}, ev)
	}
	r.set.add(Cell{from, ClassOf(ev), o}, ev)
	return err
}

// answered is the outcome of a step; no Answer when the machine failed to give one.
func answered(err error, out *reducer.Effects) Outcome {
	if err == nil {
		o := Outcome{Answer: Ignored}
		for _, e := range out.All() {
			if e.Kind == reducer.RecordRolloutTransition {
				o.Answer = Answer(e.To)
			}
			o.Effects |= EffectsOf(e.Kind)
		}
		return o
	}
	switch {
	case errors.As(err, new(*reducer.IllegalForState)):
		return Outcome{Answer: RefusedIllegal}
	case errors.As(err, new(*reducer.Unimplemented)):
		return Outcome{Answer: RefusedUnimplemented}
	case errors.As(err, new(*reducer.Invariant)):
		return Outcome{Answer: RefusedInvariant}
	}
	return Outcome{}
}
