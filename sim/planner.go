package sim

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

// rollout is what the control plane keeps of a rollout beyond its record. It follows the reducer,
// also when raw events drive it.
type rollout struct {
	id      reducer.RolloutID
	key     uint64 // of its random streams
	number  uint32 // index into world.rollouts
	channel reducer.ChannelID
	ref     reducer.ChannelRef
	closure reducer.ClosureHash // the simulator has one closure a ref
	fold    *reducer.Rollout

	members []member // beside fold.Hosts()
	waves   []wave   // by number

	// the state in which its hosts were last counted towards budgets
	counted       reducer.State
	derivedWave   uint32                    // the shipped planner's cursor, in its derived table
	last          reducer.EventKind         // that was applied to it
	timer         uint32                    // generation of the retention timer: others are void
	timerDue      reducer.Opt[reducer.Time] // when it expires
	terminalSetAt reducer.Opt[reducer.Time] // when it last moved into a member of the terminal set
}

type member struct {
	host       uint32 // noHost when the scenario has no such host: then there is nobody to dispatch to
	dispatched bool
	seq        uint32 // of the last message accepted, where links are unreliable
}

const noHost = noRollout

// wave counts the hosts of one wave of a rollout.
type wave struct {
	number uint32
	total  int
	counts [reducer.HostReverted + 1]int // by host state
	queues []pendingQueue                // hosts not dispatched yet
}

// pendingQueue holds pending hosts, in join order, that every gate treats alike: those that the
// same budgets count, and each host with edges alone. So a plan need look at the first one only.
type pendingQueue struct {
	alone   bool
	limits  uint32
	slots   []int32
	blocked string // the reason last logged for each of them
	stopped bool   // by a gate, in the present plan
}

// ready tells whether every host has got as far as soaking, or waits for a reboot.
func (v *wave) ready() bool { return v.counts[reducer.HostSoaking]+v.eligible() == v.total }

// settled tells whether every host is ordering-eligible.
func (v *wave) settled() bool { return v.eligible() == v.total }

func (v *wave) eligible() int {
	return v.counts[reducer.HostConverged] + v.counts[reducer.HostDeferred]
}

// dispatch is one that waits for its ack.
type dispatch struct {
	sent    reducer.Time
	rollout uint32
	slot    int32
	attempt int
}

func (r *rollout) state() reducer.State { return r.fold.Record.State }

// halted tells whether nothing of the rollout may be dispatched now. The shipped planner goes on
// dispatching the current wave of a Failed rollout.
func (w *world) halted(r *rollout) bool {
	if w.sc.ControlPlane == ShippedPlanner {
		return !w.worksOn(r)
	}
	return !w.worksOn(r) || r.fold.Count(reducer.HostFailed) > 0 && w.ignores != gateHalt
}

// worksOn tells whether the planner still looks at a rollout.
func (w *world) worksOn(r *rollout) bool {
	return r.state().Underway() || r.state() == reducer.Failed && w.sc.ControlPlane == ShippedPlanner
}

// cursor is the wave up to which the planner dispatches: the record's current_wave, but for the
// shipped planner, which moves one of its own.
func (w *world) cursor(r *rollout) uint32 {
	if w.sc.ControlPlane == ShippedPlanner {
		return r.derivedWave
	}
	return r.fold.Record.CurrentWave
}

// wave finds the wave of that number; nil when no host joined in it.
func (r *rollout) wave(number uint32) *wave {
	if i, found := r.searchWave(number); found {
		return &r.waves[i]
	}
	return nil
}

func (r *rollout) searchWave(number uint32) (int, bool) {
	return slices.BinarySearchFunc(
		r.waves, number, func(v wave, n uint32) int { return cmp.Compare(v.number, n) },
	)
}

// later finds the first wave after number that has hosts.
func (r *rollout) later(number uint32) (uint32, bool) {
	for i := range r.waves {
		if r.waves[i].number > number {
			return r.waves[i].number, true
		}
	}
	return 0, false
}

// follow keeps the control plane's books once the reducer has accepted an event.
func (w *world) follow(ev *reducer.Event) {
	switch ev.Kind {
	case reducer.RolloutOpened:
		r := &rollout{
			id: ev.Rollout, key: streamKey(string(ev.Rollout)), number: uint32(w.outcome.Rollout),
			channel: ev.Channel, ref: ev.TargetRef, closure: reducer.ClosureHash(ev.TargetRef),
			fold: w.fleet.Rollout(ev.Rollout),
		}
		w.rolloutN[r.id] = r.number
		w.rollouts = append(w.rollouts, r)
		w.underway = append(w.underway, r)
	case reducer.HostJoined:
		w.join(w.rollouts[w.outcome.Rollout], ev)
	case reducer.HostStateChanged:
		r := w.rollouts[w.outcome.Rollout]
		v := r.wave(r.fold.Hosts()[w.outcome.Slot].Wave)
		v.counts[ev.From]--
		v.counts[ev.To]++
		if m := r.members[w.outcome.Slot]; m.host != noHost && w.hosts[m.host].current == r.number {
			w.recount(&w.hosts[m.host])
		}
	case reducer.WaveAdvanced,
		reducer.RolloutTerminal,
		reducer.SuccessorOpened,
		reducer.RetentionExpired,
		reducer.OperatorClearance:
	}
	if r := w.rollouts[w.outcome.Rollout]; len(w.budgets) > 0 && r.state() != r.counted {
		r.counted = r.state()
		for _, m := range r.members {
			if m.host != noHost && w.hosts[m.host].current == r.number {
				w.recount(&w.hosts[m.host])
			}
		}
	}
	w.rollouts[w.outcome.Rollout].last = ev.Kind
	w.changed = true
}

func (w *world) join(r *rollout, ev *reducer.Event) {
	slot := len(r.members)
	if slot == len(r.fold.Hosts()) {
		return // it had joined before
	}
	m := member{host: noHost}
	if n, ok := w.memberOf(r.channel, ev.Host, uint32(slot)); ok {
		m.host = n
	}
	r.members = append(r.members, m)
	i, found := r.searchWave(ev.Wave)
	if !found {
		r.waves = slices.Insert(r.waves, i, wave{number: ev.Wave})
	}
	v := &r.waves[i]
	v.total++
	v.counts[reducer.HostPending]++
	if m.host != noHost {
		v.enqueue(&w.hosts[m.host], int32(slot))
	}
}

// memberOf finds a host of a channel, which most often is the one after the last that joined.
func (w *world) memberOf(id reducer.ChannelID, name reducer.HostID, guess uint32) (uint32, bool) {
	c, known := w.channelN[id]
	if !known {
		return 0, false
	}
	ch := &w.channels[c]
	if guess < ch.count && w.hosts[ch.first+guess].id == name {
		return ch.first + guess, true
	}
	n, ok := w.find(name)
	return n, ok && w.hosts[n].channel == c
}

func (v *wave) enqueue(h *host, slot int32) {
	alone := h.waits != 0
	for i := range v.queues {
		if q := &v.queues[i]; !alone && !q.alone && q.limits == h.limits && q.blocked == "" {
			q.slots = append(q.slots, slot)
			return
		}
	}
	v.queues = append(v.queues, pendingQueue{alone: alone, limits: h.limits, slots: []int32{slot}})
}

// plan is one look of the planner at everything that is underway.
func (w *world) plan() {
	if w.sc.ControlPlane == NoPlanner {
		return
	}
	w.underway = slices.DeleteFunc(w.underway, func(r *rollout) bool { return !w.worksOn(r) })
	for _, r := range w.underway {
		if w.sc.ControlPlane == ShippedPlanner {
			w.advanceShipped(r)
		} else {
			w.advance(r)
		}
		if !w.halted(r) {
			w.dispatchAll(r)
		}
	}
	w.resend()
}

// advance moves the wave cursor as far as the hosts allow.
func (w *world) advance(r *rollout) {
	// Each wave becomes ready once and settled once; a machine that goes round and round would never
	// let the cursor come to an end.
	for steps := 0; w.err == nil; steps++ {
		if steps > 2*len(r.waves)+2 {
			w.err = fmt.Errorf("%w (the wave cursor of %s)", ErrRunaway, r.id)
			return
		}
		rec, changed := r.fold.Record, w.changed
		ready, settled := true, true // an empty wave holds nobody up
		if v := r.wave(rec.CurrentWave); v != nil {
			ready, settled = v.ready(), v.settled()
		}
		next, more := r.later(rec.CurrentWave)
		switch {
		case rec.State == reducer.Active && ready:
			next = rec.CurrentWave
		case rec.State != reducer.Active && rec.State != reducer.Converging, !settled, !more:
			return
		}
		w.apply(&reducer.Event{
			Kind: reducer.WaveAdvanced, Rollout: r.id, FromWave: rec.CurrentWave, ToWave: next, At: w.now,
		})
		if r.fold.Record == rec {
			w.changed = changed
			return // the machine made nothing of it, so that asking again would not end
		}
	}
}

// advanceShipped moves the cursor as the shipped planner does: in its derived table, past the log.
func (w *world) advanceShipped(r *rollout) {
	for r.state().Underway() {
		v := r.wave(r.derivedWave)
		next, more := r.later(r.derivedWave)
		if v != nil && !v.settled() || !more {
			return
		}
		r.derivedWave = next
	}
}

// dispatchAll dispatches each pending host that no gate blocks, in waves and then in join order,
// and logs what blocks the others.
func (w *world) dispatchAll(r *rollout) {
	for i := range r.waves {
		v := &r.waves[i]
		if gate, reason := w.waveGate(r, v); gate != "" {
			for j := range v.queues {
				w.block(r, &v.queues[j], gate, reason)
			}
			continue
		}
		for j := range v.queues {
			v.queues[j].stopped = false
		}
		for q := v.first(); q != nil; q = v.first() {
			slot := q.slots[0]
			if r.fold.Hosts()[slot].State == reducer.HostPending { // a raw event may have moved it on
				if gate, reason := w.hostGate(r, &w.hosts[r.members[slot].host]); gate != "" {
					w.block(r, q, gate, reason)
					q.stopped = true
					continue
				}
				w.dispatch(r, slot, 1)
			}
			q.slots = q.slots[1:]
		}
		v.queues = slices.DeleteFunc(v.queues, func(q pendingQueue) bool { return len(q.slots) == 0 })
	}
}

// first finds the queue whose first host joined first; nil when all are empty or stopped.
func (v *wave) first() *pendingQueue {
	var first *pendingQueue
	for j := range v.queues {
		q := &v.queues[j]
		if !q.stopped && len(q.slots) > 0 && (first == nil || q.slots[0] < first.slots[0]) {
			first = q
		}
	}
	return first
}

// block logs the decision that keeps the hosts of a queue from being dispatched, once per change of
// reason.
func (w *world) block(r *rollout, q *pendingQueue, gate, reason string) {
	if q.blocked == reason {
		return
	}
	q.blocked = reason
	for _, slot := range q.slots {
		id := w.hosts[r.members[slot].host].id
		w.log(
			&trace.Entry{Kind: trace.KindGateDecision, Host: id, Rollout: r.id, Gate: &trace.GateDecision{
				Gate: gate, Reason: reason, Host: id, Rollout: r.id,
			}},
		)
	}
}

// dispatch sends a host its dispatch, for the first time or again.
func (w *world) dispatch(r *rollout, slot int32, attempt int) {
	n := r.members[slot].host
	h := &w.hosts[n]
	if attempt == 1 {
		r.members[slot].dispatched = true
		h.current, h.slot = r.number, slot
		w.recount(h)
		h.dispatchedSoak = w.after(w.soak(r, slot))
	}
	w.unacked = append(
		w.unacked, dispatch{sent: w.now, rollout: r.number, slot: slot, attempt: attempt},
	)
	w.log(&trace.Entry{Kind: trace.KindPlanAction, Host: h.id, Rollout: r.id, Plan: &trace.PlanAction{
		Action: trace.QueueDispatch, Rollout: r.id, Host: h.id, Closure: r.closure, SoakDueAt: h.dispatchedSoak, Attempt: attempt,
	}})
	if !w.turns(h, r.number, NeverAnswers, h.behaviour.NoAnswer, drawNoAnswer) {
		w.queue.push(w.after(w.delay(h, r.number, h.behaviour.Ack, drawAck)), workDispatched, n, r.number)
	}
}

// soak gives how long the hosts of a member's wave soak. A raw event may name a wave that the
// scenario does not have.
func (w *world) soak(r *rollout, slot int32) time.Duration {
	number := r.fold.Hosts()[slot].Wave
	waves := w.channels[w.channelN[r.channel]].conf.Waves
	if uint64(number) >= uint64(len(waves)) {
		return 0
	}
	return waves[number].Soak
}

// resend sends again what has waited too long for its ack.
func (w *world) resend() {
	for len(w.unacked) > 0 && w.unacked[0].sent <= w.now-reducer.Time(resendAfter) {
		d := w.unacked[0]
		w.unacked = w.unacked[1:]
		r := w.rollouts[d.rollout]
		h := &w.hosts[r.members[d.slot].host]
		switch {
		case h.current != d.rollout || r.fold.Hosts()[d.slot].State != reducer.HostPending:
			// Acked, or overtaken by a newer rollout.
		case w.halted(r), w.quarantine[QuarantineEntry{Channel: r.channel, Closure: r.closure}]:
			// A halt may end, and a quarantine be lifted; until then nothing is sent.
			w.unacked = append(
				w.unacked, dispatch{sent: w.now, rollout: d.rollout, slot: d.slot, attempt: d.attempt},
			)
		default:
			w.dispatch(r, d.slot, d.attempt+1)
		}
	}
	if len(w.unacked) == 0 {
		w.unacked = nil // as long as the largest wave; there may be none as large again
	}
}

// checkMoments makes due what waited for a moment that has come.
func (w *world) checkMoments() {
	if len(w.moments) == 0 && len(w.sometimes) == 0 {
		return
	}
	w.sometimes = slices.DeleteFunc(
		w.sometimes, func(i uint32) bool { return w.holds(&w.sc.Sometimes[i]) },
	)
	w.moments = slices.DeleteFunc(w.moments, func(i uint32) bool {
		a := &w.sc.Timeline[i]
		if !w.holds(a.When) {
			return false
		}
		w.queue.push(w.after(a.At), workTimeline, i, 0)
		return true
	})
}

func (w *world) holds(m *Moment) bool {
	n, ok := w.rolloutN[m.Rollout]
	if !ok {
		return false
	}
	r := w.rollouts[n]
	if m.State != 0 && r.state() != m.State {
		return false
	}
	if m.Host != "" {
		h, joined := r.fold.Host(m.Host)
		return joined && h.State == m.HostState
	}
	if m.Wave.Set {
		v := r.wave(m.Wave.Value)
		return v != nil && v.counts[m.HostState] > 0 && v.noneBefore(m.HostState)
	}
	return true
}

// noneBefore tells whether no host of the wave has still to reach what a host in the state has
// passed.
func (v *wave) noneBefore(state reducer.HostState) bool {
	for _, s := range reducer.HostStates() {
		if v.counts[s] > 0 && Progress(s) < Progress(state) {
			return false
		}
	}
	return true
}

// Progress ranks host states by how far the host has got. A deferred host is as far as a soaking
// one: a wave may go on.
func Progress(s reducer.HostState) int {
	switch s {
	case reducer.HostPending:
		return 0
	case reducer.HostActivating:
		return 1
	case reducer.HostDeferred, reducer.HostSoaking:
		return 2
	case reducer.HostConverged, reducer.HostFailed, reducer.HostReverted:
	}
	return 3
}
