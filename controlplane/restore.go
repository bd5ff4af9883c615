package controlplane

import (
	"slices"

	"rollsim/internal/hash64"
	"rollsim/reducer"
	"rollsim/trace"
)

func (p *plane) Durable(log []trace.Entry) Durable { return Durable{Log: log} }

func (p *plane) Restore(now reducer.Time, from Durable, out Output) error {
	for i := range from.Log {
		if err := p.replay(&from.Log[i]); err != nil {
			return err
		}
	}
	p.resume(now, out)
	return nil
}

// resume continues after the log has been replayed. It arms the timers.
func (p *plane) resume(now reducer.Time, out Output) {
	s := step{p, now, out}
	for _, r := range p.rollouts {
		for i := range r.waves {
			for j := range r.waves[i].queues {
				q := &r.waves[i].queues[j]
				q.slots = slices.DeleteFunc(
					q.slots, func(slot int32) bool { return r.members[slot].dispatched },
				)
			}
		}
		if r.timer.Set {
			s.arm(r, r.timer.Value)
		}
	}
}

// replay applies one entry of the log to the state. It ignores an entry whose channel, rollout or
// host is unknown.
func (p *plane) replay(e *trace.Entry) error {
	switch {
	case e.Event != nil:
		return p.replayEvent(e)
	case e.HostEffect != nil:
		p.replayOrder(e.HostEffect)
	case e.Poll != nil:
		if n, ok := p.inv.Channel(e.Poll.Channel); ok {
			p.seen[n] = e.Poll.Ref
		}
	case e.Effect != nil:
		p.replayEffect(e)
	case e.Agent != nil, e.Gate != nil, e.Plan != nil:
		r := p.find(e.Rollout)
		if r == nil {
			return nil
		}
		if slot, joined := r.fold.Slot(e.Host); joined {
			p.replayHost(e, r, slot)
		}
	}
	return nil
}

func (p *plane) replayEvent(e *trace.Entry) error {
	switch err := p.fleet.ApplyTo(e.Rollout, e.Event, e.At, &p.outcome); {
	case reducer.IsMachineFailure(err):
		return err
	case err == nil:
		p.follow(e.Rollout, e.Event)
	}
	r := p.find(e.Event.Rollout)
	if r != nil && e.Rollout == r.id && e.Event.Kind == reducer.RetentionExpired &&
		r.timer.Set && e.At >= r.timer.Value {
		r.timer = reducer.Opt[reducer.Time]{}
	}
	return nil
}

func (p *plane) replayEffect(e *trace.Entry) {
	switch e.Effect.Kind {
	case reducer.InsertQuarantineFromRollout:
		p.quarantine.add(QuarantineEntry{Channel: e.Effect.Channel, Closure: e.Effect.Closure})
	case reducer.SchedulePruning:
		if r := p.find(e.Rollout); r != nil {
			r.timer = reducer.Some(e.At + seconds(e.Effect.DelaySeconds))
		}
	case reducer.RecordRolloutTransition, reducer.UpdateCurrentWave:
		// They were applied together with their event.
	}
}

// replayHost applies an entry about a member of a rollout to the state.
func (p *plane) replayHost(e *trace.Entry, r *rollout, slot int) {
	m := &r.members[slot]
	switch {
	case e.Agent != nil:
		m.seq = uint32(e.Agent.Seq)
	case e.Gate != nil:
		// The decision is not logged again before its reason changes.
		queues := r.wave(r.fold.Hosts()[slot].Wave).queues
		for i := range queues {
			if _, found := slices.BinarySearch(queues[i].slots, int32(slot)); found {
				queues[i].blocked = reason{kind: logged, name: e.Gate.Reason}
				queues[i].logged = hash64.OfText(e.Gate.Reason)
			}
		}
	case e.Plan.Action == trace.QueueDispatch && m.host != noHost:
		if m.dispatched {
			p.unacked = slices.DeleteFunc(p.unacked, func(d dispatched) bool {
				return d.rollout == r.number && d.slot == int32(slot)
			})
		}
		m.dispatched = true
		p.unacked = append(p.unacked, dispatched{
			sent: e.At, rollout: r.number, slot: int32(slot), attempt: e.Plan.Attempt,
		})
		h := &p.hosts[m.host]
		h.current, h.slot, h.soakDueAt = r.number, int32(slot), e.Plan.SoakDueAt
		p.recount(m.host)
	}
}
