package coverage

import (
	"errors"
	"testing"

	"rollsim/reducer"
)

// TestSummarise counts cells that no source exercised, one, some of one kind, and all.
func TestSummarise(t *testing.T) {
	m := reducer.V02()
	cells := Cells(m)
	source := func(kind Kind, name string, of ...Cell) Source {
		set := make(Set)
		for _, c := range of {
			set[c] = Seen{Rollout: reducer.RolloutID(name), At: 7}
		}
		reached := Recording{m.Name(): set, "another": {cells[5]: {}}}
		return Source{Kind: kind, Name: name, Reached: reached}
	}
	s := Summarise(m, []Source{
		source(Scenario, "s1", cells[0], cells[1]),
		source(Feature, "f1", cells[0]),
		source(Trace, "t1", cells[2]),
		source(Feature, "f2", cells[0], cells[3]),
	})
	all := len(cells)
	if s.Machine != m.Name() || len(s.Rows) != all {
		t.Fatalf("%s with %d rows, want %d", s.Machine, len(s.Rows), all)
	}
	for _, test := range []struct {
		kinds []Kind
		want  int
	}{
		{nil, 4}, {[]Kind{Feature}, 2}, {[]Kind{Scenario}, 2}, {[]Kind{Trace}, 1},
		{[]Kind{Feature, Scenario}, 3}, {[]Kind{Feature, Trace}, 3}, {Kinds(), 4},
	} {
		got, without := s.Exercised(test.kinds...), s.Without(test.kinds...)
		if got != test.want || len(without) != all-test.want {
			t.Errorf("%v: %d exercised, %d not, want %d of %d", test.kinds, got, len(without),
				test.want, all)
		}
	}
	for i, want := range []int{3, 1, 1, 1, 0, 0} {
		if got := s.Rows[i].Count(); got != want {
			t.Errorf("row %d counts %d sources, want %d", i, got, want)
		}
	}
	by := s.Rows[0].By[Feature]
	if len(by) != 2 || by[0].Name != "f1" || by[1].Name != "f2" || by[0].Rollout != "f1" ||
		by[0].At != 7 {
		t.Errorf("the features of the first row are %v", by)
	}
	if got := Summarise(m, nil).Exercised(); got != 0 {
		t.Errorf("nothing exercises %d cells", got)
	}
	everything := Summarise(m, []Source{source(Trace, "all", cells...)})
	if n := everything.Exercised(); n != all || len(everything.Without()) != 0 {
		t.Errorf("everything exercises %d of %d cells", n, all)
	}
}

func TestKinds(t *testing.T) {
	for i, k := range Kinds() {
		if want := []string{"feature", "scenario", "trace"}[i]; k.String() != want {
			t.Errorf("kind %d is %v, want %s", i, k, want)
		}
	}
	if got := kindEnd.String(); got != "?" {
		t.Errorf("an invalid kind is %q", got)
	}
}

// TestOutcome checks what each error of a machine counts as. A failure of the machine is no
// outcome.
func TestOutcome(t *testing.T) {
	for _, test := range []struct {
		err  error
		want Answer
	}{
		{nil, Ignored},
		{&reducer.IllegalForState{}, RefusedIllegal},
		{&reducer.Unimplemented{}, RefusedUnimplemented},
		{&reducer.Invariant{}, RefusedInvariant},
		{errors.New("another"), 0},
		{&reducer.MachineFailure{}, 0},
	} {
		if got := outcome(test.err, new(reducer.Effects)); got != (Outcome{Answer: test.want}) {
			t.Errorf("%v: %v, want %v", test.err, got, test.want)
		}
	}
	var effects reducer.Effects
	effects.Add(reducer.Effect{Kind: reducer.RecordRolloutTransition, To: reducer.Terminal})
	effects.Add(reducer.Effect{Kind: reducer.SchedulePruning})
	want := Outcome{Answer: Answer(reducer.Terminal),
		Effects: EffectsOf(reducer.RecordRolloutTransition) | EffectsOf(reducer.SchedulePruning)}
	if got := outcome(nil, &effects); got != want {
		t.Errorf("a transition is %v, want %v", got, want)
	}
}

// TestFirstSeen checks that a cell keeps the first event that exercised it, by machine.
func TestFirstSeen(t *testing.T) {
	recording := make(Recording)
	for i, m := range []reducer.Machine{reducer.V02(), reducer.V02(), reducer.RFC0008()} {
		rec := reducer.Record{RolloutID: "r1", State: reducer.Pruned}
		ev := reducer.Event{Kind: reducer.RolloutOpened, Rollout: "r1", At: reducer.Time(i)}
		if recording.Through(m).Step(&rec, &ev, 0, reducer.Policy{}, new(reducer.Effects)) == nil {
			t.Fatal("a Pruned rollout is opened again")
		}
	}
	for name, want := range map[string]reducer.Time{"v0.2": 0, "rfc0008": 2} {
		if len(recording[name]) != 1 {
			t.Errorf("%s has %d cells", name, len(recording[name]))
		}
		for c, seen := range recording[name] {
			if seen.At != want || seen.Rollout != "r1" {
				t.Errorf("%s: %v is first seen at %v", name, c, seen)
			}
		}
	}
}
