package sim

import (
	"math"
	"slices"
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

// faultRule is a Fault with the hosts that it is for.
type faultRule struct {
	conf  *Fault
	hosts []bool // by host number; nil for all
}

// link is what stands between an agent and the control plane. Hosts of a scenario without faults
// have none: what they send is received in the same instant.
type link struct {
	offline    bool
	lost       bool
	skew       time.Duration
	skewed     *Fault // the rule that skews the clock; nil for the timeline
	skewLogged bool

	outbox   []message // sent and not acknowledged, in order
	breaking *Fault    // the restart that will break off the present switch
	held     *message  // waits for the next one to overtake it
	resends  bool      // a re-send is due
	attempts uint64    // of sending anything: tells one draw from the next
}

// message is one that an agent sends until it is acknowledged.
type message struct {
	rollout uint32
	event   trace.AgentEvent
}

// resendInterval is how long an agent waits for the acknowledgement of a message before it sends it
// again.
const resendInterval = 30 * time.Second

// setUpFaults makes ready what the scenario's faults need; without faults there is nothing.
func (w *world) setUpFaults() error {
	for i := range w.sc.Timeline {
		if f := w.sc.Timeline[i].Fault; f != nil {
			w.unreliable = true
			w.remembers = w.remembers || f.Kind == ControlPlaneCrash
		}
	}
	for i := range w.sc.Faults {
		f := &w.sc.Faults[i]
		w.unreliable = true
		w.remembers = w.remembers || f.Kind == ControlPlaneCrash
		rule := faultRule{conf: f}
		if len(f.Hosts) > 0 {
			rule.hosts = make([]bool, len(w.hosts))
			for n := range w.hosts {
				hit, err := matchesAny(f.Hosts, w.hosts[n].id)
				if err != nil {
					return err
				}
				rule.hosts[n] = hit
			}
		}
		w.faults[f.Kind] = append(w.faults[f.Kind], rule)
	}
	if !w.unreliable {
		return nil
	}
	for n := range w.hosts {
		h := &w.hosts[n]
		h.link = &link{}
		if f := w.chance(ClockSkew, uint32(n), h.key(), 0); f != nil {
			word := draw(w.opt.Seed, h.key(), 0, drawFault+purpose(ClockSkew)<<8)
			h.link.skew, h.link.skewed = f.length(word), f
			if word&1 == 1 {
				h.link.skew = -h.link.skew
			}
		}
	}
	return nil
}

// length draws how long a fault lasts.
func (f *Fault) length(word uint64) time.Duration {
	if f.For == nil {
		return 0
	}
	return f.For.draw(word)
}

func (f *Fault) inWindow(elapsed time.Duration) bool {
	return elapsed >= f.From && (f.Until == 0 || elapsed < f.Until)
}

// noHostNumber asks chance for a fault that is no host's.
const noHostNumber = math.MaxUint32

// chance asks whether a fault comes now; nil when it does not. key and occasion tell this time from
// every other.
func (w *world) chance(kind FaultKind, host uint32, key, occasion uint64) *Fault {
	for i := range w.faults[kind] {
		rule := &w.faults[kind][i]
		if !rule.conf.inWindow(w.elapsed(w.now)) && kind != ClockSkew ||
			host != noHostNumber && rule.hosts != nil && !rule.hosts[host] {
			continue
		}
		if rule.conf.Probability.comesTrue(
			draw(w.opt.Seed, key, occasion, drawFault+purpose(kind)+purpose(i)<<32),
		) {
			return rule.conf
		}
	}
	return nil
}

// lasts draws how long the fault that chance brought lasts.
func (w *world) lasts(f *Fault, key, occasion uint64) time.Duration {
	return f.length(draw(w.opt.Seed, key, occasion, drawFault+purpose(f.Kind)<<8))
}

// fault logs that something was made to go wrong.
func (w *world) fault(
	kind FaultKind, h *host, r uint32, ch reducer.ChannelID, seq uint64, d time.Duration,
) {
	f := trace.Fault{Fault: kind.String(), Channel: ch, Seq: seq, Millis: int64(d / time.Millisecond)}
	e := trace.Entry{Kind: trace.KindFault, Fault: &f}
	if h != nil {
		e.Host, f.Host = h.id, h.id
	}
	if r != noRollout {
		e.Rollout, f.Rollout = w.rollouts[r].id, w.rollouts[r].id
	}
	w.log(&e)
}

// transmit puts a message into the agent's outbox and sends it. The next message releases one that
// waits to be overtaken.
func (w *world) transmit(h *host, m *trace.AgentEvent) {
	l := h.link
	if l.lost {
		return
	}
	l.outbox = append(l.outbox, message{rollout: h.working, event: *m})
	released := l.held
	l.held = nil
	w.attempt(h, l.outbox[len(l.outbox)-1])
	if released != nil {
		w.arrive(h, *released)
	}
}

// attempt sends a message once, and lets chance have its way with it.
func (w *world) attempt(h *host, m message) {
	l := h.link
	if l.offline || l.lost {
		return // what is in the outbox is sent when the host is back
	}
	if !l.resends {
		l.resends = true
		w.queue.push(w.after(resendInterval), workResend, h.number, 0)
	}
	l.attempts++
	n, key, occasion := h.number, h.key(), l.attempts
	switch {
	case w.messageFault(MessageDropped, h, &m) != nil:
	case w.messageFault(MessageReordered, h, &m) != nil:
		l.held = &m
	default:
		if f := w.chance(MessageDelayed, n, key, occasion); f != nil {
			d := w.lasts(f, key, occasion)
			w.fault(MessageDelayed, h, m.rollout, "", m.event.Seq, d)
			w.fly(h, m, d)
			return
		}
		w.arrive(h, m)
		if f := w.chance(MessageDuplicated, n, key, occasion); f != nil {
			d := w.lasts(f, key, occasion)
			w.fault(MessageDuplicated, h, m.rollout, "", m.event.Seq, d)
			w.fly(h, m, d)
		}
	}
}

// messageFault asks for a fault of a message that has no length, and logs it.
func (w *world) messageFault(kind FaultKind, h *host, m *message) *Fault {
	f := w.chance(kind, h.number, h.key(), h.link.attempts)
	if f != nil {
		w.fault(kind, h, m.rollout, "", m.event.Seq, 0)
	}
	return f
}

// fly makes a message arrive later.
func (w *world) fly(h *host, m message, d time.Duration) {
	slot := len(w.flights)
	if n := len(w.landed); n > 0 {
		slot = int(w.landed[n-1])
		w.landed = w.landed[:n-1]
		w.flights[slot] = m
	} else {
		w.flights = append(w.flights, m)
	}
	w.queue.push(w.after(d), workArrive, h.number, uint32(slot))
}

// arrive gives a message to the control plane. When that has acknowledged it, the agent forgets it
// and what came before.
func (w *world) arrive(h *host, m message) {
	if w.down || !w.accept(h, m.rollout, &m.event) {
		return
	}
	l := h.link
	l.outbox = slices.DeleteFunc(l.outbox, func(x message) bool {
		return x.rollout == m.rollout && x.event.Seq <= m.event.Seq
	})
}

// accept is the control plane's side of an unreliable link: a message that came before is dropped
// by its seq, one that comes too early is not acknowledged, so that it comes again after the ones
// that are missing.
func (w *world) accept(h *host, rollout uint32, m *trace.AgentEvent) bool {
	r := w.rollouts[rollout]
	slot, joined := r.fold.Slot(h.id)
	if !joined {
		return true
	}
	lost, err := reducer.CheckSeq(uint64(r.members[slot].seq), m.Seq)
	if err != nil {
		return true
	}
	if lost > 0 {
		return false
	}
	r.members[slot].seq = uint32(m.Seq)
	w.agent = *m
	w.receive(h, rollout, &w.agent)
	return true
}

// resendAll sends again what an agent has no acknowledgement for.
func (w *world) resendAll(h *host) {
	l := h.link
	l.resends = false
	l.held = nil
	for _, m := range slices.Clone(l.outbox) {
		w.attempt(h, m)
	}
}

// strike lets chance take a host away before its agent does something new. It tells whether the
// host is lost.
func (w *world) strike(h *host) bool {
	l := h.link
	if l == nil {
		return false
	}
	if l.lost {
		return true
	}
	l.attempts++
	n, key, occasion := h.number, h.key(), l.attempts
	if w.chance(HostLost, n, key, occasion) != nil {
		w.lose(h)
		return true
	}
	if f := w.chance(HostOffline, n, key, occasion); f != nil && !l.offline {
		w.takeOffline(h, w.lasts(f, key, occasion))
	}
	return false
}

func (w *world) lose(h *host) {
	h.epoch++
	h.phase = idle
	h.link.lost, h.link.outbox, h.link.held = true, nil, nil
	w.fault(HostLost, h, h.working, "", 0, 0)
}

func (w *world) takeOffline(h *host, d time.Duration) {
	h.link.offline = true
	w.fault(HostOffline, h, h.working, "", 0, d)
	w.queue.push(w.after(d), workOnline, h.number, 0)
}

// restartAgent breaks a switch off, to start again later. The agent's record and seq survive.
func (w *world) restartAgent(h *host, d time.Duration) {
	if h.phase != switching {
		return
	}
	h.epoch++
	w.fault(AgentRestart, h, h.working, "", 0, d)
	w.then(h, workRestarted, d)
}

// bring carries out a fault of the timeline.
func (w *world) bring(f *FaultNow) {
	if f.Kind == ControlPlaneCrash {
		w.crash(f.For)
		return
	}
	n, ok := w.find(f.Host)
	if !ok || w.hosts[n].link.lost {
		return
	}
	h := &w.hosts[n]
	switch f.Kind {
	case HostOffline:
		if !h.link.offline {
			w.takeOffline(h, f.For)
		}
	case HostLost:
		w.lose(h)
	case AgentRestart:
		w.restartAgent(h, f.For)
	case ClockSkew:
		h.link.skew = f.For
		w.fault(ClockSkew, h, noRollout, "", 0, f.For)
	case MessageDelayed,
		MessageDuplicated,
		MessageReordered,
		MessageDropped,
		ControlPlaneCrash,
		PollFailed,
		PollStale,
		faultEnd:
	}
}

// hostTime is what a host's clock says now.
func (w *world) hostTime(h *host) reducer.Time {
	l := h.link
	if l == nil || l.skew == 0 {
		return w.now
	}
	if f := l.skewed; f != nil {
		if !f.inWindow(w.elapsed(w.now)) {
			return w.now
		}
		if !l.skewLogged {
			l.skewLogged = true
			w.fault(ClockSkew, h, noRollout, "", 0, l.skew)
		}
	}
	return w.now + reducer.Time(l.skew)
}
