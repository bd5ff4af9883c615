package invariant

import "rollsim/reducer"

// facts is what has happened to a rollout, whatever its record says: its hosts, as they joined and
// moved, its succession, and how it ended.
type facts struct {
	hosts  []member // parallel to Rollout.Hosts
	counts [reducer.HostStateCount]int
	waves  waves

	superseded bool // a successor was opened
	finished   bool // every joined host was Converged, or an operator cleared it after a failure
	pruned     bool // its retention has expired after it had ended

	ended   reducer.Opt[reducer.Time] // when its retention began, the last time it did
	partial bool                      // what happened before it was resumed is not known
}

// member is a host that joined a rollout. There may be a million.
type member struct {
	proof
	state   reducer.HostState
	awaited bool // later waves wait for it
}

// failed reports whether a joined host is Failed or Reverted.
func (f *facts) failed() bool {
	return f.counts[reducer.HostFailed]+f.counts[reducer.HostReverted] > 0
}

// allConverged reports whether hosts have joined and all of them are Converged.
func (f *facts) allConverged() bool {
	return len(f.hosts) > 0 && f.counts[reducer.HostConverged] == len(f.hosts)
}

// halted reports whether nothing of the rollout may be dispatched any more.
func (f *facts) halted() bool { return f.failed() || f.superseded || f.finished || f.pruned }

// slot returns the index of a host in hosts; false when it did not join.
func (f *facts) slot(r *reducer.Rollout, id reducer.HostID) (int, bool) {
	slot, joined := r.LastMoved(), false
	if all := r.Hosts(); slot < len(all) && all[slot].ID == id {
		joined = true
	} else {
		slot, joined = r.Slot(id)
	}
	return slot, joined && slot < len(f.hosts)
}

// join adds the host that has joined last, unless it had joined before.
func (f *facts) join(r *reducer.Rollout, ev *reducer.Event, at reducer.Time) {
	slot := len(f.hosts)
	if all := r.Hosts(); slot != len(all)-1 || all[slot].ID != ev.Host {
		return
	}
	awaited := f.waves.join(slot, ev.Wave, at)
	f.hosts = append(f.hosts, member{state: reducer.HostPending, awaited: awaited})
	f.counts[reducer.HostPending]++
}

// move moves a host, when it joined, is where the event says and may move so. It returns the host's
// slot. policy decides whether the rollout ends with a failure or with a rollback.
func (f *facts) move(
	r *reducer.Rollout, ev *reducer.Event, at reducer.Time, policy reducer.HealthPolicy,
) (slot int, moved bool) {
	slot, joined := f.slot(r, ev.Host)
	if !joined || f.hosts[slot].state != ev.From || !reducer.LegalHostMove(ev.From, ev.To) {
		return slot, false
	}
	h := &f.hosts[slot]
	h.state = ev.To
	f.counts[ev.From]--
	f.counts[ev.To]++
	if h.awaited && ev.To.OrderingEligible() {
		h.awaited = false
		f.waves.eligible(slot)
	}
	first := f.counts[ev.To] == 1
	switch {
	case f.superseded || f.finished:
	case f.allConverged():
		f.finished, f.ended = true, reducer.Some(at)
	case ev.To == reducer.HostReverted && first,
		ev.To == reducer.HostFailed && first && !f.ended.Set && policy == reducer.Halt:
		f.ended = reducer.Some(at)
	}
	return slot, true
}

// supersede records that a successor was opened.
func (f *facts) supersede(at reducer.Time) {
	if !f.superseded {
		f.superseded, f.ended = true, reducer.Some(at)
	}
}

// clear records that an operator has cleared the rollout, which means something after a failure.
func (f *facts) clear(at reducer.Time) {
	if f.failed() && !f.finished && !f.superseded {
		f.finished, f.ended = true, reducer.Some(at)
	}
}
