package controlplane

import "rollsim/reducer"

// shipped are the rules of the production control plane. It derives a wave cursor of its own, which
// moves without a WaveAdvanced. A Failed host or rollout does not halt the waves that the cursor
// has reached.
type shipped struct{}

func (shipped) plans() bool { return true }

func (shipped) worksOn(r *rollout) bool {
	return r.state().Underway() || r.state() == reducer.Failed
}

func (c shipped) halted(r *rollout) bool { return !c.worksOn(r) }

func (shipped) cursor(r *rollout) uint32 { return r.cursor }

func (shipped) advance(_ step, r *rollout) error {
	for r.state().Underway() {
		v := r.wave(r.cursor)
		next, more := r.later(r.cursor)
		if v != nil && !v.settled() || !more {
			break
		}
		r.cursor = next
	}
	return nil
}

func (shipped) ordered() bool { return true }
