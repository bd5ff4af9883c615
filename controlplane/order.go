package controlplane

import (
	"fmt"

	"rollsim/reducer"
	"rollsim/trace"
)

// OrderKind is a kind of order. The zero value is invalid.
type OrderKind uint8

// The orders.
const (
	PauseDispatch    OrderKind = 1 + iota // nothing is dispatched on the channel, or on any
	ResumeDispatch                        // ends that
	QuarantineByHand                      // the closure is not dispatched on its channel
	AbortRollout                          // nothing more is dispatched for the rollout
	AddHost                               // an absent host joins the fleet
	RemoveHost                            // a host leaves the fleet for good

	orderEnd
)

var orderNames = [orderEnd]string{
	"", "pause", "resume", "quarantine", "abort", "join", "leave",
}

// String returns the name of the order.
func (k OrderKind) String() string {
	if k == 0 || k >= orderEnd {
		return fmt.Sprintf("OrderKind(%d)", uint8(k))
	}
	return orderNames[k]
}

// Order is what an operator orders in addition to a clearance and to lifting a quarantine. The
// specification has no orders: the specified control plane carries them out as an operator expects.
// What was dispatched before an order is finished.
type Order struct {
	Kind    OrderKind
	Channel reducer.ChannelID // PauseDispatch, ResumeDispatch; empty for all channels
	Entry   QuarantineEntry   // QuarantineByHand
	Rollout reducer.RolloutID // AbortRollout
	Host    reducer.HostID    // AddHost, RemoveHost
}

// Operate writes an entry for an order that changes something, and no other entry. An order about
// an unknown channel or host, or about a rollout that is not under way, changes nothing.
func (p *plane) Operate(now reducer.Time, o Order, out Output) error {
	s := step{p, now, out}
	effect := trace.HostEffect{Channel: o.Channel}
	switch o.Kind {
	case PauseDispatch, ResumeDispatch:
		effect.Effect = trace.RemotePauseDispatch
		if o.Kind == ResumeDispatch {
			effect.Effect = trace.RemoteResumeDispatch
		}
	case QuarantineByHand:
		effect = trace.HostEffect{
			Effect: trace.RemoteInsertQuarantine, Channel: o.Entry.Channel, Closure: o.Entry.Closure,
		}
	case AbortRollout:
		effect = trace.HostEffect{Effect: trace.RemoteAbortRollout, Rollout: o.Rollout}
	case AddHost, RemoveHost:
		return s.changeFleet(o)
	case orderEnd:
		return nil
	}
	if p.carryOut(&effect) {
		s.write(&trace.Entry{Kind: trace.KindEffect, Rollout: effect.Rollout, HostEffect: &effect})
		p.changed = true
	}
	return nil
}

// Operate refuses every order: production has none of them.
func (p *shippedPlane) Operate(_ reducer.Time, o Order, _ Output) error {
	return fmt.Errorf("the shipped control plane has no order to %v", o.Kind)
}

// carryOut changes the state as an order says, and reports whether that is a change.
func (p *plane) carryOut(e *trace.HostEffect) bool {
	switch e.Effect {
	case trace.RemotePauseDispatch, trace.RemoteResumeDispatch:
		return p.pause(e.Channel, e.Effect == trace.RemotePauseDispatch)
	case trace.RemoteInsertQuarantine:
		entry := QuarantineEntry{Channel: e.Channel, Closure: e.Closure}
		if p.quarantine.has(entry) {
			return false
		}
		p.quarantine.add(entry)
	case trace.RemoteAbortRollout:
		r := p.byID[e.Rollout]
		if r == nil || !p.rules.worksOn(r) {
			return false
		}
		r.aborted = true
		for slot := range r.members {
			p.recountMember(r, slot)
		}
	case trace.RemoteAddHost:
		return p.addHost(e.Host)
	case trace.RemoteRemoveHost:
		return p.removeHost(e.Host)
	}
	return true
}

// pause pauses or resumes dispatching on a channel, or on all, and reports whether that is a
// change. Resuming all channels resumes each of them.
func (p *plane) pause(id reducer.ChannelID, paused bool) bool {
	if id != "" {
		n, known := p.inv.byID[id]
		if !known || p.paused[n] == paused {
			return false
		}
		p.paused[n] = paused
		return true
	}
	changed := p.pausedAll != paused
	p.pausedAll = paused
	if !paused {
		for n := range p.paused {
			changed = changed || p.paused[n]
			p.paused[n] = false
		}
	}
	return changed
}

// replayOrder applies an effect of the log that changes the quarantine or is an order.
func (p *plane) replayOrder(e *trace.HostEffect) {
	if e.Effect == trace.RemoteRemoveQuarantine {
		p.quarantine.remove(QuarantineEntry{Channel: e.Channel, Closure: e.Closure})
		return
	}
	p.carryOut(e)
}

// orderGate returns why a gate keeps a whole channel from being dispatched.
func (p *plane) orderGate(r *rollout) reason {
	switch {
	case p.pausedAll:
		return reason{kind: pausedEverywhere}
	case r.channel == nil:
		return reason{}
	case p.paused[r.channel.number]:
		return reason{kind: pausedChannel, name: string(r.release.Channel)}
	case p.shut[r.channel.number]:
		return reason{kind: noWindowOpen, name: string(r.release.Channel)}
	}
	return reason{}
}

// heldBack reports whether a gate keeps a whole channel from being dispatched, also again.
func (p *plane) heldBack(r *rollout) bool {
	why := p.orderGate(r)
	return why.blocks()
}

// openWindows opens and shuts the maintenance windows of the channels.
func (p *plane) openWindows(now reducer.Time) {
	for n := range p.inv.channels {
		windows := p.inv.channels[n].Windows
		if len(windows) == 0 {
			continue
		}
		if shut := !Open(windows, now); shut != p.shut[n] {
			p.shut[n], p.changed = shut, true
		}
	}
}

// diffOrders compares what operators have ordered.
func (p *plane) diffOrders(o *plane, d *differences) {
	if p.pausedAll != o.pausedAll {
		d.add("all channels", "dispatching is paused in one of them only")
	}
	for n := range p.paused {
		if p.paused[n] != o.paused[n] {
			d.add(string(p.inv.channels[n].ID), "dispatching is paused in one of them only")
		}
	}
	for n := range p.hosts {
		if p.hosts[n].absent != o.hosts[n].absent || p.hosts[n].left != o.hosts[n].left {
			d.add(string(p.inv.hosts[n].id), "it is in the fleet in one of them only")
		}
	}
	for i, r := range p.rollouts {
		if i < len(o.rollouts) && r.aborted != o.rollouts[i].aborted {
			d.add(string(r.id), "it is aborted in one of them only")
		}
	}
}
