package controlplane

import (
	"cmp"
	"slices"

	"rollsim/reducer"
	"rollsim/trace"
)

// Plan is one run: it moves the wave cursors, opens rollouts, and queues or blocks each Pending
// host. Hosts of a rollout that it opens are planned from the next run on.
func (p *shippedPlane) Plan(tick Tick, out Output) error {
	if !p.polled || p.Idle() {
		return nil
	}
	s := p.step(tick.Now, out)
	if p.ranAt == tick.Now {
		p.stamps = p.ran // the ticker and a poll may fire in one instant
	}
	defer func() { p.ranAt, p.ran = tick.Now, p.stamps }()
	p.dirty, p.pending = false, false
	channels := tick.Channels
	if channels == nil {
		channels = make([]uint32, len(p.inv.channels))
		for i := range channels {
			channels[i] = uint32(i)
		}
	}
	for _, n := range channels {
		if err := s.advance(n); err != nil {
			return err
		}
	}
	var open []uint32
	for _, n := range channels {
		if m := &p.manifests[n]; m.readable && m.ref != "" && p.current(n) == nil {
			open = append(open, n)
		}
	}
	actions := s.planHosts(channels, tick.Order)
	for _, n := range open {
		if err := s.open(n); err != nil || p.torn {
			return err
		}
	}
	for i := range actions {
		s.act(&actions[i])
	}
	return nil
}

// advance moves the wave cursor of a channel's current rollout by at most one wave.
func (s shippedStep) advance(n uint32) error {
	o := s.planned(n)
	if o == nil || o.fold.Record.TerminalAt.Set {
		return nil
	}
	waves, cursor := o.channel.Waves, int(o.fold.Record.CurrentWave)
	if cursor+1 >= len(waves) || !s.passed(o, &waves[cursor]) {
		return nil
	}
	s.shippedPlane.dirty = true // the next run may move it on
	if !s.mended.Has(SilentCursor) {
		o.fold.Record.CurrentWave++
		return nil
	}
	if !o.fold.Record.State.Underway() || len(o.records) == 0 {
		return nil
	}
	return s.apply(s.newEvent(reducer.Event{
		Kind: reducer.WaveAdvanced, Rollout: o.id, FromWave: uint32(cursor),
		ToWave: uint32(cursor + 1), At: s.fresh(),
	}))
}

// passed reports whether every listed host of a wave is ordering-eligible. An empty wave, and a
// host without a record, never are.
func (s shippedStep) passed(o *row, w *Wave) bool {
	skips := s.mended.Has(EmptyWave)
	if len(w.Hosts) == 0 && !skips {
		return false
	}
	for _, id := range w.Hosts {
		slot, joined := o.fold.Slot(id)
		if joined && !o.state(slot).OrderingEligible() || !joined && !skips {
			return false
		}
	}
	return true
}

// open opens a rollout for the ref of a channel's manifest.
func (s shippedStep) open(n uint32) error {
	ch, m := &s.inv.channels[n], s.manifests[n]
	at, id := s.fresh(), reducer.NewRolloutID(ch.ID, m.ref)
	failure := s.failure
	if failure.Tear {
		s.shippedPlane.failure.Tear = false
		s.shippedPlane.torn = true
		if s.mended.Has(TornOpening) {
			return nil // one transaction: the crash undoes all of it
		}
	}
	standing := slices.Clone(s.fleet.Standing(ch.ID))
	slices.SortStableFunc(standing, func(a, b *reducer.Rollout) int {
		return cmp.Or(-cmp.Compare(a.Record.OpenedAt, b.Record.OpenedAt),
			cmp.Compare(a.Record.RolloutID, b.Record.RolloutID))
	})
	err := s.apply(s.newEvent(reducer.Event{
		Kind: reducer.RolloutOpened, Rollout: id, Channel: ch.ID, TargetRef: m.ref, At: at,
	}))
	if err != nil {
		return err
	}
	for _, r := range standing {
		if err := s.supersede(r.Record.RolloutID, id, at); err != nil {
			return err
		}
	}
	if err := s.join(ch, m, id, at, failure); err != nil || failure.Tear {
		return err
	}
	var names []reducer.HostID
	for _, h := range s.byID[id].fold.Hosts() {
		names = append(names, h.ID)
	}
	s.write(at, trace.Entry{Kind: trace.KindPlanAction, Rollout: id, Plan: &trace.PlanAction{
		Action: trace.OpenRollout, Rollout: id, Channel: ch.ID, TargetRef: m.ref, Hosts: names,
	}})
	return nil
}

// supersede supersedes a rollout. What is queued under it stays queued.
func (s shippedStep) supersede(id, by reducer.RolloutID, at reducer.Time) error {
	if s.mended.Has(StaleQueue) {
		for n := range s.queue {
			s.queue[n] = slices.DeleteFunc(s.queue[n], func(q queued) bool { return q.rollout.id == id })
		}
	}
	return s.apply(s.newEvent(reducer.Event{
		Kind: reducer.SuccessorOpened, Rollout: id, Successor: by, At: at,
	}))
}

// join adds the hosts of a channel to a rollout, by name.
func (s shippedStep) join(
	ch *channel, m manifest, id reducer.RolloutID, at reducer.Time, failure Failure,
) error {
	hosts := make([]uint32, 0, ch.end-ch.first)
	for n := ch.first; n < ch.end; n++ {
		hosts = append(hosts, n)
	}
	slices.SortFunc(hosts, func(a, b uint32) int {
		return cmp.Compare(s.inv.hosts[a].id, s.inv.hosts[b].id)
	})
	o := s.byID[id]
	for i, n := range hosts {
		if failure.Tear && i >= failure.Joined {
			return nil
		}
		wave := s.inv.hosts[n].wave
		var soak reducer.Time
		if int(wave) < len(ch.Waves) {
			soak = reducer.Time(ch.Waves[wave].Soak)
		}
		rec := record{host: n, target: reducer.ClosureHash(m.ref), soakDue: at + soak}
		if m.closures != nil {
			rec.target = m.closures[n-ch.first]
		}
		rec.unchanged = s.heartbeats[n] == rec.target
		o.records = append(o.records, rec)
		s.shippedPlane.pending = true
		err := s.apply(s.newEvent(reducer.Event{
			Kind: reducer.HostJoined, Rollout: id, Host: s.inv.hosts[n].id, Wave: wave, At: at,
		}))
		if err != nil {
			return err
		}
		// The machine may refuse the host, which then has no state in the fleet.
		if len(o.fold.Hosts()) < len(o.records) {
			o.records = o.records[:len(o.fold.Hosts())]
		}
	}
	return nil
}

// action is what a run does about one Pending host: it queues a dispatch, or logs the gate that
// blocks.
type action struct {
	row          *row
	slot         int
	gate, reason string
}

// planHosts decides about each Pending host of the current rollouts.
func (s shippedStep) planHosts(channels, order []uint32) []action {
	actions := s.actions[:0]
	tally := s.newTally()
	var rank []uint32
	if order != nil {
		rank = slices.Grow(s.rank[:0], len(order))[:len(order)]
		s.shippedPlane.rank = rank
		for i, n := range order {
			rank[n] = uint32(i)
		}
	}
	for _, n := range channels {
		o := s.planned(n)
		if o == nil || o.fold.Record.TerminalAt.Set {
			continue
		}
		slots := s.pendings[:0]
		for slot := range o.records {
			if o.state(slot) == reducer.HostPending && o.records[slot].host != noHost {
				slots = append(slots, slot)
			}
		}
		s.shippedPlane.pendings = slots
		if rank != nil {
			slices.SortFunc(slots, func(a, b int) int {
				return cmp.Compare(rank[o.records[a].host], rank[o.records[b].host])
			})
		}
		if len(slots) > 0 {
			s.shippedPlane.pending = true
		}
		if s.halted(o) {
			continue
		}
		for _, slot := range slots {
			gate, reason := s.gate(o, slot, tally)
			again := o.records[slot].queued.Set && s.mended.Has(BudgetOvershoot)
			if gate == "" && !again {
				for _, i := range s.inv.budgetsOf[s.inv.hosts[o.records[slot].host].budgets] {
					tally.queued[s.inv.budgets[i].selector()]++
				}
			}
			actions = append(actions, action{o, slot, gate, reason})
		}
	}
	s.shippedPlane.actions = actions
	return actions
}

// halted reports whether nothing of a rollout may be dispatched. The shipped planner halts nothing.
func (s shippedStep) halted(o *row) bool {
	superseded := o.fold.Record.SupersededAt.Set
	if s.mended.Has(SetBack) && superseded {
		return true
	}
	return s.mended.Has(NoHalt) && (superseded || !o.fold.Record.State.Underway() ||
		o.fold.Count(reducer.HostFailed)+o.fold.Count(reducer.HostReverted) > 0)
}

// act carries out an action.
func (s shippedStep) act(a *action) {
	o, rec := a.row, &a.row.records[a.slot]
	id := s.inv.hosts[rec.host].id
	at := s.fresh()
	if a.gate != "" {
		s.decision = trace.GateDecision{Gate: a.gate, Reason: a.reason, Host: id, Rollout: o.id}
		s.write(at, trace.Entry{
			Kind: trace.KindGateDecision, Host: id, Rollout: o.id, Gate: &s.decision,
		})
		return
	}
	if !rec.queued.Set {
		rec.queued = reducer.Some(at)
		if s.mended.Has(LateWaveSoak) {
			wave := o.fold.Hosts()[a.slot].Wave
			rec.soakDue = at
			if int(wave) < len(o.channel.Waves) {
				rec.soakDue += reducer.Time(o.channel.Waves[wave].Soak)
			}
		}
	}
	q := queued{
		host: rec.host, rollout: o, slot: a.slot, at: at, closure: rec.target, soakDue: rec.soakDue,
	}
	s.queue[q.host] = append(slices.DeleteFunc(s.queue[q.host], func(x queued) bool {
		return x.rollout == o
	}), q)
	s.plan = trace.PlanAction{
		Action: trace.QueueDispatch, Rollout: o.id, Host: id, Closure: rec.target,
		SoakDueAt: rec.soakDue, Attempt: 1,
	}
	s.write(at, trace.Entry{Kind: trace.KindPlanAction, Host: id, Rollout: o.id, Plan: &s.plan})
	s.out.Dispatch(q.dispatch())
}

func (q *queued) dispatch() Dispatch {
	return Dispatch{
		Host: q.host, Rollout: q.rollout.id, Closure: q.closure, SoakDueAt: q.soakDue, Attempt: 1,
		QueuedAt: q.at,
	}
}

func (p *shippedPlane) Dequeue(host uint32) (Dispatch, bool) {
	for i, q := range p.queue[host] {
		if p.mended.Has(StaleQueue) && q.rollout.state(q.slot) != reducer.HostPending {
			continue // a heartbeat has finished the host
		}
		p.queue[host] = slices.Delete(p.queue[host], i, i+1)
		return q.dispatch(), true
	}
	return Dispatch{}, false
}

func (p *shippedPlane) Queued(host uint32) bool { return len(p.queue[host]) > 0 }
