package coverage

import (
	"strings"
	"testing"

	"rollsim/reducer"
)

// TestAnswers compares the names of all answers, in their order.
func TestAnswers(t *testing.T) {
	var names []string
	for _, a := range AllAnswers() {
		names = append(names, a.String())
	}
	const want = "→Opening →Active →Converging →Terminal →Reverted →Failed →Superseded →Pruned " +
		"· ✗ U !"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for a, want := range map[Answer]string{0: "?", AsOwn: "as its own", answerEnd: "?", 255: "?"} {
		if got := a.String(); got != want {
			t.Errorf("answer %d is %q, want %q", uint8(a), got, want)
		}
	}
	for _, name := range []string{"", "?", "→", "Active", "as"} {
		if a, ok := ParseAnswer(name); ok || a != 0 {
			t.Errorf("%q is read as %v", name, a)
		}
	}
	for _, a := range []Answer{0, Ignored, AsOwn, answerEnd} {
		if to, ok := a.To(); ok {
			t.Errorf("%v moves to %v", a, to)
		}
	}
}

// failing is a machine that fails instead of answering.
type failing struct{ reducer.Machine }

func (failing) Step(
	*reducer.Record, *reducer.Event, reducer.Time, reducer.Policy, *reducer.Effects,
) error {
	return &reducer.MachineFailure{}
}

// TestFailureIsNoCell checks that nothing is recorded if the machine fails.
func TestFailureIsNoCell(t *testing.T) {
	recording := make(Recording)
	rec := reducer.Record{RolloutID: "r1", State: reducer.Active}
	for _, id := range []reducer.RolloutID{"r1", "r2"} {
		ev := reducer.Event{Kind: reducer.HostJoined, Rollout: id}
		m := recording.Through(failing{reducer.V02()})
		if m.Step(&rec, &ev, 0, reducer.Policy{}, new(reducer.Effects)) == nil {
			t.Error("the failure is lost")
		}
	}
	if set := recording["v0.2"]; set == nil || len(set) > 0 {
		t.Errorf("recorded are %v", set)
	}
}
