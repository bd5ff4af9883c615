package external

import (
	"slices"
	"sync"

	"rollsim/reducer"
)

// mostAnswers is how many answers a Memory keeps: about 60 MB.
const mostAnswers = 1 << 16

// Memory is a machine in another process that is asked each question once: its answer must depend
// on the request alone. It is safe for concurrent use.
type Memory struct {
	*Machine
	mu    sync.Mutex
	known map[question]remembered
	asked uint64
}

// question is what an answer depends on.
type question struct {
	record reducer.Record
	event  reducer.Event
	now    reducer.Time
	policy reducer.Policy
}

// remembered is an answer.
type remembered struct {
	record  reducer.Record
	effects []reducer.Effect
	refusal error
}

// Remember returns a machine that asks another one each question once.
func Remember(m *Machine) *Memory {
	return &Memory{Machine: m, known: make(map[question]remembered)}
}

// Asked returns how many questions were asked.
func (m *Memory) Asked() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.asked
}

// Step implements reducer.Machine.
func (m *Memory) Step(
	rec *reducer.Record, ev *reducer.Event, now reducer.Time, policy reducer.Policy,
	out *reducer.Effects,
) error {
	q := question{*rec, *ev, now, policy}
	m.mu.Lock()
	a, known := m.known[q]
	m.mu.Unlock()
	if !known {
		a.refusal = m.Machine.Step(rec, ev, now, policy, out)
		a.record, a.effects = *rec, slices.Clone(out.All())
		m.mu.Lock()
		m.asked++
		if !reducer.IsMachineFailure(a.refusal) && len(m.known) < mostAnswers {
			m.known[q] = a
		}
		m.mu.Unlock()
		return a.refusal
	}
	out.Reset()
	for i := range a.effects {
		out.Add(a.effects[i])
	}
	*rec = a.record
	return a.refusal
}
