package coverage

import (
	"fmt"
	"slices"
	"testing"

	"rollsim/reducer"
)

// stepEverything steps a machine through every state, event, policy and position of the wave
// cursor, and returns the recorded cells.
func stepEverything(m reducer.Machine) Set {
	recording := make(Recording)
	through := recording.Through(m)
	var effects reducer.Effects
	for _, s := range reducer.States() {
		for _, k := range reducer.EventKinds() {
			for _, to := range reducer.HostStates() {
				for wave := range uint32(4) {
					for _, policy := range reducer.HealthPolicies() {
						for _, id := range []reducer.RolloutID{"r1", "r2"} {
							rec := reducer.Record{RolloutID: "r1", State: s, CurrentWave: wave}
							ev := reducer.Event{
								Kind:     k,
								Rollout:  id,
								From:     reducer.HostActivating,
								To:       to,
								FromWave: 1,
								ToWave:   uint32(to) % 4,
							}
							_ = through.Step(&rec, &ev, 0, reducer.Policy{OnHealthFailure: policy}, &effects)
						}
					}
				}
			}
		}
	}
	return recording[m.Name()]
}

// TestCellsAreWhatTheMachineDoes checks that Cells returns exactly the cells that a machine
// exercises when every step is tried.
func TestCellsAreWhatTheMachineDoes(t *testing.T) {
	machines := []*reducer.Table{reducer.V02(), reducer.RFC0008()}
	for i, d := range reducer.Differences() {
		name := fmt.Sprintf("v0.2 with %d", i+1)
		machines = append(machines, reducer.V02With(name, []reducer.Difference{d}))
	}
	for _, m := range machines {
		got, want := stepEverything(m), Cells(m)
		for _, c := range want {
			if !got.Has(c) {
				t.Errorf("%s never does %v", m.Name(), c)
			}
		}
		for c := range got {
			if !slices.Contains(want, c) {
				t.Errorf("%s does %v, which Cells does not return", m.Name(), c)
			}
		}
	}
}

// TestCellsAreCounted checks the number of cells. A state has twelve classes of events, and one of
// events of other rollouts. In Active and Converging the policy adds an outcome when a host fails,
// and the cursor adds one when a wave advances.
func TestCellsAreCounted(t *testing.T) {
	for _, test := range []struct {
		machine *reducer.Table
		want    int
	}{{reducer.RFC0008(), 8*13 + 2 + 2}, {reducer.V02(), 8*13 + 2}} {
		if got := len(Cells(test.machine)); got != test.want {
			t.Errorf("%s has %d cells, want %d", test.machine.Name(), got, test.want)
		}
	}
}

func TestNames(t *testing.T) {
	cells := Cells(reducer.RFC0008())
	for _, want := range []string{
		"Opening + HostJoined: →Active",
		"Active + HostStateChanged to=Failed: →Failed P",
		"Active + HostStateChanged to=Failed: ·",
		"Active + WaveAdvanced to>from: W",
		"Active + WaveAdvanced to>from: ·",
		"Converging + WaveAdvanced to>from: →Active W",
		"Converging + WaveAdvanced to<from: !",
		"Failed + HostStateChanged to=Reverted: →Reverted Q P",
		"Pruned + any event of another rollout: !",
	} {
		if !slices.ContainsFunc(cells, func(c Cell) bool { return c.String() == want }) {
			t.Errorf("no cell is written %q", want)
		}
	}
	for _, c := range append(Classes(), Misrouted) {
		if got, ok := ParseClass(c.String()); !ok || got != c {
			t.Errorf("%v is read as %v, %v", c, got, ok)
		}
	}
	for _, a := range append(AllAnswers(), AsOwn) {
		if got, ok := ParseAnswer(a.String()); !ok || got != a {
			t.Errorf("%v is read as %v, %v", a, got, ok)
		}
	}
}

// TestEnumerations checks that every event kind has classes, that every effect has a letter, and
// that states and the answers that are no transition have different numbers.
func TestEnumerations(t *testing.T) {
	for _, k := range reducer.EventKinds() {
		if !slices.ContainsFunc(Classes(), func(c Class) bool { return c.Kind() == k }) {
			t.Errorf("%v has no class: Class and classes in class.go", k)
		}
		if c := ClassOf(&reducer.Event{Kind: k}); c == 0 || c.Kind() != k {
			t.Errorf("%v is classed as %v: ClassOf in class.go", k, c)
		}
	}
	for _, k := range reducer.EffectKinds() {
		implied := EffectsOf(k) == 0 // by the answer
		if implied != (k == reducer.RecordRolloutTransition) || implied != (letters[k] == "") {
			t.Errorf("%v has the letter %q: letters in cell.go", k, letters[k])
		}
	}
	seen := make(map[Answer]bool)
	for _, s := range reducer.States() {
		a := Answer(s)
		if to, moves := a.To(); !moves || to != s || seen[a] || int(a) >= AnswerCount {
			t.Errorf("%v has the number of %v", s, a)
		}
		seen[a] = true
	}
	for a := Ignored; int(a) < AnswerCount; a++ {
		if to, moves := a.To(); moves || seen[a] {
			t.Errorf("answer %v has the number of a move to %v", a, to)
		}
	}
}
