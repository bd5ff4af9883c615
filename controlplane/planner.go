package controlplane

import (
	"slices"
	"time"

	"rollsim/internal/hash64"
	"rollsim/reducer"
	"rollsim/trace"
)

// PlanInterval is how often a driver calls Plan, whether or not something has changed.
const PlanInterval = 15 * time.Second

// manyUnacked is how many dispatches without an ack the control plane keeps memory for.
const manyUnacked = 1 << 10

// resendAfter is how long a dispatch waits for its ack before it is sent again.
const resendAfter = 60 * time.Second

func (p *plane) Plan(tick Tick, out Output) error {
	if !p.rules.plans() {
		p.changed = false
		return nil
	}
	s := step{p, tick.Now, out}
	p.planned = tick.Now
	p.openWindows(tick.Now)
	if p.settled && !p.changed {
		s.resend()
		return nil
	}
	p.changed, p.settled = false, true
	p.underway = slices.DeleteFunc(p.underway, func(r *rollout) bool { return !p.rules.worksOn(r) })
	for _, r := range p.underway {
		if err := p.rules.advance(s, r); err != nil {
			return err
		}
		if !p.rules.halted(r) {
			s.dispatchAll(r)
		}
	}
	s.resend()
	return nil
}

// dispatchAll dispatches each pending host that no gate blocks, wave by wave, and logs the gate
// that blocks each of the others. Within a wave it visits the hosts in join order.
func (s step) dispatchAll(r *rollout) {
	for i := range r.waves {
		v := &r.waves[i]
		if len(v.queues) == 0 {
			continue
		}
		if why := s.waveGate(r, v); why.blocks() {
			for j := range v.queues {
				s.block(r, &v.queues[j], &why)
			}
			continue
		}
		for j := range v.queues {
			v.queues[j].stopped = false
		}
		s.dispatchWave(r, v)
		v.dropEmpty()
	}
}

// dispatchWave dispatches the hosts of a wave until each queue is empty or stopped by a gate.
func (s step) dispatchWave(r *rollout, v *wave) {
	for q := v.next(); q != nil; q = v.next() {
		slot := q.slots[0]
		if r.fold.Hosts()[slot].State == reducer.HostPending { // a raw event may have moved it
			if why := s.hostGate(r, r.members[slot].host); why.blocks() {
				s.block(r, q, &why)
				q.stopped = true
				continue
			}
			s.dispatch(r, slot, 1)
		}
		q.slots = q.slots[1:]
	}
}

// block logs the gate decision for each host of a queue, unless its reason was the last one logged.
func (s step) block(r *rollout, q *queue, why *reason) {
	if q.blocked.is(why) {
		return
	}
	gate, text := why.gate(), why.String()
	q.blocked, q.logged = *why, hash64.OfText(text)
	for _, slot := range q.slots {
		id := r.fold.Hosts()[slot].ID
		decision := &s.decision
		decision.Gate, decision.Reason, decision.Host, decision.Rollout = gate, text, id, r.id
		e := &s.gate
		e.Kind, e.Host, e.Rollout, e.Gate = trace.KindGateDecision, id, r.id, decision
		s.write(e)
	}
}

// dispatch sends a dispatch to a host, for the first time or again.
func (s step) dispatch(r *rollout, slot int32, attempt int) {
	n := r.members[slot].host
	h := &s.hosts[n]
	if attempt == 1 {
		r.members[slot].dispatched = true
		h.current, h.slot = r.number, slot
		s.recount(n)
		s.settled = s.settled && len(s.counted) == 0 // a budget may block what another gate blocked
		h.soakDueAt = s.now + reducer.Time(r.soak(slot))
	}
	s.unacked = append(
		s.unacked, dispatched{sent: s.now, rollout: r.number, slot: slot, attempt: attempt},
	)
	id := s.inv.hosts[n].id
	action := &s.action
	action.Action, action.Rollout, action.Host = trace.QueueDispatch, r.id, id
	action.Closure, action.SoakDueAt, action.Attempt = r.release.Closure, h.soakDueAt, attempt
	e := &s.queued
	e.Kind, e.Host, e.Rollout, e.Plan = trace.KindPlanAction, id, r.id, action
	s.write(e)
	s.out.Dispatch(Dispatch{
		Host:      n,
		Rollout:   r.id,
		Closure:   r.release.Closure,
		SoakDueAt: h.soakDueAt,
		Attempt:   attempt,
	})
}

// soak returns how long the hosts of a member's wave soak. A raw event may name a wave that the
// channel does not have.
func (r *rollout) soak(slot int32) time.Duration {
	number, waves := r.fold.Hosts()[slot].Wave, r.channel.Waves
	if uint64(number) >= uint64(len(waves)) {
		return 0
	}
	return waves[number].Soak
}

// resend repeats the dispatches that have waited too long for an ack. One that must not be sent now
// stays due, because the halt may end or the quarantine may be lifted. It keeps the time at which
// it was sent, which the log has, so that a restart repeats it at the same time.
func (s step) resend() {
	held, i := 0, 0
	for ; i < len(s.unacked) && s.unacked[i].sent <= s.now-reducer.Time(resendAfter); i++ {
		d := s.unacked[i]
		r := s.rollouts[d.rollout]
		switch {
		case s.hosts[r.members[d.slot].host].current != d.rollout,
			r.fold.Hosts()[d.slot].State != reducer.HostPending,
			s.hosts[r.members[d.slot].host].left:
			// Acked, or a newer rollout has dispatched the host, or it has left the fleet.
		case s.rules.halted(r), s.quarantine.has(r.release), s.heldBack(r):
			s.unacked[held] = d
			held++
		default:
			s.dispatch(r, d.slot, d.attempt+1)
		}
	}
	s.unacked = slices.Delete(s.unacked, held, i)
	if len(s.unacked) == 0 && cap(s.unacked) > manyUnacked {
		s.unacked = nil // frees memory for the dispatches of the largest wave
	}
}

func (p *plane) Obstacle(id reducer.RolloutID, host reducer.HostID) string {
	r := p.byID[id]
	if r == nil {
		return "the rollout is not known"
	}
	slot, joined := r.fold.Slot(host)
	if !joined {
		return "the host has not joined"
	}
	switch n := r.members[slot].host; {
	case n == noHost:
		return "not a host of this scenario"
	case p.hosts[n].left:
		return "the host has left the fleet"
	case p.hosts[n].absent:
		return "the host has not joined the fleet"
	case r.aborted:
		return "an operator has aborted the rollout"
	case p.hosts[n].current == r.number:
		return "dispatched, never acked"
	case p.rules.halted(r):
		return "not dispatched while a host is Failed"
	}
	queues := r.wave(r.fold.Hosts()[slot].Wave).queues
	for i := range queues {
		q := &queues[i]
		if q.blocked.blocks() && slices.Contains(q.slots, int32(slot)) {
			return "blocked by " + q.blocked.String()
		}
	}
	return "not dispatched"
}
