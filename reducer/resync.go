package reducer

import "slices"

// These methods correct a fleet that folds a recorded log. A log may lack entries, so that what
// follows shows a state that no event has led to. The control plane's tables had that state.

// Delete removes a rollout, whatever its state, as a control plane does that deletes its rows. The
// same id may then be opened again. The caller keeps r; its record and hosts stay as they are.
func (f *Fleet) Delete(r *Rollout) {
	if i, found := f.search(r.number); found {
		f.order = slices.Delete(f.order, i, i+1)
	}
	if f.rollouts[r.Record.RolloutID] == r {
		f.recent = nil
		delete(f.rollouts, r.Record.RolloutID)
	}
	if c := f.channels[r.Record.Channel]; c != nil {
		c.remove(r)
	}
	r.derived = nil
}

// SetHost sets the state of the host at a slot without an event.
func (f *Fleet) SetHost(r *Rollout, slot int, to HostState) {
	h := &r.hosts[slot]
	r.counts[h.State]--
	r.counts[to]++
	h.State = to
}

// SetState sets the state of a rollout without an event, at a time that becomes its terminal_at or
// superseded_at.
func (f *Fleet) SetState(r *Rollout, to State, at Time) {
	f.next = r.Record
	f.next.State = to
	switch to {
	case Terminal:
		f.next.TerminalAt = Some(at)
	case Superseded:
		f.next.SupersededAt = Some(at)
	case Opening, Active, Converging, Reverted, Failed, Pruned, stateEnd:
	}
	if c := f.channels[r.Record.Channel]; c != nil && to.Standing() && !r.Record.State.Standing() {
		c.standing, r.stands = append(c.standing, r), true
	}
	f.commit(r)
	r.derived = nil
}

// remove removes a rollout that was deleted.
func (c *channelFold) remove(r *Rollout) {
	is := func(s *Rollout) bool { return s == r }
	c.standing, r.stands = slices.DeleteFunc(c.standing, is), false
	c.opened = slices.DeleteFunc(c.opened, is)
}
