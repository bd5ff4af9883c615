package controlplane

import (
	"slices"

	"rollsim/reducer"
	"rollsim/trace"
)

// Receive handles a message of an agent. The shipped control plane acknowledges each message, and
// drops those that it does not accept.
func (p *shippedPlane) Receive(now reducer.Time, m Message, out Output) (bool, error) {
	failed := p.failure.Database
	p.failure.Database = false
	s := p.step(now, out)
	o := p.byID[m.Rollout]
	slot := -1
	if o != nil {
		slot = o.slot(p.inv, m.Host)
	}
	kept := !p.mended.Has(AcknowledgedLost)
	switch {
	case slot < 0:
		return true, nil // no message about a row that was deleted can ever be recorded
	case failed, !p.polled:
		return kept, nil
	case m.Event.Seq <= o.records[slot].seq:
		return true, nil
	case !kept && m.Event.Seq > o.records[slot].seq+1:
		return false, nil // the agent sends the missing ones before
	}
	accepted, err := s.accept(o, slot, m)
	return accepted || kept, err
}

// accept records a message that is legal in the state of its host, and reports whether it is.
func (s shippedStep) accept(o *row, slot int, m Message) (bool, error) {
	rec, from := &o.records[slot], o.state(slot)
	to, ok := s.stepHost(o, slot, m.Event)
	if !ok {
		return false, nil
	}
	rec.seq = m.Event.Seq
	s.shippedPlane.dirty = true
	s.note(o, slot, m.Event)
	id := s.inv.hosts[m.Host].id
	s.write(s.fresh(), trace.Entry{
		Kind: trace.KindAgentEvent, Host: id, Rollout: o.id, Agent: m.Event, Raw: m.Raw,
	})
	if to == from {
		return true, nil
	}
	if m.Event.Kind == reducer.RollbackComplete {
		s.quarantined.add(QuarantineEntry{Channel: o.channel.ID, Closure: rec.target})
		s.writeEffect(s.fresh(), trace.HostEffect{
			Effect: trace.RemoteInsertQuarantine, Channel: o.channel.ID, Closure: rec.target,
		})
	}
	s.writeEffect(s.fresh(), trace.HostEffect{
		Effect: trace.RecordTransition, Host: id, Rollout: o.id, From: from, To: to, At: m.Event.At,
	})
	s.shippedPlane.outcome.Slot = slot
	err := s.apply(s.newEvent(reducer.Event{
		Kind: reducer.HostStateChanged, Rollout: o.id, Host: id, From: from, To: to, At: s.now,
	}))
	if err != nil || to != reducer.HostConverged || !o.fold.AllConverged() || s.ended(o) {
		return true, err
	}
	// The fleet derives the RolloutTerminal of a rollout that is under way. The process logs one in
	// any state.
	return true, s.apply(s.newEvent(
		reducer.Event{Kind: reducer.RolloutTerminal, Rollout: o.id, At: s.now},
	))
}

// ended reports whether the RolloutTerminal of a rollout was logged with the present input.
func (s shippedStep) ended(o *row) bool {
	rec := &o.fold.Record
	return rec.TerminalAt.Set && rec.TerminalAt.Value == s.now
}

// stepHost returns the state of a host after a message, and false if the message is refused.
func (s shippedStep) stepHost(o *row, slot int, m *trace.AgentEvent) (reducer.HostState, bool) {
	rec, from := &o.records[slot], o.state(slot)
	switch m.Kind {
	case reducer.ActivationStarted:
		return from, from == reducer.HostActivating
	case reducer.ProbeTopologyDeclared, reducer.ProbeObservedFirst, reducer.ProbeResult,
		reducer.ProbeFailureFirst:
		return from, from == reducer.HostSoaking
	case reducer.ProbesPassed:
		if m.Closure != rec.target || m.At < rec.soakDue || len(rec.failing) > 0 ||
			s.mended.Has(LateWaveSoak) && !rec.probed && !rec.unchanged {
			return from, false
		}
	case reducer.RollbackComplete:
		if rec.deferred {
			return from, false
		}
	case reducer.DispatchAck, reducer.ActivationCompleted, reducer.ActivationDeferred,
		reducer.ActivationFailed, reducer.ProbesFailed:
	}
	to, err := reducer.StepHost(from, m.Kind, o.channel.Policy.OnHealthFailure)
	return to, err == nil
}

// note records in a host's row what a message says.
func (s shippedStep) note(o *row, slot int, m *trace.AgentEvent) {
	rec := &o.records[slot]
	switch m.Kind {
	case reducer.ActivationCompleted:
		rec.current, rec.probed, rec.failing = m.Closure, false, nil
	case reducer.ActivationFailed:
		rec.deferred = o.state(slot) == reducer.HostDeferred
	case reducer.ProbeResult:
		rec.probed = true
		rec.failing = slices.DeleteFunc(rec.failing, func(name string) bool { return name == m.Probe })
		if !m.Passed {
			rec.failing = append(rec.failing, m.Probe)
		}
		o.failures.set(slot, m.Probe, !m.Passed, !s.mended.Has(ComplianceSticky))
	case reducer.RollbackComplete:
		rec.current = m.Closure
	case reducer.ProbeFailureFirst:
		if s.mended.Has(LateWaveSoak) && !slices.Contains(rec.failing, m.Probe) {
			rec.failing = append(rec.failing, m.Probe)
		}
	case reducer.DispatchAck, reducer.ActivationDeferred, reducer.ProbesFailed,
		reducer.ProbesPassed, reducer.ActivationStarted, reducer.ProbeTopologyDeclared,
		reducer.ProbeObservedFirst:
	}
}

func (p *shippedPlane) Heartbeat(
	now reducer.Time, beat Heartbeat, out Output,
) ([]Snapshot, error) {
	p.heartbeats[beat.Host] = beat.Closure
	rows, slots := p.active(beat.Host)
	for i, o := range rows {
		if p.older(beat, o) {
			continue
		}
		if err := p.synthesise(now, beat, o, slots[i], out); err != nil {
			return nil, err
		}
	}
	answer := p.snapshots[:0]
	rows, slots = p.active(beat.Host)
	for i, o := range rows {
		if !p.older(beat, o) {
			rec := &o.records[slots[i]]
			answer = append(answer, Snapshot{o.id, o.state(slots[i]), rec.target, rec.soakDue, rec.seq})
		}
	}
	p.snapshots = answer
	return answer, nil
}

// older reports whether the row of a host is left alone, because StaleSnapshot is fixed and the
// agent knows more.
func (p *shippedPlane) older(beat Heartbeat, o *row) bool {
	return p.mended.Has(StaleSnapshot) && beat.Unsent != nil && beat.Unsent(o.id)
}

// synthesise moves the host of a row whose target it runs, as if its agent had reported it.
func (p *shippedPlane) synthesise(
	now reducer.Time, beat Heartbeat, o *row, slot int, out Output,
) error {
	rec := &o.records[slot]
	if rec.target != beat.Closure || !p.polled {
		return nil
	}
	events := []trace.AgentEvent{{Kind: reducer.ActivationCompleted, Closure: beat.Closure}}
	switch o.state(slot) {
	case reducer.HostPending:
		if !rec.queued.Set {
			rec.unchanged = true
		}
		if p.mended.Has(LostAck) && !rec.unchanged {
			return nil // its agent acks the dispatch
		}
		events = []trace.AgentEvent{
			{Kind: reducer.DispatchAck}, events[0],
			{Kind: reducer.ProbesPassed, Closure: beat.Closure},
		}
	case reducer.HostActivating, reducer.HostDeferred:
	case reducer.HostSoaking, reducer.HostConverged, reducer.HostFailed, reducer.HostReverted:
		return nil
	}
	for i := range events {
		m := &events[i]
		m.Seq, m.At = rec.seq+1, beat.At
		if m.Kind == reducer.ProbesPassed {
			m.At = max(beat.At, rec.soakDue)
		}
		s := p.step(now, out)
		ok, err := s.accept(o, slot, Message{Host: beat.Host, Rollout: o.id, Event: m})
		if err != nil || !ok {
			return err
		}
	}
	return nil
}
