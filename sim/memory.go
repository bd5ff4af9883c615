package sim

import "rollsim/trace"

// Memory is what runs leave for the next one to use, so that many short runs allocate little. It
// keeps no state: a run that uses it has the same result as one that does not. Runs at the same
// time need one each. The zero value is ready to use.
type Memory struct {
	queue   queue
	history []trace.Entry
	arena   trace.Arena
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
}

// collect takes the memory of a world that has ended.
func (m *Memory) collect(w *world) {
	if m == nil {
		return
	}
	m.queue, m.history, m.arena = w.clock.queue, w.record.history, w.record.arena
}
