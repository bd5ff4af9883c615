package sim

import (
	"slices"
	"time"

	"rollsim/controlplane"
	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// driver passes inputs to the control plane and carries out its decisions.
type driver struct {
	plane   controlplane.ControlPlane
	memory  *Memory // for the next control planes; nil for none
	build   controlplane.New
	machine reducer.Machine
	inv     *controlplane.Inventory

	clock    *clock
	chance   *chance
	record   *recorder
	rollouts *rollouts
	agents   *agents
	moments  *moments

	production *production // of the shipped control plane; nil for others

	planDue   bool                 // at the end of the present instant, even if PlanNeeded is false
	down      bool                 // it has crashed and is not back yet
	back      reducer.Time         // when it was or will be back after the last crash
	postponed []*Action            // for the time after the restart
	polls     []uint64             // by channel: how many there were; nil without faults
	keys      []uint64             // by channel; derived: of its random streams; nil without faults
	armed     [][]*Action          // by channel: faults of the timeline that wait for its next poll
	polled    []reducer.ChannelRef // by channel: what the last successful poll saw
	ticks     uint64
	misrouted bool // the event that is applied is one of another rollout
	choices   *choices
}

// poll reports to the control plane what a channel points at, unless a fault prevents the poll.
func (d *driver) poll(channel uint32, conf *Channel, ref reducer.ChannelRef) {
	if d.down {
		return
	}
	if d.polls != nil {
		if d.polled[channel] != ref { // a poll that finds nothing new has no effect
			d.choosePoll(conf.ID)
		}
		key := d.keys[channel]
		d.polls[channel]++
		for _, kind := range pollFaults {
			if d.pollStrikes(channel, kind) ||
				d.chance.strikes(kind, noHost, key, d.polls[channel]) != nil {
				d.record.fault(trace.Fault{Fault: kind.String(), Channel: conf.ID}, 0)
				return
			}
		}
	}
	if d.polled[channel] != ref {
		d.polled[channel] = ref
		d.record.check.Polled(conf.ID, ref)
	}
	d.record.fail(d.plane.Poll(d.clock.now, channel, ref, d))
}

// armPoll makes a fault of the timeline happen to the next poll of its channel, or of each channel.
// Under the shipped control plane the first channel stands for all.
func (d *driver) armPoll(a *Action) {
	if d.armed == nil {
		d.armed = make([][]*Action, len(d.polled))
	}
	first, end := 0, len(d.armed)
	switch n, known := d.inv.Channel(a.Fault.Channel); {
	case d.production != nil:
		end = 1
	case known:
		first, end = int(n), int(n)+1
	case a.Fault.Channel != "":
		return
	}
	for n := first; n < end; n++ {
		d.armed[n] = append(d.armed[n], a)
	}
}

// pollStrikes reports whether a fault of the timeline waits for this poll of a channel, and removes
// it.
func (d *driver) pollStrikes(channel uint32, kind FaultKind) bool {
	if d.armed == nil {
		return false
	}
	i := slices.IndexFunc(d.armed[channel], func(a *Action) bool { return a.Fault.Kind == kind })
	if i < 0 {
		return false
	}
	d.agents.network.struck = append(d.agents.network.struck, d.armed[channel][i])
	d.armed[channel] = slices.Delete(d.armed[channel], i, i+1)
	return true
}

// tick makes a plan due and schedules the next tick. Chance may crash the control plane.
func (d *driver) tick() {
	d.planDue = true
	d.ticks++
	if f := d.chance.strikes(ControlPlaneCrash, noHost, 0, d.ticks); f != nil {
		d.crash(d.chance.length(f, 0, d.ticks))
	}
	d.clock.schedule(controlplane.PlanInterval, workTick, 0, 0)
}

// plan calls Plan if a plan is due, and reports whether it was.
func (d *driver) plan() bool {
	if d.down || !d.planDue && !d.plane.PlanNeeded() {
		return false
	}
	d.planDue = false
	d.record.fail(d.plane.Plan(controlplane.Tick{Now: d.clock.now}, d))
	return true
}

// receive passes on a message of an agent, and reports whether the control plane acknowledges it.
func (d *driver) receive(host, rollout uint32, m *trace.AgentEvent) bool {
	if d.down {
		return false
	}
	d.record.check.Host(int(host))
	acked, err := d.plane.Receive(d.clock.now, controlplane.Message{
		Host: host, Rollout: d.rollouts.list[rollout].id, Event: m,
	}, d)
	d.record.fail(err)
	if acked {
		d.agents.network.acknowledged(host, rollout, m.Seq)
	}
	return acked
}

// expire passes on the end of a retention timer. If the control plane is down, its restart arms the
// timer again.
func (d *driver) expire(rollout, generation uint32) {
	if r := &d.rollouts.list[rollout]; r.timer == generation && !d.down {
		d.record.fail(d.plane.Expire(d.clock.now, r.id, d))
	}
}

// operate carries out an operator's action or a raw event of the timeline, which waits while the
// control plane is down.
func (d *driver) operate(a *Action) {
	switch {
	case d.down:
		d.postponed = append(d.postponed, a)
	case a.Order != nil:
		d.order(a.Order)
	case a.Lift != nil:
		d.record.check.Lifted(*a.Lift)
		d.record.fail(d.plane.Lift(d.clock.now, *a.Lift, d))
	case a.Event != nil:
		ev := *a.Event
		if !a.KeepAt {
			ev.At = d.clock.now
		}
		d.inject(&ev, a.Reaches)
	}
}

// order carries out an order of an operator, which is a fact for the invariants and the judge.
func (d *driver) order(o *Order) {
	switch o.Kind {
	case controlplane.PauseDispatch:
		d.record.check.Paused(o.Channel, true)
	case controlplane.ResumeDispatch:
		d.record.check.Paused(o.Channel, false)
	case controlplane.QuarantineByHand:
		d.record.check.Inserted(o.Entry)
	case controlplane.AbortRollout:
		d.record.check.Aborted(o.Rollout)
		if r := d.plane.Fleet().Rollout(o.Rollout); r != nil && r.Record.State.Underway() {
			d.rollouts.at(o.Rollout).aborted = true
		}
	case controlplane.AddHost, controlplane.RemoveHost:
		d.changeFleet(o)
	}
	d.record.fail(d.plane.Operate(d.clock.now, *o, d))
}

// changeFleet shows the invariants that a host joins or leaves the fleet, and stops the agent of
// one that leaves.
func (d *driver) changeFleet(o *Order) {
	n, known := d.inv.Host(o.Host)
	if !known {
		return
	}
	channel := d.inv.ChannelOf(n)
	if o.Kind == controlplane.AddHost {
		d.record.check.Enrolled(channel, o.Host)
		return
	}
	d.record.check.Departed(channel, o.Host)
	d.agents.leave(n)
}

// inject passes a raw event to the record of its rollout or, if it is misrouted, to that of another
// one.
func (d *driver) inject(ev *reducer.Event, reaches reducer.RolloutID) {
	check := d.record.check
	check.Raw(true)
	if reaches == "" || reaches == ev.Rollout {
		d.record.fail(d.plane.Apply(d.clock.now, ev, d))
	} else {
		d.misrouted = true
		check.Misrouted(true)
		d.record.fail(d.plane.Misroute(d.clock.now, reaches, ev, d))
		check.Misrouted(false)
		d.misrouted = false
	}
	check.Raw(false)
}

// crash takes the control plane down. Polls, plans and timers stop, messages of agents are lost,
// and actions of operators wait.
func (d *driver) crash(length time.Duration) {
	if d.down {
		return
	}
	d.record.fault(trace.Fault{Fault: ControlPlaneCrash.String()}, length)
	d.down, d.back = true, d.clock.after(length)
	d.clock.schedule(length, workRestart, 0, 0)
}

// restart replaces the control plane with one that is restored from the log, and reports lost state
// as violations.
func (d *driver) restart() {
	d.down = false
	d.rollouts.restart()
	next, err := d.restored()
	if err != nil {
		d.record.fail(err)
		return
	}
	for _, diff := range d.plane.Diff(next) {
		d.record.check.Report(Violation{
			Invariant: invariant.FoldIsLive,
			Subject:   diff.Subject,
			Detail:    "lost by a restart: " + diff.Detail,
			Seq:       d.record.seq,
			At:        d.clock.now,
			State:     diff.State,
		})
	}
	d.memory.push(d.plane)
	d.plane = next
	d.record.check.Watch(next.Fleet())
	waiting := d.postponed
	d.postponed = nil
	for _, a := range waiting {
		d.operate(a)
	}
	d.planDue = true
}

// restored returns the control plane that replaces the crashed one.
func (d *driver) restored() (controlplane.ControlPlane, error) {
	if follower := d.record.follower; follower != nil {
		return follower.RestartInto(d.memory.pop(), d.clock.now, d), nil
	}
	return controlplane.Restart(
		d.build, d.inv, d.machine, d.clock.now, d.plane.Durable(d.record.history), d,
	)
}

// Entry writes an entry of the control plane.
func (d *driver) Entry(e *trace.Entry) {
	if p := d.production; p != nil && e.Agent != nil && p.current != 0 {
		p.logged[p.current-1] = true
		p.sawResult(e)
	}
	d.record.write(e)
}

// Dispatch sends a dispatch to the agent.
func (d *driver) Dispatch(p controlplane.Dispatch) {
	if d.production != nil {
		d.production.kick(p.Host, d.rollouts.find(p.Rollout))
		return
	}
	d.record.check.Sent(p.Rollout, d.inv.HostID(p.Host))
	d.agents.dispatch(p.Host, d.rollouts.find(p.Rollout), p.SoakDueAt)
}

// Arm schedules the end of the retention of a rollout: now, if the instant has passed.
func (d *driver) Arm(rollout reducer.RolloutID, due reducer.Time) {
	n := d.rollouts.find(rollout)
	d.clock.queue.push(max(d.clock.now, due), workRetention, n, d.rollouts.arm(n))
}

// Applied passes an accepted event to the invariants and to the moments that count hosts.
func (d *driver) Applied(r *reducer.Rollout, ev *reducer.Event, effects *reducer.Effects) {
	if ev.Kind == reducer.RolloutOpened && !d.misrouted {
		d.rollouts.open(ev.Rollout, ev.TargetRef)
	}
	d.record.check.Applied(d.record.seq, d.record.at, r, ev, effects)
	if d.production != nil && ev.Kind == reducer.HostJoined {
		d.production.joined(ev.Host)
	}
	book := d.rollouts.at(r.Record.RolloutID)
	book.logged = ev.Kind
	if ev.Kind == reducer.HostJoined || ev.Kind == reducer.HostStateChanged {
		book.moved = d.clock.now
	}
	all := effects.All()
	for i := range all {
		if e := &all[i]; e.Kind == reducer.RecordRolloutTransition && e.To.InTerminalSet() {
			book.terminalSetAt = reducer.Some(d.clock.now)
		}
	}
	if !d.misrouted {
		d.moments.count(r, ev)
		if d.choices != nil {
			d.observe(r, ev, all)
		}
	}
}

// Settled reports the end of a step to the invariants and to the moments.
func (d *driver) Settled(r *reducer.Rollout, ev *reducer.Event) {
	d.record.check.Step(r)
	d.rollouts.at(r.Record.RolloutID).last = ev.Kind
	d.moments.check(r)
}
