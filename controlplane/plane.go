package controlplane

import (
	"slices"
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

// plane is a control plane that holds its state in memory and rebuilds it from the log. Its rules
// distinguish the built-in control planes.
type plane struct {
	planeState

	unused unused // derived: memory alone
	scratch
}

// planeState is the state of a plane.
type planeState struct {
	rules rules
	inv   *Inventory

	fleet      *reducer.Fleet
	seen       []reducer.ChannelRef // by channel
	quarantine quarantine
	paused     []bool     // by channel: an operator has paused dispatching
	pausedAll  bool       // an operator has paused dispatching on all channels
	shut       []bool     // by channel: at the last plan no maintenance window was open
	hosts      []host     // by number
	counted    []int      // by budget: how many hosts it counts
	rollouts   []*rollout // in the order of opening, as in the fleet
	byID       map[reducer.RolloutID]*rollout
	underway   []*rollout   // those that a plan works on, in the order of opening
	unacked    []dispatched // by time of sending
	changed    bool         // whether something changed since the last plan
	// settled reports that nothing that a plan reads has changed in the last plan or since, unless
	// changed is true. No gate reads time, so that the next plan can only repeat dispatches.
	settled bool
	planned reducer.Time // when Plan was called last
}

// scratch is memory that every input reuses. It is not part of the state. Each of the most frequent
// kinds of entries has its own, in which only the fields that vary are set: setting all fields
// costs a write barrier for each pointer.
type scratch struct {
	outcome                              reducer.Outcome
	message, event, effect, gate, queued trace.Entry
	polled, opened, rejected             trace.Entry

	decision trace.GateDecision // of gate
	action   trace.PlanAction   // of queued
	poll     trace.ManifestPoll // of polled
	opening  trace.PlanAction   // of opened
	refusal  trace.Rejection    // of rejected
	standing []*reducer.Rollout // those that are superseded
	recent   *rollout           // the one that was looked up last
	next     reducer.Event      // the one that is applied
	derived  reducer.Event      // the one that the fleet derives from it
}

// newEvent returns a copy of an event that is valid until the next call.
func (s *scratch) newEvent(ev reducer.Event) *reducer.Event {
	s.next = ev
	return &s.next
}

// host is what the control plane knows of a host.
type host struct {
	current   uint32 // number of the rollout of its last dispatch; messages for others are late
	slot      int32  // its index in the members of that rollout
	soakDueAt reducer.Time
	counted   bool // whether its budgets count it
	absent    bool // it has not joined the fleet yet
	left      bool // it has left the fleet for good
}

// noRollout is the number of the rollout of a host that was never dispatched.
const noRollout = ^uint32(0)

// dispatched is a dispatch that waits for its ack.
type dispatched struct {
	sent    reducer.Time
	rollout uint32
	slot    int32
	attempt int
}

func newPlane(rules rules, inv *Inventory, m reducer.Machine) *plane {
	p := &plane{planeState: planeState{
		rules:   rules,
		inv:     inv,
		fleet:   reducer.NewFleet(m, inv.Policy),
		seen:    make([]reducer.ChannelRef, len(inv.channels)),
		hosts:   make([]host, len(inv.hosts)),
		counted: make([]int, len(inv.budgets)),
		paused:  make([]bool, len(inv.channels)),
		shut:    make([]bool, len(inv.channels)),
		byID:    make(map[reducer.RolloutID]*rollout),
	}}
	for i := range p.hosts {
		p.hosts[i].current, p.hosts[i].absent = noRollout, inv.hosts[i].absent
	}
	for _, e := range inv.preset {
		p.quarantine.add(e)
	}
	return p
}

// step is the context of the work on one input.
type step struct {
	*plane
	now reducer.Time
	out Output
}

func (p *plane) Poll(
	now reducer.Time, channel uint32, ref reducer.ChannelRef, out Output,
) error {
	if ref == p.seen[channel] {
		return nil
	}
	s := step{p, now, out}
	ch := &p.inv.channels[channel]
	p.seen[channel], p.settled = ref, false
	p.poll = trace.ManifestPoll{Channel: ch.ID, Outcome: "200", Ref: ref}
	p.polled.Kind, p.polled.Poll = trace.KindManifestPoll, &p.poll
	s.write(&p.polled)
	// A ref that already had a rollout opens none, as in the production planner.
	if id := reducer.NewRolloutID(ch.ID, ref); p.fleet.Rollout(id) == nil {
		return s.open(ch, id, ref)
	}
	return nil
}

// open opens a rollout. It applies SuccessorOpened for each standing rollout, RolloutOpened, and
// HostJoined for each host of the channel that is in the fleet.
func (s step) open(ch *channel, id reducer.RolloutID, ref reducer.ChannelRef) error {
	s.standing = append(s.standing[:0], s.fleet.Standing(ch.ID)...)
	for _, r := range s.standing {
		err := s.apply(s.newEvent(reducer.Event{
			Kind: reducer.SuccessorOpened, Rollout: r.Record.RolloutID, Successor: id, At: s.now,
		}))
		if err != nil {
			return err
		}
	}
	err := s.apply(s.newEvent(reducer.Event{
		Kind: reducer.RolloutOpened, Rollout: id, Channel: ch.ID, TargetRef: ref, At: s.now,
	}))
	if err != nil {
		return err
	}
	hosts := slices.Grow(s.opening.Hosts[:0], int(ch.end-ch.first))
	n := ch.first // number of the next host
	for wave := range ch.Waves {
		for _, host := range ch.Waves[wave].Hosts {
			if n++; !s.hosts[n-1].inFleet() {
				continue
			}
			hosts = append(hosts, host)
			err := s.apply(s.newEvent(reducer.Event{
				Kind: reducer.HostJoined, Rollout: id, Host: host, Wave: uint32(wave), At: s.now,
			}))
			if err != nil {
				return err
			}
		}
	}
	for _, host := range ch.Outside {
		if n++; !s.hosts[n-1].inFleet() {
			continue
		}
		hosts = append(hosts, host)
		err := s.apply(s.newEvent(reducer.Event{
			Kind: reducer.HostJoined, Rollout: id, Host: host, At: s.now,
		}))
		if err != nil {
			return err
		}
	}
	s.opening = trace.PlanAction{
		Action: trace.OpenRollout, Rollout: id, Channel: ch.ID, TargetRef: ref, Hosts: hosts,
	}
	e := &s.opened
	e.Kind, e.Rollout, e.Plan = trace.KindPlanAction, id, &s.opening
	s.write(e)
	return nil
}

// Receive ignores a message whose seq it has accepted before. It does not acknowledge a message
// that comes too early, so that the agent repeats it after the missing ones. It logs any other
// message. For one about the host's last dispatch, the host machine then decides whether it moves
// the host.
func (p *plane) Receive(now reducer.Time, m Message, out Output) (bool, error) {
	s := step{p, now, out}
	r, slot, current := p.addressee(m)
	id := p.inv.hosts[m.Host].id
	if slot >= 0 {
		last := &r.members[slot].seq
		lost, err := reducer.CheckSeq(uint64(*last), m.Event.Seq)
		if err != nil || lost > 0 {
			return lost == 0, nil
		}
		*last = uint32(m.Event.Seq)
	}
	e := &s.message
	e.Kind, e.Host, e.Rollout, e.Agent = trace.KindAgentEvent, id, m.Rollout, m.Event
	s.write(e)
	if !current {
		return true, nil
	}
	// A pruned rollout does not change its hosts, but a rollback still quarantines its closure.
	if r.state() == reducer.Pruned {
		if m.Event.Kind == reducer.RollbackComplete {
			s.quarantineClosure(r)
		}
		return true, nil
	}
	from := r.fold.Hosts()[slot].State
	to, err := reducer.StepHost(from, m.Event.Kind, r.channel.Policy.OnHealthFailure)
	if err != nil || to == from {
		return true, nil
	}
	if m.Event.Kind == reducer.RollbackComplete {
		s.quarantineClosure(r)
	}
	s.outcome.Slot = slot // so that the fleet need not search for it
	return true, s.apply(s.newEvent(reducer.Event{
		Kind: reducer.HostStateChanged, Rollout: r.id, Host: id, From: from, To: to, At: now,
	}))
}

// addressee returns the rollout of a message and the slot of the host in it, which is negative if
// the host has not joined. It also reports whether the rollout is that of the host's last dispatch.
func (p *plane) addressee(m Message) (r *rollout, slot int, current bool) {
	h := &p.hosts[m.Host]
	if h.current != noRollout {
		if r := p.rollouts[h.current]; r.id == m.Rollout {
			return r, int(h.slot), true
		}
	}
	if r := p.find(m.Rollout); r != nil {
		if slot, joined := r.fold.Slot(p.inv.hosts[m.Host].id); joined {
			return r, slot, false
		}
	}
	return nil, -1, false
}

// find returns a rollout, or nil if it is not known.
func (p *plane) find(id reducer.RolloutID) *rollout {
	if p.recent == nil || p.recent.id != id {
		p.recent = p.byID[id]
	}
	return p.recent
}

// quarantineClosure quarantines the closure of a rollout that a host has rolled back, in any state
// of the rollout. Where a plan works on the rollout, an event follows.
func (s step) quarantineClosure(r *rollout) {
	if s.quarantine.has(r.release) {
		return
	}
	s.quarantine.add(r.release)
	s.write(&trace.Entry{Kind: trace.KindEffect, HostEffect: &trace.HostEffect{
		Effect:  trace.RemoteInsertQuarantine,
		Channel: r.release.Channel,
		Closure: r.release.Closure,
	}})
}

func (p *plane) Expire(now reducer.Time, id reducer.RolloutID, out Output) error {
	r := p.byID[id]
	if r == nil {
		return nil
	}
	r.timer = reducer.Opt[reducer.Time]{}
	return step{p, now, out}.apply(
		p.newEvent(reducer.Event{Kind: reducer.RetentionExpired, Rollout: id, At: now}),
	)
}

func (p *plane) Lift(now reducer.Time, e QuarantineEntry, out Output) error {
	p.quarantine.remove(e)
	step{p, now, out}.write(&trace.Entry{Kind: trace.KindEffect, HostEffect: &trace.HostEffect{
		Effect: trace.RemoteRemoveQuarantine, Channel: e.Channel, Closure: e.Closure,
	}})
	p.changed = true
	return nil
}

func (p *plane) Apply(now reducer.Time, ev *reducer.Event, out Output) error {
	return step{p, now, out}.apply(ev)
}

func (p *plane) Misroute(
	now reducer.Time, reached reducer.RolloutID, ev *reducer.Event, out Output,
) error {
	return step{p, now, out}.applyTo(reached, ev)
}

// apply passes an event to the record of its rollout.
func (s step) apply(ev *reducer.Event) error { return s.applyTo(ev.Rollout, ev) }

// applyTo passes an event to the record of a rollout, writes the event and its result, and carries
// out the effects.
func (s step) applyTo(reached reducer.RolloutID, ev *reducer.Event) error {
	s.settled = false
	err := s.fleet.ApplyTo(reached, ev, s.now, &s.outcome)
	if reducer.IsMachineFailure(err) {
		return err
	}
	for _, late := range s.outcome.Late {
		s.reject(late)
	}
	s.writeEvent(reached, ev)
	if err != nil {
		s.reject(err)
		return nil
	}
	s.follow(reached, ev)
	r := s.rollouts[s.outcome.Rollout]
	s.out.Applied(r.fold, ev, &s.outcome.Effects)
	s.perform(r, &s.outcome.Effects)
	if s.outcome.Derived {
		s.conclude(r)
	}
	s.out.Settled(r.fold, ev)
	return nil
}

// conclude writes the event that the fleet has derived, and carries out its effects.
func (s step) conclude(r *rollout) {
	derived := &s.derived
	*derived = s.outcome.DerivedEvent
	s.writeEvent(derived.Rollout, derived)
	if s.outcome.DerivedErr != nil {
		s.reject(s.outcome.DerivedErr)
		return
	}
	s.out.Applied(r.fold, derived, &s.outcome.DerivedEffects)
	s.perform(r, &s.outcome.DerivedEffects)
	s.out.Settled(r.fold, derived)
	// The event is in the trace, and each fold of the trace applies it. This fleet must do the same.
	if err := s.fleet.Apply(derived, s.now, &s.outcome); err != nil {
		s.reject(err)
	}
}

// follow updates the state of the control plane after the fleet has accepted an event that reached
// the record of a rollout. A misrouted event says nothing of the rollout's hosts.
func (p *plane) follow(reached reducer.RolloutID, ev *reducer.Event) {
	if n := p.outcome.Rollout; n == len(p.rollouts) {
		p.begin(ev, uint32(n))
	}
	r := p.rollouts[p.outcome.Rollout]
	if reached == ev.Rollout {
		p.followHost(r, ev)
	}
	if len(p.counted) > 0 && r.state() != r.countedIn {
		r.countedIn = r.state()
		for slot := range r.members {
			p.recountMember(r, slot)
		}
	}
	p.changed = true
}

// followHost adds or moves the host of an event.
func (p *plane) followHost(r *rollout, ev *reducer.Event) {
	switch ev.Kind {
	case reducer.HostJoined:
		p.join(r, ev)
	case reducer.HostStateChanged:
		v := r.wave(r.fold.Hosts()[p.outcome.Slot].Wave)
		v.counts[ev.From]--
		v.counts[ev.To]++
		p.recountMember(r, p.outcome.Slot)
	case reducer.RolloutOpened,
		reducer.WaveAdvanced,
		reducer.RolloutTerminal,
		reducer.SuccessorOpened,
		reducer.RetentionExpired,
		reducer.OperatorClearance:
	}
}

// begin adds the rollout that an event has opened.
func (p *plane) begin(ev *reducer.Event, number uint32) {
	var hosts uint32
	ch := p.inv.channel(ev.Channel)
	if ch != nil {
		hosts = ch.end - ch.first
	}
	r := p.newRollout(hosts)
	r.fold, r.id, r.number, r.channel = p.fleet.Rollout(ev.Rollout), ev.Rollout, number, ch
	r.release = QuarantineEntry{Channel: ev.Channel, Closure: reducer.ClosureHash(ev.TargetRef)}
	p.byID[r.id] = r
	p.rollouts = append(p.rollouts, r)
	p.underway = append(p.underway, r)
}

func (p *plane) join(r *rollout, ev *reducer.Event) {
	slot := len(r.members)
	if slot == len(r.fold.Hosts()) {
		return // it had joined before
	}
	n := noHost
	if r.channel != nil {
		// Hosts usually join in the order of the inventory.
		if found, ok := p.inv.member(r.channel, ev.Host, r.channel.first+uint32(slot)); ok {
			n = found
		}
	}
	v := r.join(n, ev.Wave)
	if n != noHost && p.hosts[n].inFleet() {
		hosts := 1
		if waves := r.channel.Waves; uint64(ev.Wave) < uint64(len(waves)) {
			hosts = len(waves[ev.Wave].Hosts)
		}
		v.enqueue(&p.inv.hosts[n], int32(slot), hosts)
	}
}

// perform writes the effects of one event and carries them out.
func (s step) perform(r *rollout, effects *reducer.Effects) {
	all := effects.All()
	for i := range all {
		e := &all[i]
		entry := &s.effect
		entry.Kind, entry.Rollout, entry.Effect = trace.KindEffect, e.Rollout, e
		s.write(entry)
		switch e.Kind {
		case reducer.RecordRolloutTransition, reducer.UpdateCurrentWave:
			s.changed = true
		case reducer.SchedulePruning:
			if s.rules.plans() {
				s.arm(r, s.now+seconds(e.DelaySeconds))
			}
		case reducer.InsertQuarantineFromRollout:
			s.quarantine.add(QuarantineEntry{Channel: e.Channel, Closure: e.Closure})
		}
	}
}

func seconds(n int64) reducer.Time {
	return reducer.Time(time.Duration(n) * time.Second)
}

func (s step) arm(r *rollout, due reducer.Time) {
	r.timer = reducer.Some(due)
	s.out.Arm(r.id, due)
}

func (s step) reject(err error) {
	s.refusal = trace.NewRejection(err)
	e := &s.rejected
	e.Kind, e.Rollout, e.Rejection = trace.KindRejection, s.refusal.Rollout, &s.refusal
	s.write(e)
}

func (s step) writeEvent(reached reducer.RolloutID, ev *reducer.Event) {
	e := &s.event
	e.Kind, e.Rollout, e.Event = trace.KindRolloutEvent, reached, ev
	s.write(e)
}

// write sets the time of an entry and passes it to the output.
func (s step) write(e *trace.Entry) {
	e.At = s.now
	s.out.Entry(e)
}

func (p *plane) PlanNeeded() bool { return p.changed }

func (p *plane) Fleet() *reducer.Fleet { return p.fleet }

func (p *plane) Seen(channel uint32) reducer.ChannelRef { return p.seen[channel] }

func (p *plane) LastDispatch(host uint32) reducer.RolloutID {
	if n := p.hosts[host].current; n != noRollout {
		return p.rollouts[n].id
	}
	return ""
}
