package replay

import (
	"slices"

	"rollsim/reducer"
	"rollsim/trace"
)

// roster records under which rollouts each host works.
type roster struct {
	hosts map[reducer.HostID]*host

	// left is called with a rollout when one of its hosts has no more work under it.
	left func(*rollout)
}

// host is what is known of one host under all its rollouts.
type host struct {
	working []*rollout // those under which it is live, in the order of opening
	joined  *rollout   // the last one that it joined
	acked   *rollout   // the last one of which it has acknowledged a dispatch

	seen   reducer.Time        // when its agent was last heard of
	ran    reducer.ClosureHash // what it has last reported to run
	missed bool                // it may have switched since, and the log does not show it
	wave   uint32              // in which it joined last

	closures []reducer.ClosureHash // the last ones that it was sent or ran
	heard    Where                 // the last event of its agent
}

// host returns a host, a new one if it is not known.
func (s *roster) host(id reducer.HostID) *host {
	h := s.hosts[id]
	if h == nil {
		h = new(host)
		s.hosts[id] = h
	}
	return h
}

// hear records a sign of life of a host: an event of its agent.
func (s *roster) hear(e *trace.Entry) {
	if h := s.hosts[e.Host]; h != nil {
		h.heard = Where{Seq: e.Seq, At: e.At}
	}
}

// join records that a host has joined a rollout, which is then its latest one.
func (s *roster) join(id reducer.HostID, r *rollout) {
	h := s.host(id)
	before := h.joined
	h.joined = r
	if before != nil {
		before.latest--
		s.left(before)
	}
}

// start records that a host has work under a rollout, unless it has already.
func (s *roster) start(id reducer.HostID, r *rollout, m *member) {
	if m.live {
		return
	}
	m.live = true
	r.live++
	h := s.host(id)
	h.working = append(h.working, r)
}

// finish records that a host has no more work under a rollout.
func (s *roster) finish(id reducer.HostID, r *rollout, m *member) {
	if !m.live {
		return
	}
	m.live = false
	r.live--
	if h := s.hosts[id]; h != nil {
		h.remove(r)
	}
	s.left(r)
}

// finishOlder records that a host has no more work under the rollouts that were opened before r and
// under which it is in the given state, or in any for 0.
func (s *roster) finishOlder(id reducer.HostID, r *rollout, state reducer.HostState) {
	h := s.host(id)
	for i := 0; i < len(h.working); i++ {
		old := h.working[i]
		if old.fold.Number() >= r.fold.Number() {
			continue
		}
		m, slot := old.member(id)
		if m != nil && state != 0 && old.fold.Hosts()[slot].State != state {
			continue
		}
		if m != nil && m.live {
			m.live = false
			old.live--
		}
		h.missed = h.missed || state == reducer.HostPending && m != nil && m.dispatches > 0
		h.working = slices.Delete(h.working, i, i+1)
		i--
		s.left(old)
	}
}

// clear records that no host has work under a rollout.
func (s *roster) clear(r *rollout) {
	for _, h := range r.fold.Hosts() {
		s.host(h.ID).remove(r)
	}
}

// movedOn reports whether a host has acknowledged a dispatch of a later rollout. What it still says
// about an earlier one is logged and changes nothing.
func (s *roster) movedOn(id reducer.HostID, r *rollout) bool {
	h := s.hosts[id]
	if h == nil {
		return false
	}
	for _, w := range h.working {
		if w.fold.Number() > r.fold.Number() && w.hasActed(id) {
			return true
		}
	}
	return h.joined != nil && h.joined != r && h.joined.fold.Number() > r.fold.Number() &&
		h.joined.hasActed(id)
}

// switches reports whether a host is under way to the closure of another rollout, as far as the log
// shows. It then runs that closure before it switches to the next one.
func (h *host) switches(r *rollout, id reducer.HostID) bool {
	return slices.ContainsFunc(h.working, func(w *rollout) bool {
		m, _ := w.member(id)
		return w != r && m != nil &&
			(m.state == reducer.HostActivating || m.state == reducer.HostDeferred)
	})
}

func (h *host) remove(r *rollout) {
	h.working = slices.DeleteFunc(h.working, func(w *rollout) bool { return w == r })
}
