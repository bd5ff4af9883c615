package external

import (
	"testing"
	"time"

	"rollsim/reducer"
)

// asked is one question to a Memory.
func asked(m *Memory, rec reducer.Record, now reducer.Time) (reducer.Record, int, error) {
	var out reducer.Effects
	out.Add(reducer.Effect{Kind: reducer.UpdateCurrentWave})
	ev := reducer.Event{Kind: reducer.HostJoined, Rollout: rec.RolloutID, Host: "web-01"}
	err := m.Step(&rec, &ev, now, reducer.DefaultPolicy(), &out)
	return rec, len(out.All()), err
}

// TestMemory checks that an answer or a refusal is asked for once, that it is the same from memory,
// and that every part of the request makes another question.
func TestMemory(t *testing.T) {
	rec := reducer.Record{
		RolloutID: "stable@a1", Channel: "stable", TargetRef: "a1", State: reducer.Opening,
	}
	for kind, effects := range map[string]int{"good": 1, "illegal": 0} {
		m := Remember(startAs(t, kind, time.Minute))
		first, n, err := asked(m, rec, 1)
		for range 3 {
			again, k, other := asked(m, rec, 1)
			if again != first || n != effects || k != n || (err == nil) != (effects == 1) || other != err {
				t.Errorf("%s: %+v with %d effects, %v; then %+v with %d, %v", kind, first, n, err, again, k,
					other)
			}
		}
		if m.Asked() != 1 {
			t.Errorf("%s: %d questions were asked, want 1", kind, m.Asked())
		}
		later := rec
		later.CurrentWave++
		for _, ask := range []func() (reducer.Record, int, error){
			func() (reducer.Record, int, error) { return asked(m, rec, 2) },
			func() (reducer.Record, int, error) { return asked(m, later, 1) },
		} {
			if _, _, other := ask(); (other == nil) != (err == nil) {
				t.Errorf("%s: %v", kind, other)
			}
		}
		if m.Asked() != 3 {
			t.Errorf("%s: %d questions were asked, want 3", kind, m.Asked())
		}
	}
}

// TestMemoryOfFailures checks that a failure to answer is not an answer.
func TestMemoryOfFailures(t *testing.T) {
	m := Remember(startAs(t, "no JSON", time.Minute))
	rec := reducer.Record{RolloutID: "stable@a1", State: reducer.Opening}
	for i := range 2 {
		if _, n, err := asked(m, rec, 1); !reducer.IsMachineFailure(err) || n != 0 {
			t.Errorf("question %d: %d effects, %v", i, n, err)
		}
	}
	if len(m.known) != 0 || m.Asked() != 2 {
		t.Errorf("%d answers of %d are remembered", len(m.known), m.Asked())
	}
}
