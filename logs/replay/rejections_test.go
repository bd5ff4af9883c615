package replay

import (
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

func TestRejections(t *testing.T) {
	refusal := &reducer.UnknownRollout{Rollout: "edge@a1", Event: reducer.RolloutTerminal}
	late := []error{&reducer.SupersessionExpected{Rollout: "edge@a1", Channel: "edge"}}
	reject := func(f *fixture, err error) *trace.Entry {
		rejection := trace.NewRejection(err)
		return f.read(trace.Entry{Kind: trace.KindRejection, Rejection: &rejection})
	}
	for _, c := range []struct {
		name string
		log  func(*fixture, *rejectionMatcher)
		want []string
	}{
		{"as expected", func(f *fixture, m *rejectionMatcher) {
			m.match(reject(f, refusal))
		}, nil},
		{"missing", func(*fixture, *rejectionMatcher) {}, []string{
			"illegal 1 missing rejection edge@a1: nothing / " + text(refusal)}},
		{"another one", func(f *fixture, m *rejectionMatcher) {
			m.match(reject(f, late[0]))
		}, []string{
			"illegal 2 different rejection edge@a1: " + text(late[0]) + " / " + text(refusal)}},
		{"early, as the next event proves", func(f *fixture, m *rejectionMatcher) {
			m.match(reject(f, refusal))
			m.match(reject(f, late[0]))
			m.late(f.read(trace.Entry{}), late)
		}, nil},
		{"early, and nothing proves it", func(f *fixture, m *rejectionMatcher) {
			m.match(reject(f, refusal))
			m.match(reject(f, late[0]))
			m.late(f.read(trace.Entry{}), nil)
		}, []string{"illegal 3 extra rejection edge@a1: " + text(late[0]) + " / nothing"}},
		{"proved, and not recorded", func(f *fixture, m *rejectionMatcher) {
			m.match(reject(f, refusal))
			m.late(f.read(trace.Entry{}), late)
		}, []string{"illegal 3 missing rejection edge@a1: nothing / " + text(late[0])}},
		{"proved by the end, and not recorded", func(f *fixture, m *rejectionMatcher) {
			e := reject(f, refusal)
			m.match(e)
			f.cursor.finish(e)
			m.late(nil, late)
		}, []string{"illegal 2 missing rejection edge@a1: nothing / " + text(late[0])}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			m := &rejectionMatcher{cursor: &f.cursor, findings: &f.findings}
			m.missing() // nothing is due
			m.expect(f.read(trace.Entry{}), &rollout{id: "edge@a1"}, refusal)
			if m.pending() != 1 {
				t.Error("nothing is pending")
			}
			c.log(f, m)
			m.missing()
			f.want(c.want...)
			if m.pending() != 0 || len(m.early) > 0 {
				t.Errorf("pending %d, early %d", m.pending(), len(m.early))
			}
		})
	}
}

// text describes a rejection as findings do.
func text(err error) string {
	rejection := trace.NewRejection(err)
	return describeRejection(&rejection)
}
