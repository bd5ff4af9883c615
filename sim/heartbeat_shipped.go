package sim

import (
	"slices"

	"rollsim/controlplane"
	"rollsim/reducer"
)

// awaitBeat schedules the next heartbeat of an agent if it may change anything.
func (p *production) awaitBeat(a *shippedAgent) {
	if a.beatAt != 0 || p.network.lost(a.host) || !p.driver.down && !p.plane().Active(a.host) {
		return
	}
	a.beatAt = next(a.beatPhase, controlplane.HeartbeatInterval, p.clock.now, false)
	p.clock.queue.push(a.beatAt, workBeat, a.host, 0)
}

// beat sends a heartbeat, and applies the snapshots of the answer.
func (p *production) beat(a *shippedAgent) {
	if a.beatAt <= p.clock.now {
		a.beatAt = 0
	}
	defer p.awaitBeat(a)
	if !p.reachable(a) {
		return
	}
	p.synth = true
	p.record.check.Heartbeat(true)
	answer, err := p.plane().Heartbeat(p.clock.now, controlplane.Heartbeat{
		Host: a.host, Closure: a.running, At: p.network.time(a.host),
		Unsent: func(id reducer.RolloutID) bool { return p.unsent(a, id) },
	}, &p.driver)
	p.record.check.Heartbeat(false)
	p.synth = false
	p.record.fail(err)
	var soaking []uint32
	for _, s := range answer {
		r := p.overwrite(a, s)
		if r.state == reducer.HostSoaking {
			soaking = append(soaking, r.rollout)
		}
	}
	slices.Sort(soaking) // the probes of the newest one run on
	for _, rollout := range soaking {
		p.startProbes(a, a.find(rollout))
	}
	p.next(a)
}

// unsent reports whether an agent has messages of a rollout that were not acknowledged.
func (p *production) unsent(a *shippedAgent, id reducer.RolloutID) bool {
	n := p.rollouts.find(id)
	return slices.ContainsFunc(p.network.links[a.host].outbox, func(m message) bool {
		return m.rollout == n
	})
}

// overwrite replaces what an agent knows of a rollout by a snapshot of the control plane.
func (p *production) overwrite(a *shippedAgent, s controlplane.Snapshot) *localRollout {
	n := p.rollouts.find(s.Rollout)
	r := a.find(n)
	if r == nil {
		a.local = append(a.local, localRollout{rollout: n})
		r = &a.local[len(a.local)-1]
	}
	r.state, r.seq, r.target, r.soakDue = s.State, s.Seq, s.Closure, s.SoakDueAt
	if r.state == reducer.HostActivating && p.mended.Has(controlplane.LostActivation) &&
		p.plane().LastDispatch(a.host) == s.Rollout &&
		!slices.ContainsFunc(a.switches, func(w switchOver) bool { return w.rollout == n }) {
		a.switches = append(a.switches, switchOver{rollout: n, target: r.target})
	}
	return r
}
