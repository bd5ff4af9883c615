package story

import (
	"testing"

	"rollsim/reducer"
)

// TestEffectText shows each kind of effect as messages do.
func TestEffectText(t *testing.T) {
	for _, test := range []struct {
		effect reducer.Effect
		want   string
	}{
		{reducer.Effect{
			Kind: reducer.RecordRolloutTransition, From: reducer.Opening, To: reducer.Active,
		}, "RecordRolloutTransition  web@a1  Opening → Active"},
		{reducer.Effect{Kind: reducer.UpdateCurrentWave, Wave: 2}, "UpdateCurrentWave  web@a1  wave 2"},
		{reducer.Effect{
			Kind: reducer.InsertQuarantineFromRollout, Channel: "web", Closure: "a1",
		}, "InsertQuarantineFromRollout  web@a1  ref a1 on web"},
		{
			reducer.Effect{Kind: reducer.SchedulePruning, DelaySeconds: 90},
			"SchedulePruning  web@a1  after 90 s",
		},
	} {
		if got := effectText(&test.effect, "web@a1"); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}
