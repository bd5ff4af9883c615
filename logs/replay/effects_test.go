package replay

import (
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// effectsFixture is an effectMatcher after the event that moves a rollout to Active.
func effectsFixture(t *testing.T) (*fixture, *effectMatcher, *rollout) {
	f := newFixture(t)
	m := &effectMatcher{cursor: &f.cursor, findings: &f.findings, context: &f.context}
	r := f.open("edge@a1")
	joined(f, m, r)
	return f, m, r
}

// joined reads the event that moves a rollout to Active.
func joined(f *fixture, m *effectMatcher, r *rollout) {
	ev := reducer.Event{Kind: reducer.HostJoined, Rollout: r.id, Host: "e1", At: start}
	w := m.next(f.read(trace.Entry{Event: &ev}), r)
	m.expect(r, w, f.apply(ev))
}

// recorded reads an effect that records a transition.
func recorded(f *fixture, from, to reducer.State, at reducer.Time) *trace.Entry {
	return f.read(trace.Entry{Effect: &reducer.Effect{
		Kind: reducer.RecordRolloutTransition, Rollout: "edge@a1", From: from, To: to, At: at,
	}})
}

func TestEffects(t *testing.T) {
	const opened = "RecordRolloutTransition  Opening → Active"
	for _, c := range []struct {
		name                 string
		log                  func(*fixture, *effectMatcher, *rollout)
		recorded, reproduced uint64
		want                 []string
	}{
		{"as expected", func(f *fixture, m *effectMatcher, r *rollout) {
			m.match(recorded(f, reducer.Opening, reducer.Active, start), r)
		}, 1, 1, nil},
		{"missing", func(*fixture, *effectMatcher, *rollout) {}, 0, 0, []string{
			"effect 1 missing effect edge@a1: nothing / " + opened}},
		{"another transition", func(f *fixture, m *effectMatcher, r *rollout) {
			m.match(recorded(f, reducer.Opening, reducer.Failed, start), r)
		}, 1, 0, []string{
			"effect 2 different effect edge@a1: RecordRolloutTransition  Opening → Failed / " + opened}},
		{"another time", func(f *fixture, m *effectMatcher, r *rollout) {
			m.match(recorded(f, reducer.Opening, reducer.Active, start+second), r)
		}, 1, 0, []string{
			"effect 2 different effect edge@a1: " + opened + "  at 2026-05-16T01:00:01Z / " + opened +
				"  at 2026-05-16T01:00:00Z"}},
		{"twice", func(f *fixture, m *effectMatcher, r *rollout) {
			m.match(recorded(f, reducer.Opening, reducer.Active, start), r)
			m.match(recorded(f, reducer.Opening, reducer.Active, start), r)
		}, 2, 1, []string{"effect 3 extra effect edge@a1: " + opened + " / nothing"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, m, r := effectsFixture(t)
			if m.pending != 1 || !r.awaits(1) || r.awaits(2) {
				t.Errorf("pending %d", m.pending)
			}
			c.log(f, m, r)
			m.close(r)
			f.want(c.want...)
			if m.recorded != c.recorded || m.reproduced != c.reproduced || m.pending != 0 {
				t.Errorf("%d recorded, %d reproduced, %d pending", m.recorded, m.reproduced, m.pending)
			}
		})
	}
}

// TestImpliedTerminal: the RolloutTerminal that the last host's move to Converged implies has to be
// recorded. Without it, its transition is no second finding.
func TestImpliedTerminal(t *testing.T) {
	for _, withEvent := range []bool{true, false} {
		f, m, r := effectsFixture(t)
		m.match(recorded(f, reducer.Opening, reducer.Active, start), r)
		f.move(r, "e1", reducer.HostPending, reducer.HostActivating, reducer.HostSoaking)
		ev := reducer.Event{
			Kind: reducer.HostStateChanged, Rollout: r.id, Host: "e1",
			From: reducer.HostSoaking, To: reducer.HostConverged, At: start,
		}
		w := m.next(f.read(trace.Entry{Event: &ev}), r)
		m.expect(r, w, f.apply(ev))
		if m.pending != 1 || !r.awaits(3) {
			t.Errorf("pending %d", m.pending)
		}
		if withEvent {
			ev = reducer.Event{Kind: reducer.RolloutTerminal, Rollout: r.id, At: start}
			w = m.next(f.read(trace.Entry{Event: &ev}), r)
			m.expect(r, w, f.apply(ev))
		}
		m.match(recorded(f, reducer.Active, reducer.Terminal, start), r)
		m.close(r)
		if withEvent {
			f.want()
		} else {
			f.want("effect 3 missing event edge@a1: nothing / RolloutTerminal  edge@a1")
		}
		if m.recorded != 2 || m.reproduced != 2 || m.pending != 0 {
			t.Errorf("%d recorded, %d reproduced, %d pending", m.recorded, m.reproduced, m.pending)
		}
	}
}

// TestEffectRollout: an effect that names no rollout belongs to that of its entry, or else of the
// last event.
func TestEffectRollout(t *testing.T) {
	_, m, _ := effectsFixture(t)
	for want, e := range map[reducer.RolloutID]trace.Entry{
		"edge@a1":   {Effect: &reducer.Effect{}},
		"edge@b2":   {Effect: &reducer.Effect{}, Rollout: "edge@b2"},
		"stable@c3": {Effect: &reducer.Effect{Rollout: "stable@c3"}, Rollout: "edge@b2"},
	} {
		if got := m.rollout(&e); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
