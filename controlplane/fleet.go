package controlplane

import (
	"slices"

	"rollsim/reducer"
	"rollsim/trace"
)

// The specification has no event for a host that leaves the fleet, and lets a host join a rollout
// at any time. So a host that joins the fleet joins the rollout of its channel that is under way,
// and later ones. A host that leaves is dispatched no more and joins no later rollout; one that it
// has joined still waits for it, until an operator aborts it or the channel moves on.

// changeFleet carries out an order that adds or removes a host.
func (s step) changeFleet(o Order) error {
	n, known := s.inv.Host(o.Host)
	if !known {
		return nil
	}
	ch := s.inv.channelOf(n)
	effect := trace.HostEffect{Effect: trace.RemoteAddHost, Host: o.Host, Channel: ch.ID}
	if o.Kind == RemoveHost {
		effect.Effect = trace.RemoteRemoveHost
	}
	if !s.carryOut(&effect) {
		return nil
	}
	s.write(&trace.Entry{Kind: trace.KindEffect, Host: o.Host, HostEffect: &effect})
	s.changed = true
	if o.Kind == RemoveHost {
		return nil
	}
	for _, standing := range slices.Clone(s.fleet.Standing(ch.ID)) {
		id := standing.Record.RolloutID
		if _, joined := standing.Slot(o.Host); joined || !s.rules.worksOn(s.byID[id]) {
			continue
		}
		err := s.apply(&reducer.Event{
			Kind: reducer.HostJoined, Rollout: id, Host: o.Host, Wave: s.inv.hosts[n].wave, At: s.now,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// addHost adds an absent host to the fleet, and reports whether that is a change. A raw event may
// have let it join a rollout before.
func (p *plane) addHost(id reducer.HostID) bool {
	n, known := p.inv.Host(id)
	if !known || !p.hosts[n].absent || p.hosts[n].left {
		return false
	}
	p.hosts[n].absent = false
	for _, r := range p.rollouts {
		if slot, joined := r.fold.Slot(id); joined && r.members[slot].host == n {
			v := r.wave(r.fold.Hosts()[slot].Wave)
			v.queues = append(v.queues, queue{
				single: true, budgets: p.inv.hosts[n].budgets, slots: []int32{int32(slot)},
			})
		}
	}
	return true
}

// removeHost removes a host from the fleet, and reports whether that is a change. Budgets do not
// count it from now on.
func (p *plane) removeHost(id reducer.HostID) bool {
	n, known := p.inv.Host(id)
	if !known || p.hosts[n].absent || p.hosts[n].left {
		return false
	}
	p.hosts[n].left = true
	for _, r := range p.rollouts {
		slot, joined := r.fold.Slot(id)
		if !joined || r.members[slot].host != n {
			continue
		}
		v := r.wave(r.fold.Hosts()[slot].Wave)
		for i := range v.queues {
			v.queues[i].slots = slices.DeleteFunc(
				v.queues[i].slots, func(queued int32) bool { return queued == int32(slot) },
			)
		}
		v.dropEmpty()
	}
	if p.hosts[n].current != noRollout {
		p.recount(n)
	}
	return true
}

// inFleet reports whether a host is in the fleet.
func (h *host) inFleet() bool { return !h.absent && !h.left }

// ChannelOf returns the channel of host n.
func (inv *Inventory) ChannelOf(n uint32) reducer.ChannelID { return inv.channelOf(n).ID }

// channelOf returns the channel of a host.
func (inv *Inventory) channelOf(n uint32) *channel {
	i := slices.IndexFunc(inv.channels, func(ch channel) bool { return n < ch.end })
	return &inv.channels[i]
}
