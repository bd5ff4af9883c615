package replay

import (
	"rollsim/reducer"
	"rollsim/trace"
)

// misrouted reports whether an event reached the record of another rollout than its own. Only a
// simulated trace says so: a control plane writes the rollout of the event into both places.
func (p *replay) misrouted(e *trace.Entry) bool {
	return p.sealed && e.Rollout != "" && e.Rollout != e.Event.Rollout
}

// misroute replays an event that reached the record of another rollout. It moves no host.
func (p *replay) misroute(e *trace.Entry) error {
	r := p.rollouts.get(e.Rollout)
	p.effects.missing(r)
	p.rejections.missing()
	w := p.effects.next(e, r)
	err := p.fleet.ApplyTo(r.id, e.Event, e.At, &p.out)
	if reducer.IsMachineFailure(err) {
		return err
	}
	p.lateRefusals(e, p.out.Late)
	if err != nil {
		p.refused(e, r, err)
		return nil
	}
	p.effects.expect(r, w, &p.out)
	r.summary.follow(&r.fold.Record, e.Event.At, p.out.Confirmed)
	if !r.fold.Record.State.Standing() {
		p.release(r)
	}
	return nil
}
