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
	queue   queue
	history []trace.Entry
	arena   trace.Arena
	planes  []controlplane.ControlPlane // of runs that have ended
	retired []controlplane.ControlPlane // of the present run
	refold  *reducer.Fleet
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
	m.renew(w.driver.plane)
	if w.record.follower != nil {
		m.renew(w.record.follower)
	}
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
	m.retire(w.driver.plane)
	if w.record.follower != nil {
		m.retire(w.record.follower)
	}
	m.planes, m.retired = append(m.planes, m.retired...), m.retired[:0]
	if w.record.refold != nil {
		m.refold = w.record.refold
	}
}

// renew lets a new control plane use the memory of one of an earlier run.
func (m *Memory) renew(p controlplane.ControlPlane) {
	if m != nil {
		m.planes = controlplane.Reuse(p, m.planes)
	}
}

// mostRetired is how many control planes of one run are kept.
const mostRetired = 8

// retire keeps a control plane that is no longer used for later runs. What belongs to the present
// run may still refer to its rollouts.
func (m *Memory) retire(p controlplane.ControlPlane) {
	if m != nil && len(m.planes)+len(m.retired) < mostRetired {
		m.retired = append(m.retired, p)
	}
}
