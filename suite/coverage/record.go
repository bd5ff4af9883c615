package coverage

import (
	"errors"

	"rollsim/reducer"
)

// Set holds the exercised cells, each with the first event that exercised it. Like a map, it is
// safe for concurrent reads only.
type Set map[Cell]Seen

// Seen says which event exercised a cell first.
type Seen struct {
	Rollout reducer.RolloutID
	At      reducer.Time // of the event
}

// Has reports whether a cell was exercised.
func (s Set) Has(c Cell) bool {
	_, ok := s[c]
	return ok
}

func (s Set) add(c Cell, ev *reducer.Event) {
	if !s.Has(c) {
		s[c] = Seen{ev.Rollout, ev.At}
	}
}

// Recording holds the exercised cells by the name of the machine.
type Recording map[string]Set

// Through returns a machine that answers like m and records the exercised cells. Machines of one
// recording must not be used concurrently.
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
	o := outcome(err, out)
	if o.Answer == 0 {
		return err
	}
	if misrouted {
		if refused := (*reducer.Invariant)(nil); errors.As(err, &refused) &&
			refused.What == reducer.AnotherRollout {
			r.set.add(Cell{from, Misrouted, o}, ev)
			return err
		}
		r.set.add(Cell{from, Misrouted, Outcome{Answer: AsOwn}}, ev)
	}
	r.set.add(Cell{from, ClassOf(ev), o}, ev)
	return err
}

// outcome returns the outcome of a step. Its Answer is zero after a failure of the machine.
func outcome(err error, out *reducer.Effects) Outcome {
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
