package controlplane

import (
	"fmt"

	"rollsim/reducer"
)

// rules are the decisions in which the built-in control planes differ.
type rules interface {
	// plans reports whether the control plane plans. One that does not plan arms no retention timers
	// either.
	plans() bool

	// worksOn reports whether plans include the rollout.
	worksOn(r *rollout) bool

	// halted reports whether no host of the rollout may be dispatched now.
	halted(r *rollout) bool

	// advance moves the cursor as far as the hosts allow.
	advance(s step, r *rollout) error
}

// specified are the rules of the RFCs: the wave cursor is that of the record.
type specified struct{}

func (specified) plans() bool { return true }

func (specified) worksOn(r *rollout) bool { return r.state().Underway() && !r.aborted }

func (c specified) halted(r *rollout) bool {
	return !c.worksOn(r) || r.fold.Count(reducer.HostFailed) > 0
}

func (specified) advance(s step, r *rollout) error {
	// Each wave becomes ready once and settled once. The limit stops a machine that cycles between
	// states.
	for range 2*len(r.waves) + 3 {
		rec := &r.fold.Record
		ready, settled := true, true // an empty wave blocks nothing
		if v := r.wave(rec.CurrentWave); v != nil {
			ready, settled = v.ready(), v.settled()
		}
		next, more := r.later(rec.CurrentWave)
		switch {
		case rec.State == reducer.Active && ready:
			next = rec.CurrentWave
		case rec.State != reducer.Active && rec.State != reducer.Converging, !settled, !more:
			return nil
		}
		before, changed := *rec, s.changed
		err := s.apply(s.newEvent(reducer.Event{
			Kind: reducer.WaveAdvanced, Rollout: r.id, FromWave: rec.CurrentWave, ToWave: next, At: s.now,
		}))
		if err != nil {
			return err
		}
		if *rec == before {
			s.changed = changed
			return nil // the machine ignores the event, and would again
		}
	}
	return fmt.Errorf("%w (the wave cursor of %s)", ErrRunaway, r.id)
}

// none are the rules of a control plane that leaves all decisions to raw events.
type none struct{ specified }

func (none) plans() bool { return false }
