package replay

import (
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// TestPayloads: a column that differs from the payload is a finding, an empty one is not, and
// nothing is in a sealed trace.
func TestPayloads(t *testing.T) {
	move := reducer.Event{
		Kind: reducer.HostStateChanged, Rollout: "edge@a1", Host: "e1", At: start,
	}
	opened := reducer.Event{
		Kind: reducer.RolloutOpened, Rollout: "edge@a1", Channel: "edge", TargetRef: "a1", At: start,
	}
	renamed := opened
	renamed.Rollout = "r1"
	for _, c := range []struct {
		name  string
		entry trace.Entry
		want  []string
	}{
		{"the same", trace.Entry{Event: &move, Rollout: "edge@a1", Host: "e1"}, nil},
		{"empty", trace.Entry{Event: &move}, nil},
		{"rollout", trace.Entry{Event: &move, Rollout: "edge@b2"}, []string{
			"log 1 different rollout edge@a1: edge@b2 / edge@a1 (the entry is of another rollout than its " +
				"payload)"}},
		{"host", trace.Entry{Event: &move, Host: "e2"}, []string{
			"log 1 different host edge@a1 e2: e2 / e1 (the entry is of another host than its payload)"}},
		{"host without one in the payload", trace.Entry{Event: &opened, Host: "e2"}, []string{
			"log 1 different host edge@a1 e2: e2 / nothing (the entry is of another host than its " +
				"payload)"}},
		{"time", trace.Entry{Event: &move, At: start + 2*second}, []string{
			"log 1 different time edge@a1: 2026-05-16T01:00:02Z / 2026-05-16T01:00:00Z (the entry is of " +
				"another time than its payload)"}},
		{"id", trace.Entry{Event: &renamed}, []string{
			"log 1 different rollout id r1: r1 / edge@a1 (the id of a rollout is its channel and its " +
				"ref)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			check := payloadChecker{
				cursor: &f.cursor, evidence: &f.evidence, findings: &f.findings, sealed: true,
			}
			e := f.read(c.entry)
			check.event(e)
			f.want()
			check.sealed, f.evidence = false, evidence{}
			check.event(e)
			f.want(c.want...)
			if v := &f.evidence; v.times != 1 || (v.otherTimes == 1) != (c.name == "time") ||
				(v.ids == 1) != (c.entry.Event.Kind == reducer.RolloutOpened) ||
				(v.otherIDs == 1) != (c.name == "id") || (v.moves == 1) != (c.entry.Event == &move) {
				t.Errorf("evidence %+v", v)
			}
		})
	}
}
