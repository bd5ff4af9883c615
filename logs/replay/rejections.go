package replay

import (
	"rollsim/trace"
)

// rejectionMatcher compares the rejections that a simulated trace records with those of the replay.
// The trace records the rejection of an event after it. It records the rejections of earlier
// events, which an event reveals, before that event.
type rejectionMatcher struct {
	cursor   *cursor
	findings *collector

	due   *dueRejection
	early []recordedRejection // those recorded since the last event, without the due one
}

// dueRejection is the rejection of the last event, which the trace has yet to record.
type dueRejection struct {
	rejection trace.Rejection
	after     string
	place     place
}

type recordedRejection struct {
	rejection trace.Rejection
	place     place
}

// expect records that an event was refused.
func (m *rejectionMatcher) expect(e *trace.Entry, r *rollout, err error) {
	m.due = &dueRejection{
		rejection: trace.NewRejection(err), after: r.after(&m.cursor.lines), place: m.cursor.place(e),
	}
}

// match compares a recorded rejection with the due one.
func (m *rejectionMatcher) match(e *trace.Entry) {
	recorded := recordedRejection{rejection: *e.Rejection, place: m.cursor.place(e)}
	if m.due == nil {
		m.early = append(m.early, recorded)
		return
	}
	m.compare(&recorded, m.due.rejection, m.due.after)
	m.due = nil
}

// late compares the early rejections with the errors of earlier events that an event, or the end of
// the log if e is nil, has revealed.
func (m *rejectionMatcher) late(e *trace.Entry, late []error) {
	for i, err := range late {
		expected := trace.NewRejection(err)
		if i < len(m.early) {
			m.compare(&m.early[i], expected, "")
			continue
		}
		f := missing(Illegal, "rejection", expected.Rollout, describeRejection(&expected))
		if e != nil {
			m.findings.add(f, m.cursor.place(e), 0)
		} else {
			m.findings.add(f, m.cursor.end, 1)
		}
	}
	for i := len(late); i < len(m.early); i++ {
		recorded := &m.early[i]
		f := extra(
			Illegal, "rejection", recorded.rejection.Rollout, describeRejection(&recorded.rejection),
		)
		m.findings.add(f, recorded.place, 0)
	}
	m.early = m.early[:0]
}

func (m *rejectionMatcher) compare(
	recorded *recordedRejection, expected trace.Rejection, after string,
) {
	if recorded.rejection == expected {
		return
	}
	f := different(
		Illegal, "rejection", recorded.rejection.Rollout, describeRejection(&recorded.rejection),
		describeRejection(&expected),
	)
	f.After = after
	m.findings.add(f, recorded.place, 0)
}

// missing adds a finding about the due rejection, if there is one: it is not recorded.
func (m *rejectionMatcher) missing() {
	if m.due == nil {
		return
	}
	f := missing(Illegal, "rejection", m.due.rejection.Rollout, describeRejection(&m.due.rejection))
	f.After = m.due.after
	m.findings.add(f, m.due.place, 1)
	m.due = nil
}

// pending returns how many rejections the trace has yet to record.
func (m *rejectionMatcher) pending() int {
	if m.due != nil {
		return 1
	}
	return 0
}
