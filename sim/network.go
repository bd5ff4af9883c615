package sim

import (
	"slices"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/trace"
)

// network carries messages from agents to the control plane. In a scenario without faults it has no
// links, and each message arrives in the instant in which it is sent.
type network struct {
	clock    *clock
	chance   *chance
	record   *recorder
	rollouts *rollouts
	inv      *controlplane.Inventory

	// deliver passes a message to the control plane, and reports whether the message is
	// acknowledged.
	deliver func(host uint32, rollout uint32, m *trace.AgentEvent) bool

	// post is deliver for the agents of the shipped control plane; nil for others.
	post func(host uint32, m *message) bool

	struck  []*Action // faults of the timeline that met their message or poll
	choices *choices  // nil for none
	calm    bool      // no fault to come keeps a message from arriving

	links   []link    // by host number
	flights []message // delayed; the places in landed are free
	landed  []uint32
	arrival trace.AgentEvent // reused
	posted  message          // reused
	resent  []message        // reused
}

// link is the connection between an agent and the control plane.
type link struct {
	key        uint64 // derived: of the random streams of the host
	offline    bool
	lost       bool
	left       bool // it is lost because it has left the fleet
	skew       time.Duration
	skewedBy   *Fault // nil for the timeline
	skewLogged bool

	outbox      []message // sent and not acknowledged, in order
	held        *message  // arrives after the next one
	armed       []*Action // faults of the timeline that wait for their message
	resendDue   bool
	attempts    uint64 // counts what may go wrong, so that each draw is distinct
	interrupter *Fault // the restart that will interrupt the current switch
}

// message is a message that an agent repeats until it is acknowledged.
type message struct {
	rollout uint32
	event   trace.AgentEvent

	// Only messages of shipped agents have these. A volatile one is not sent again.
	id       uint64
	raw      []byte
	volatile bool
}

// resendInterval is how long an agent waits for the acknowledgement of a message before it sends it
// again.
const resendInterval = 30 * time.Second

// connect creates a link for each host, with the skew of its clock.
func (n *network) connect() {
	n.links = make([]link, n.inv.Hosts())
	for host := range n.links {
		l := &n.links[host]
		l.key = streamKey(string(n.inv.HostID(uint32(host))))
		l.skew, l.skewedBy = n.chance.skew(uint32(host), l.key)
	}
}

// link returns the link of a host, or nil in a scenario without faults.
func (n *network) link(host uint32) *link {
	if n.links == nil {
		return nil
	}
	return &n.links[host]
}

// lost reports whether a host is gone for good.
func (n *network) lost(host uint32) bool { return n.links != nil && n.links[host].lost }

// left reports whether a host has left the fleet.
func (n *network) left(host uint32) bool { return n.links != nil && n.links[host].left }

// send sends a message for the first time. With links, the message goes through the outbox, and a
// held message arrives after it.
func (n *network) send(host, rollout uint32, m trace.AgentEvent) {
	l := n.link(host)
	if l == nil {
		n.arrival = m
		n.deliver(host, rollout, &n.arrival)
		return
	}
	n.mail(host, message{rollout: rollout, event: m})
}

// mail sends a message with links for the first time.
func (n *network) mail(host uint32, sent message) {
	l := &n.links[host]
	if l.lost {
		return
	}
	l.outbox = append(l.outbox, sent)
	released := l.held
	l.held = nil
	n.attempt(host, sent)
	if released != nil {
		n.arrive(host, *released)
	}
}

// attempt sends a message once. Chance may drop, hold, delay or duplicate it.
func (n *network) attempt(host uint32, m message) {
	l := &n.links[host]
	if m.volatile {
		defer n.unqueue(host, m.id)
	}
	if l.offline || l.lost {
		return // the outbox is sent when the host is back
	}
	if !l.resendDue {
		l.resendDue = true
		n.clock.schedule(resendInterval, workResend, host, 0)
	}
	l.attempts++
	choice := n.chooseMessage(host, &m)
	switch {
	case n.messageFault(MessageDropped, host, &m):
	case n.messageFault(MessageReordered, host, &m):
		held := m
		l.held = &held
	case n.later(MessageDelayed, host, &m):
	default:
		if n.arrive(host, m) && choice >= 0 {
			n.choices.made[choice].Acked = n.post == nil // or it may not be logged
		}
		n.later(MessageDuplicated, host, &m)
	}
}

// sends reports whether a message of a rollout up to seq waits for its acknowledgement.
func (l *link) sends(rollout uint32, seq uint64) bool {
	return slices.ContainsFunc(l.outbox, func(m message) bool {
		return m.rollout == rollout && m.event.Seq <= seq
	})
}

// arm makes a fault of the timeline happen to the next message of a host that fits it.
func (n *network) arm(host uint32, a *Action) {
	n.links[host].armed = append(n.links[host].armed, a)
}

// strike returns the first fault of a kind that waits for this message, and removes it; nil if none
// does.
func (n *network) strike(kind FaultKind, host uint32, m *message) *FaultNow {
	l := &n.links[host]
	for i, a := range l.armed {
		f := a.Fault
		if f.Kind == kind && (f.Rollout == "" || f.Rollout == n.rollouts.list[m.rollout].id) &&
			(f.Message == 0 || f.Message == m.event.Kind) && (f.Seq == 0 || f.Seq == m.event.Seq) {
			l.armed = slices.Delete(l.armed, i, i+1)
			n.struck = append(n.struck, a)
			return f
		}
	}
	return nil
}

// messageFault reports whether a fault without a length happens to a message, by the timeline or by
// chance, and logs it.
func (n *network) messageFault(kind FaultKind, host uint32, m *message) bool {
	happens := n.strike(kind, host, m) != nil ||
		n.chance.strikes(kind, host, n.links[host].key, n.links[host].attempts) != nil
	if happens {
		n.logFault(kind, host, m, 0)
	}
	return happens
}

// later reports whether a message arrives later, or once more, by the timeline or by chance, and
// schedules that.
func (n *network) later(kind FaultKind, host uint32, m *message) bool {
	var d time.Duration
	if now := n.strike(kind, host, m); now != nil {
		d = now.For
	} else {
		key, occasion := n.links[host].key, n.links[host].attempts
		f := n.chance.strikes(kind, host, key, occasion)
		if f == nil {
			return false
		}
		d = n.chance.length(f, key, occasion)
	}
	n.logFault(kind, host, m, d)
	n.fly(host, *m, d)
	return true
}

func (n *network) logFault(kind FaultKind, host uint32, m *message, d time.Duration) {
	n.record.fault(trace.Fault{
		Fault:   kind.String(),
		Host:    n.inv.HostID(host),
		Rollout: n.rollouts.list[m.rollout].id,
		Seq:     m.event.Seq,
	}, d)
}

// fly makes a message arrive later.
func (n *network) fly(host uint32, m message, d time.Duration) {
	slot := len(n.flights)
	if free := len(n.landed); free > 0 {
		slot = int(n.landed[free-1])
		n.landed = n.landed[:free-1]
		n.flights[slot] = m
	} else {
		n.flights = append(n.flights, m)
	}
	n.clock.schedule(d, workArrive, host, uint32(slot))
}

// land delivers a delayed message.
func (n *network) land(host, slot uint32) {
	m := n.flights[slot]
	n.landed = append(n.landed, slot)
	n.arrive(host, m)
}

// arrive delivers a message, and reports whether it is acknowledged. If so, it removes it and the
// earlier ones from the outbox.
func (n *network) arrive(host uint32, m message) (acked bool) {
	if n.post != nil {
		n.posted = m
		if acked = n.post(host, &n.posted); acked {
			n.unqueue(host, m.id)
		}
		return acked
	}
	n.arrival = m.event
	if !n.deliver(host, m.rollout, &n.arrival) {
		return false
	}
	l := &n.links[host]
	l.outbox = slices.DeleteFunc(l.outbox, func(x message) bool {
		return x.rollout == m.rollout && x.event.Seq <= m.event.Seq
	})
	return true
}

// unqueue removes one message of a shipped agent from its outbox.
func (n *network) unqueue(host uint32, id uint64) {
	l := &n.links[host]
	l.outbox = slices.DeleteFunc(l.outbox, func(x message) bool { return x.id == id })
}

// acknowledged shows the invariants which messages an acknowledgement is the first one of: those of
// the rollout up to seq that are in the outbox.
func (n *network) acknowledged(host, rollout uint32, seq uint64) {
	check, id, rolloutID := n.record.check, n.inv.HostID(host), n.rollouts.list[rollout].id
	l := n.link(host)
	if l == nil {
		check.Acknowledged(rolloutID, id, seq)
		return
	}
	for i := range l.outbox {
		if x := &l.outbox[i]; x.rollout == rollout && x.event.Seq <= seq {
			check.Acknowledged(rolloutID, id, x.event.Seq)
		}
	}
}

// resend repeats the messages of a host that are not acknowledged.
func (n *network) resend(host uint32) {
	l := &n.links[host]
	l.resendDue = false
	l.held = nil
	// An acknowledgement removes messages from the outbox. Attempts never call resend.
	n.resent = append(n.resent[:0], l.outbox...)
	for i := range n.resent {
		n.attempt(host, n.resent[i])
	}
}

// cut disconnects a host for good.
func (n *network) cut(host uint32) {
	l := &n.links[host]
	l.lost, l.outbox, l.held = true, nil, nil
}

// disconnect disconnects a host for some time.
func (n *network) disconnect(host uint32, d time.Duration) {
	n.links[host].offline = true
	n.clock.schedule(d, workOnline, host, 0)
}

// reconnect ends a disconnection, and repeats what is not acknowledged.
func (n *network) reconnect(host uint32) {
	n.links[host].offline = false
	n.resend(host)
}

// time returns the time of a host's clock.
func (n *network) time(host uint32) reducer.Time {
	l := n.link(host)
	if l == nil || l.skew == 0 {
		return n.clock.now
	}
	if f := l.skewedBy; f != nil {
		if !f.inWindow(n.clock.elapsed()) {
			return n.clock.now
		}
		if !l.skewLogged {
			l.skewLogged = true
			n.record.fault(
				trace.Fault{Fault: ClockSkew.String(), Host: n.inv.HostID(host)}, l.skew,
			)
		}
	}
	return n.clock.after(l.skew)
}
