package timeline

import (
	"errors"
	"fmt"
	"strings"

	"rollsim/reducer"
	"rollsim/trace"
)

// fold records what an entry changes.
func (b *Builder) fold(e *trace.Entry) error {
	switch {
	case e.Gate != nil:
		b.gate(e)
	case e.Event != nil:
		return b.event(e)
	case e.Agent != nil:
		b.hostChange(e, e.Rollout, e.Host, Heard, int64(e.Agent.Seq))
		if failing(e.Agent.Kind) {
			b.last.flags |= failure
		}
	case e.HostEffect != nil:
		b.hostEffect(e)
	case e.Effect != nil:
		b.effect(e)
	case e.Plan != nil && e.Plan.Action == trace.QueueDispatch:
		b.dispatch(e)
	case e.Poll != nil:
		ref := Ref{e.Poll.Channel, e.Poll.Ref}
		b.change(Change{
			Rollout: None, Host: None, What: Polled, Value: intern(b.refs, &b.x.refs, ref),
		})
	case e.Fault != nil:
		f := faultName{e.Fault.Fault, e.Fault.Channel}
		b.change(Change{
			Rollout: b.last.rollout, Host: b.last.host, What: Faulted,
			Value: intern(b.faults, &b.x.faults, f),
		})
	case e.Rejection != nil:
		b.last.flags |= refused
	}
	return nil
}

// failing reports whether an agent reports a failure by an event.
func failing(k reducer.AgentEventKind) bool {
	return k == reducer.ActivationFailed || k == reducer.ProbesFailed || k == reducer.RollbackComplete
}

// change records a change of the current entry and applies it.
func (b *Builder) change(c Change) {
	c.N = uint32(b.x.count)
	b.x.changes = append(b.x.changes, c)
	b.state.apply(b.x, &c, b.last.at)
}

// rollout returns the number of a rollout, which it adds if it is new.
func (b *Builder) rollout(id reducer.RolloutID) uint32 {
	n, ok := b.rollouts[id]
	if !ok {
		n = b.mention(id, 1)
	}
	if b.last.rollout == None {
		b.last.rollout = n
	}
	return n
}

// mention adds an incarnation of a rollout.
func (b *Builder) mention(id reducer.RolloutID, incarnation int) uint32 {
	n := uint32(len(b.x.rollouts))
	b.x.rollouts = append(b.x.rollouts, rolloutInfo{id: id, incarnation: incarnation})
	b.rollouts[id] = n
	b.change(Change{Rollout: n, Host: None, What: Mentioned})
	return n
}

// setState records the state of a rollout, unless it is in that state already.
func (b *Builder) setState(n uint32, s reducer.State) {
	if b.state.Rollouts[n].Record.State == s {
		return
	}
	b.last.flags |= changesState
	if s == reducer.Failed || s == reducer.Reverted {
		b.last.flags |= failure
	}
	b.rolloutChange(n, State, int64(s))
}

// setWave records the wave cursor of a rollout, unless it is there already.
func (b *Builder) setWave(n, wave uint32) {
	if b.state.Rollouts[n].Record.CurrentWave != wave {
		b.x.waves = true
		b.rolloutChange(n, Wave, int64(wave))
	}
}

// rolloutChange records a change of a rollout.
func (b *Builder) rolloutChange(n uint32, what What, value int64) {
	b.change(Change{Rollout: n, Host: None, What: what, Value: value})
}

// hostChange records a change of a host under a rollout.
func (b *Builder) hostChange(
	e *trace.Entry, id reducer.RolloutID, host reducer.HostID, what What, value int64,
) {
	if id == "" || host == "" {
		return
	}
	n, h := b.rollout(id), b.host(host)
	b.hostChangeOf(n, h, what, value)
}

func (b *Builder) hostChangeOf(n, h uint32, what What, value int64) {
	key := slotKey{n, h}
	slot, ok := b.slots[key]
	if !ok {
		slot = uint32(len(b.state.Rollouts[n].Hosts))
		b.slots[key] = slot
	}
	if what == HostState {
		if ok && b.state.Rollouts[n].Hosts[slot].State == reducer.HostState(value) {
			return
		}
		b.last.flags |= changesState
		if s := reducer.HostState(value); s == reducer.HostFailed || s == reducer.HostReverted {
			b.last.flags |= failure
		}
	}
	b.change(Change{Rollout: n, Host: h, slot: slot, What: what, Value: value})
}

// gate records that a gate holds a host. Control planes repeat the entry, so it is often no change.
func (b *Builder) gate(e *trace.Entry) {
	g := e.Gate
	if g.Rollout == "" || g.Host == "" {
		return
	}
	n, h := b.rollout(g.Rollout), b.host(g.Host)
	b.planned(n)
	if slot, ok := b.slots[slotKey{n, h}]; ok {
		if now := &b.state.Rollouts[n].Hosts[slot]; now.Gate == g.Gate && now.Reason == g.Reason {
			return
		}
	}
	b.hostChangeOf(n, h, Held, intern(b.holds, &b.x.holds, hold{g.Gate, g.Reason}))
}

// dispatch records a dispatch. One for a wave above the cursor shows that the cursor moves without
// entries.
func (b *Builder) dispatch(e *trace.Entry) {
	p := e.Plan
	if p.Rollout == "" {
		return
	}
	n := b.rollout(p.Rollout)
	b.planned(n)
	if p.Host == "" {
		return
	}
	h := b.host(p.Host)
	b.hostChangeOf(n, h, Dispatched, int64(p.SoakDueAt))
	r := b.state.Rollouts[n]
	now := &r.Hosts[b.slots[slotKey{n, h}]]
	if now.Closure != p.Closure {
		b.hostChangeOf(n, h, Closure, b.name(string(p.Closure)))
	}
	if now.Joined && now.Wave > r.Record.CurrentWave {
		b.x.silent = true
	}
}

// planned records that the planner works on a rollout. It works on one rollout of a channel.
func (b *Builder) planned(n uint32) {
	channel, _, _ := strings.Cut(string(b.x.rollouts[n].id), "@")
	before, known := b.plans[channel]
	b.plans[channel] = n
	if known && before != n {
		b.rolloutChange(before, Planned, 0)
	}
	if !b.state.Rollouts[n].Planned {
		b.rolloutChange(n, Planned, 1)
	}
}

// hostEffect records an effect of the host machine.
func (b *Builder) hostEffect(e *trace.Entry) {
	f := e.HostEffect
	switch f.Effect {
	case trace.RemoteInsertQuarantine, trace.RemoteRemoveQuarantine:
		q := trace.QuarantineConfig{Channel: f.Channel, Closure: f.Closure}
		listed := false
		for _, have := range b.state.Quarantine {
			listed = listed || have == q
		}
		if listed == (f.Effect == trace.RemoteInsertQuarantine) {
			return
		}
		b.change(Change{
			Rollout: None, Host: None, What: Quarantined, Value: intern(b.locks, &b.x.quarantines, q),
		})
	case trace.RecordTransition:
		// The event that follows moves the host, unless the fleet does not know the rollout.
		if n, ok := b.rollouts[f.Rollout]; ok && b.unknown(n) {
			b.hostChange(e, f.Rollout, f.Host, HostState, int64(f.To))
		}
	}
}

// effect records an effect of the rollout machine that no event of the fleet has shown.
func (b *Builder) effect(e *trace.Entry) {
	f := e.Effect
	switch f.Kind {
	case reducer.RecordRolloutTransition:
		if f.To == reducer.Failed || f.To == reducer.Reverted {
			b.last.flags |= failure
		}
		if n := b.rollout(f.Rollout); b.unknown(n) {
			b.setState(n, f.To)
		}
	case reducer.UpdateCurrentWave:
		if n := b.rollout(f.Rollout); b.unknown(n) {
			b.setWave(n, f.Wave)
		}
	case reducer.SchedulePruning:
		due := e.At + reducer.Time(f.DelaySeconds)*1_000_000_000
		b.rolloutChange(b.rollout(f.Rollout), Timer, int64(due))
	case reducer.InsertQuarantineFromRollout:
	}
}

// unknown reports whether the fleet does not know a rollout, because the trace does not have its
// opening.
func (b *Builder) unknown(n uint32) bool { return b.fleet.Rollout(b.idOf(n)) == nil }

// idOf returns the id under which the fleet knows a rollout.
func (b *Builder) idOf(n uint32) reducer.RolloutID {
	if id, ok := b.folded[n]; ok {
		return id
	}
	return b.x.rollouts[n].id
}

// event passes a rollout event to the fleet, and records what it changes.
func (b *Builder) event(e *trace.Entry) error {
	ev := *e.Event
	if b.x.header != nil && e.Rollout != "" && e.Rollout != ev.Rollout {
		return b.misrouted(e)
	}
	if ev.Kind == reducer.RolloutOpened && b.x.header == nil {
		b.reopen(&ev)
	}
	number, known := b.rollouts[ev.Rollout]
	if known {
		ev.Rollout = b.idOf(number)
	}
	if n, ok := b.rollouts[ev.Successor]; ok {
		ev.Successor = b.idOf(n)
	}
	err := b.fleet.Apply(&ev, e.At, &b.out)
	if reducer.IsMachineFailure(err) {
		return err
	}
	if errors.As(err, new(*reducer.UnknownRollout)) {
		b.prove(e)
		return nil
	}
	if err != nil && ev.Kind == reducer.RolloutOpened && b.x.header != nil && b.ended(number, known) {
		c := e.Clone()
		b.doubtful, b.refusal = &c, err.Error()
		return nil
	}
	if err != nil {
		b.refuse(number, known, err.Error())
		return nil
	}
	b.accept(e, &ev)
	return nil
}

// refuse records that the machine or the fleet refuses the event of the last entry.
func (b *Builder) refuse(number uint32, known bool, message string) {
	b.last.flags |= refused
	c := Change{Rollout: None, Host: b.last.host, What: Refused, Value: b.name(message)}
	if known {
		c.Rollout = number
	}
	b.change(c)
}

// resolve decides about a doubtful opening, of the entry before. A run that refuses it has a
// rejection next; otherwise its control plane has deleted the row of the rollout and opens it
// again.
func (b *Builder) resolve(accepted bool) error {
	e := b.doubtful
	if e == nil {
		return nil
	}
	b.doubtful = nil
	b.x.count-- // the changes are those of the entry before
	defer func() { b.x.count++ }()
	if !accepted {
		b.refuse(b.rollouts[e.Event.Rollout], true, b.refusal)
		return nil
	}
	ev := *e.Event
	b.reopen(&ev)
	ev.Rollout = b.idOf(b.rollouts[ev.Rollout])
	if err := b.fleet.Apply(&ev, e.At, &b.out); err != nil {
		return err
	}
	b.accept(e, &ev)
	return nil
}

// ended reports whether a rollout is known and no longer under way.
func (b *Builder) ended(n uint32, known bool) bool {
	return known && !b.unknown(n) && !b.fleet.Rollout(b.idOf(n)).Record.State.Underway()
}

// reopen adds an incarnation of a rollout that has ended and is opened again: the control plane
// deletes old rollouts without an entry.
func (b *Builder) reopen(ev *reducer.Event) {
	n, known := b.rollouts[ev.Rollout]
	if !b.ended(n, known) {
		return
	}
	incarnation := b.x.rollouts[n].incarnation + 1
	next := b.mention(ev.Rollout, incarnation)
	b.last.rollout = next
	b.folded[next] = reducer.RolloutID(fmt.Sprintf("%s\x00%d", ev.Rollout, incarnation))
}

// accept records what an accepted event changes.
func (b *Builder) accept(e *trace.Entry, ev *reducer.Event) {
	n := b.rollout(e.Event.Rollout)
	r := b.fleet.Rollout(ev.Rollout)
	rec := &r.Record
	switch ev.Kind {
	case reducer.RolloutOpened:
		b.x.rollouts[n].channel, b.x.rollouts[n].ref = rec.Channel, rec.TargetRef
		b.change(Change{Rollout: n, Host: None, What: Opened, Value: int64(rec.OpenedAt)})
	case reducer.HostJoined:
		h := b.host(ev.Host)
		if slot, ok := b.slots[slotKey{n, h}]; !ok || !b.state.Rollouts[n].Hosts[slot].Joined {
			b.hostChangeOf(n, h, Joined, int64(ev.Wave))
		}
	case reducer.HostStateChanged:
		b.hostChangeOf(n, b.host(ev.Host), HostState, int64(ev.To))
	case reducer.WaveAdvanced, reducer.RolloutTerminal, reducer.SuccessorOpened,
		reducer.RetentionExpired, reducer.OperatorClearance:
	}
	b.record(n, rec)
}

// misrouted passes an event of another rollout to the record that it reached, and records what it
// changes there. It moves no host. Only a simulated trace has such an event.
func (b *Builder) misrouted(e *trace.Entry) error {
	n := b.rollout(e.Rollout)
	err := b.fleet.ApplyTo(e.Rollout, e.Event, e.At, &b.out)
	switch r := b.fleet.Rollout(e.Rollout); {
	case reducer.IsMachineFailure(err):
		return err
	case err != nil:
		b.last.flags |= refused
		b.change(Change{
			Rollout: n, Host: b.last.host, What: Refused, Value: b.name(err.Error()),
		})
	default:
		b.record(n, &r.Record)
	}
	return nil
}

// record records how the record of a rollout differs from what is known of it.
func (b *Builder) record(n uint32, rec *reducer.Record) {
	b.setState(n, rec.State)
	b.setWave(n, rec.CurrentWave)
	have := &b.state.Rollouts[n].Record
	if rec.TerminalAt != have.TerminalAt && rec.TerminalAt.Set {
		b.rolloutChange(n, TerminalAt, int64(rec.TerminalAt.Value))
	}
	if rec.SupersededAt != have.SupersededAt && rec.SupersededAt.Set {
		b.rolloutChange(n, SupersededAt, int64(rec.SupersededAt.Value))
		if b.state.Rollouts[n].Planned { // a decision after this sets the channel back to it
			b.rolloutChange(n, Planned, 0)
		}
	}
}

// prove records what an event proves about a rollout whose opening the trace does not have.
func (b *Builder) prove(e *trace.Entry) {
	ev := e.Event
	n := b.rollout(ev.Rollout)
	switch ev.Kind {
	case reducer.HostJoined:
		b.hostChangeOf(n, b.host(ev.Host), Joined, int64(ev.Wave))
	case reducer.HostStateChanged:
		b.hostChangeOf(n, b.host(ev.Host), HostState, int64(ev.To))
	case reducer.WaveAdvanced:
		b.setWave(n, ev.ToWave)
	case reducer.RolloutTerminal:
		b.rolloutChange(n, TerminalAt, int64(ev.At))
	case reducer.SuccessorOpened:
		b.rolloutChange(n, SupersededAt, int64(ev.At))
	case reducer.RolloutOpened, reducer.RetentionExpired, reducer.OperatorClearance:
	}
}
