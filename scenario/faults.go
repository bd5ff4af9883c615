package scenario

import (
	"time"

	"rollsim/controlplane"
	"rollsim/sim"
)

// faultNeeds says which fields a fault may have and which it must have.
type faultNeeds struct {
	ofHosts  bool // it may name hosts
	message  bool // in the timeline it may have rollout, message and seq
	poll     bool // in the timeline it may have channel
	joined   bool // in the timeline it may have joined
	length   bool // it may have for
	noLength bool // it may lack for
}

// faultKinds returns the faults of every control plane, also of the shipped one alone.
func faultKinds() []sim.FaultKind { return append(sim.FaultKinds(), sim.ShippedFaultKinds()...) }

// checkShipped rejects a fault that only the shipped control plane has, under another one.
func (b *builder) checkShipped(kind sim.FaultKind, where []any) {
	if kind.ShippedOnly() && !b.anyFleet && b.doc.ControlPlane.name != controlplane.Shipped {
		b.reject(where, "fault: %v needs control_plane: shipped", kind)
	}
}

// needsOf returns what a kind of fault needs.
func needsOf(kind sim.FaultKind) faultNeeds {
	switch kind {
	case sim.MessageDelayed:
		return faultNeeds{ofHosts: true, message: true, length: true}
	case sim.MessageDuplicated:
		return faultNeeds{ofHosts: true, message: true, length: true, noLength: true}
	case sim.MessageReordered, sim.MessageDropped:
		return faultNeeds{ofHosts: true, message: true, noLength: true}
	case sim.HostOffline, sim.ClockSkew:
		return faultNeeds{ofHosts: true, length: true}
	case sim.HostLost:
		return faultNeeds{ofHosts: true, noLength: true}
	case sim.AgentRestart:
		return faultNeeds{ofHosts: true, length: true, noLength: true}
	case sim.ControlPlaneCrash:
		return faultNeeds{length: true, noLength: true}
	case sim.TornOpeningCrash:
		return faultNeeds{joined: true, length: true, noLength: true}
	case sim.PollFailed, sim.PollStale:
		return faultNeeds{poll: true, noLength: true}
	case sim.DatabaseError, sim.LogInsertFailed:
		return faultNeeds{ofHosts: true, noLength: true}
	}
	return faultNeeds{}
}

// checkLength checks that a fault which takes time has for, and that no other one has it.
func (b *builder) checkLength(kind sim.FaultKind, needs faultNeeds, given bool, where []any) {
	switch {
	case given && !needs.length:
		b.reject(append(where, "for"), "for: fault %v has no duration", kind)
	case !given && !needs.noLength:
		b.reject(where, "missing field \"for\": fault %v needs a duration", kind)
	}
}

func (b *builder) buildFaults(faults []fault) []sim.Fault {
	if b.anyFleet && len(faults) == 0 {
		b.reject(at("faults"), "faults: at least one is needed")
	}
	var made []sim.Fault
	for i := range faults {
		if b.tooMany("faults", i) {
			return made
		}
		f := &faults[i]
		needs := needsOf(f.Fault)
		one := sim.Fault{
			Kind: f.Fault, Probability: sim.Probability(f.Probability), Hosts: f.Hosts,
			From: time.Duration(f.From), Until: b.checkWindow(f.From, f.Until, "faults", i),
		}
		b.checkShipped(f.Fault, at("faults", i, "fault"))
		b.checkLength(f.Fault, needs, f.For != nil, at("faults", i))
		if f.For != nil {
			one.For = f.For.distribution
		}
		switch {
		case f.Hosts == nil:
		case !needs.ofHosts:
			b.reject(at("faults", i, "hosts"), "hosts: fault %v does not apply to hosts", f.Fault)
		default:
			b.checkPatterns(f.Hosts, "faults", i)
		}
		made = append(made, one)
	}
	return made
}

func (b *builder) buildFaultNow(i int) *sim.FaultNow {
	a := &b.doc.Timeline[i]
	needs := needsOf(*a.Fault)
	made := &sim.FaultNow{Kind: *a.Fault}
	b.checkShipped(*a.Fault, at("timeline", i, "fault"))
	switch {
	case a.Host != nil && !needs.ofHosts:
		b.reject(at("timeline", i, "host"), "host: fault %v does not apply to a host", *a.Fault)
	case a.Host == nil && needs.ofHosts:
		b.reject(at("timeline", i), "missing field \"host\": fault %v applies to a host", *a.Fault)
	case a.Host != nil:
		if _, ok := b.channelOf[*a.Host]; !ok {
			b.reject(at("timeline", i, "host"), "%v", unknownName{"host", string(*a.Host), b.hosts})
		}
		made.Host = *a.Host
	}
	if a.Joined != nil {
		if !needs.joined {
			b.reject(at("timeline", i, "joined"), "joined: needs the fault torn-opening")
		}
		made.Joined = int(*a.Joined)
	}
	b.checkLength(*a.Fault, needs, a.For != nil, at("timeline", i))
	if a.For != nil {
		made.For = time.Duration(*a.For)
		if made.For < 0 && *a.Fault != sim.ClockSkew {
			b.reject(at("timeline", i, "for"), "for: only the fault clock-skew may be negative")
		}
	}
	b.buildMessageFault(i, needs, made)
	b.buildPollFault(i, needs, made)
	return made
}

// buildMessageFault adds the conditions of a fault of a message.
func (b *builder) buildMessageFault(i int, needs faultNeeds, made *sim.FaultNow) {
	a := &b.doc.Timeline[i]
	if !needs.message && (a.Rollout != nil || a.Message != nil || a.Seq != nil) {
		b.reject(at("timeline", i), "rollout, message and seq need a fault of a message")
		return
	}
	if a.Rollout != nil {
		made.Rollout = *a.Rollout
		b.checkRollout(*a.Rollout, at("timeline", i, "rollout"))
	}
	if a.Message != nil {
		made.Message = *a.Message
	}
	if a.Seq != nil {
		if made.Seq = *a.Seq; made.Seq == 0 {
			b.reject(at("timeline", i, "seq"), "seq: messages are numbered from 1")
		}
	}
}

// buildPollFault adds the channel of a fault of a poll.
func (b *builder) buildPollFault(i int, needs faultNeeds, made *sim.FaultNow) {
	a := &b.doc.Timeline[i]
	where := at("timeline", i, "channel")
	switch {
	case a.Channel == nil:
	case !needs.poll:
		b.reject(where, "channel: fault %v does not apply to a channel", *a.Fault)
	case b.channelNamed(*a.Channel) < 0:
		b.reject(where, "%v", unknownName{"channel", string(*a.Channel), b.channels})
	case b.doc.ControlPlane.name == controlplane.Shipped:
		b.reject(where, "channel: the shipped control plane polls all channels at once")
	default:
		made.Channel = *a.Channel
	}
}
