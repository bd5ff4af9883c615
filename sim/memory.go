package sim

import (
	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/trace"
)

// Memory is what runs leave for the next one to use, so that many short runs allocate little. It
// keeps no state: a run that uses it has the same result as one that does not. Runs at the same
// time need one each. The zero value is ready to use.
type Memory struct {
	queue    queue
	history  []trace.Entry
	arena    trace.Arena
	planes   []controlplane.Follower // that are no longer used
	refold   *reducer.Fleet
	rollouts rollouts
	network  network
}

// lend makes a new world use the memory.
func (m *Memory) lend(w *world) {
	if m == nil {
		return
	}
	for i := range m.queue.buckets {
		m.queue.buckets[i] = m.queue.buckets[i][:0]
	}
	m.queue.now, m.queue.popped, m.queue.used = 0, 0, 0
	m.arena.Reset()
	w.clock.queue = m.queue
	w.record.history, w.record.arena = m.history[:0], m.arena
	w.driver.memory = m
	clear(m.rollouts.number)
	w.rollouts.list, w.rollouts.number = m.rollouts.list[:0], m.rollouts.number
	n := &m.network
	w.network.flights, w.network.landed, w.network.resent = n.flights[:0], n.landed[:0], n.resent
	for i := range min(len(n.links), len(w.network.links)) {
		w.network.links[i].outbox = n.links[i].outbox[:0]
	}
	m.renew(w.driver.plane)
	m.renew(w.record.follower)
	if w.record.refold != nil && m.refold != nil {
		w.record.refold.Reuse(m.refold)
		m.refold = nil
	}
}

// collect takes the memory of a world that has ended.
func (m *Memory) collect(w *world) {
	if m == nil {
		return
	}
	m.queue, m.history, m.arena = w.clock.queue, w.record.history, w.record.arena
	m.rollouts = w.rollouts
	m.network = network{
		links: w.network.links, flights: w.network.flights, landed: w.network.landed,
		resent: w.network.resent,
	}
	m.push(w.driver.plane)
	m.push(w.record.follower)
	if w.record.refold != nil {
		m.refold = w.record.refold
	}
}

// renew lets a new control plane use the memory of one that is no longer used.
func (m *Memory) renew(fresh controlplane.ControlPlane) {
	if old := m.pop(); old != nil && !controlplane.Reuse(fresh, old) {
		m.push(old)
	}
}

// pop returns a control plane that is no longer used, or nil if none exists.
func (m *Memory) pop() controlplane.Follower {
	if m == nil || len(m.planes) == 0 {
		return nil
	}
	last := len(m.planes) - 1
	p := m.planes[last]
	m.planes = m.planes[:last]
	return p
}

// push keeps the memory of a control plane that is no longer used, if another one can use it.
func (m *Memory) push(p controlplane.ControlPlane) {
	if f, can := p.(controlplane.Follower); can && m != nil {
		m.planes = append(m.planes, f)
	}
}
