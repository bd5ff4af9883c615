package controlplane

import (
	"slices"

	"rollsim/reducer"
)

// waveGate returns why a gate blocks all pending hosts of a wave.
func (p *plane) waveGate(r *rollout, v *wave) reason {
	if why := p.orderGate(r); why.blocks() {
		return why
	}
	if p.quarantine.has(r.release) {
		return reason{
			kind: quarantined, name: string(r.release.Closure), second: string(r.release.Channel),
		}
	}
	if awaited := p.awaitedChannel(r); awaited != "" {
		return reason{kind: channelAwaited, name: string(awaited)}
	}
	if cursor := r.fold.Record.CurrentWave; v.number > cursor {
		return reason{kind: waveAwaited, a: v.number, b: cursor}
	}
	return reason{}
}

// awaitedChannel returns the first channel for which the rollout's channel still waits, or empty.
// The wait ends once the rollout of the ref that the awaited channel was last seen at has been
// Terminal or is superseded.
func (p *plane) awaitedChannel(r *rollout) reducer.ChannelID {
	if r.channel == nil {
		return ""
	}
	for _, id := range r.channel.After {
		awaited := p.fleet.Rollout(reducer.NewRolloutID(id, p.seen[p.inv.byID[id]]))
		if awaited == nil || !awaited.Record.TerminalAt.Set && !awaited.Record.SupersededAt.Set {
			return id
		}
	}
	return ""
}

// hostGate returns why a gate blocks a host although none blocks its wave.
func (p *plane) hostGate(r *rollout, n uint32) reason {
	h := &p.inv.hosts[n]
	for _, id := range p.inv.waitsFor[h.waits] {
		if a, joined := r.fold.Host(id); joined && !a.State.OrderingEligible() {
			return reason{kind: hostAwaited, name: string(id)}
		}
	}
	for _, i := range p.inv.budgetsOf[h.budgets] {
		if b := &p.inv.budgets[i]; p.counted[i] >= b.most {
			return reason{kind: budgetExhausted, name: b.Name, a: uint32(b.most)}
		}
	}
	return reason{}
}

// recountMember recounts the host of a member if its last dispatch was for the rollout.
func (p *plane) recountMember(r *rollout, slot int) {
	if n := r.members[slot].host; n != noHost && p.hosts[n].current == r.number {
		p.recount(n)
	}
}

// recount updates whether budgets count a host. They count it from its dispatch until it neither
// waits for the ack nor is in flight under that rollout. Its state under an older or a pruned
// rollout does not count. A rollout that has ended repeats no dispatches, so a missing ack may
// never come: budgets do not wait for it, nor for a host that has left the fleet.
func (p *plane) recount(n uint32) {
	if len(p.counted) == 0 {
		return
	}
	h := &p.hosts[n]
	r := p.rollouts[h.current]
	state := r.fold.Hosts()[h.slot].State
	counted := !h.left && (state == reducer.HostPending && p.rules.worksOn(r) ||
		state.InFlight() && r.state() != reducer.Pruned)
	if counted == h.counted {
		return
	}
	h.counted = counted
	for _, i := range p.inv.budgetsOf[p.inv.hosts[n].budgets] {
		if counted {
			p.counted[i]++
		} else {
			p.counted[i]--
		}
	}
}

func (p *plane) Counted(budget int) []uint32 {
	var hosts []uint32
	for n := range p.hosts {
		if p.hosts[n].counted &&
			slices.Contains(p.inv.budgetsOf[p.inv.hosts[n].budgets], uint32(budget)) {
			hosts = append(hosts, uint32(n))
		}
	}
	return hosts
}
