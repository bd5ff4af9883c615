package invariant

import "rollsim/reducer"

// facts is what has happened to a rollout, whatever its record says: its hosts, as they joined and
// moved, its succession, and how it ended.
type facts struct {
	hosts  []member // parallel to Rollout.Hosts; nil once they were freed
	joined int      // how many there are or were
	counts [reducer.HostStateCount]int
	waves  waves

	superseded bool // a successor was opened
	finished   bool // every joined host was Converged, or an operator cleared it after a failure
	pruned     bool // its retention has expired after it had ended
	aborted    bool // an operator has aborted it

	ended   reducer.Opt[reducer.Time] // when it may have ended, at the earliest
	partial bool                      // what happened before it was resumed is not known
}

// member is a host that joined a rollout. There may be a million.
type member struct {
	soakDue  reducer.Time // 0 before its first dispatch
	before   uint32       // what it ran when it acked: index into evidence.closures, plus 1; 0 before
	declared uint8        // its probes: bit i is set for evidence.probes[i]
	passed   uint8        // those with a pass as their latest result
	state    reducer.HostState
	marks    mark
}

// mark is a set of what is known of a host.
type mark uint8

const (
	awaited      mark = 1 << iota // later waves wait for it
	claimed                       // its agent reported that it converged
	unchanged                     // it ran its closure before it joined
	otherClosure                  // on another closure than the rollout's
)

// mark sets or clears a mark.
func (m *member) mark(what mark, set bool) {
	m.marks &^= what
	if set {
		m.marks |= what
	}
}

// failed reports whether a joined host is Failed or Reverted.
func (f *facts) failed() bool {
	return f.counts[reducer.HostFailed]+f.counts[reducer.HostReverted] > 0
}

// allConverged reports whether hosts have joined and all of them are Converged.
func (f *facts) allConverged() bool {
	return f.joined > 0 && f.counts[reducer.HostConverged] == f.joined
}

// halted reports whether nothing of the rollout may be dispatched any more.
func (f *facts) halted() bool {
	return f.failed() || f.superseded || f.finished || f.pruned || f.aborted
}

// join adds the host that has joined last, unless it had joined before. raw says that an operator
// let it join.
func (f *facts) join(r *reducer.Rollout, ev *reducer.Event, at reducer.Time, raw bool) {
	slot := len(f.hosts)
	if all := r.Hosts(); slot != len(all)-1 || all[slot].ID != ev.Host {
		return
	}
	h := member{state: reducer.HostPending}
	h.mark(awaited, f.waves.join(slot, ev.Wave, at, raw))
	f.hosts = append(f.hosts, h)
	f.joined++
	f.counts[reducer.HostPending]++
}

// move moves the host at a slot, when it is where the event says and may move so.
func (f *facts) move(slot int, ev *reducer.Event, at reducer.Time) bool {
	h := &f.hosts[slot]
	if h.state != ev.From || !reducer.LegalHostMove(ev.From, ev.To) {
		return false
	}
	h.state = ev.To
	f.counts[ev.From]--
	f.counts[ev.To]++
	if h.marks&awaited != 0 && ev.To.OrderingEligible() {
		h.mark(awaited, false)
		f.waves.eligible(slot)
	}
	f.finished = f.finished || f.allConverged()
	if f.finished || f.failed() {
		f.end(at)
	}
	return true
}

// supersede records that a successor was opened.
func (f *facts) supersede(at reducer.Time) {
	f.superseded = true
	f.end(at)
}

// end records that the rollout may have ended, unless it may have ended before.
func (f *facts) end(at reducer.Time) {
	if !f.ended.Set {
		f.ended = reducer.Some(at)
	}
}
