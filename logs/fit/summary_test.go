package fit

import "testing"

// TestSummary shows what a delay and a chance look like that were learned, and that were not.
func TestSummary(t *testing.T) {
	b := Behaviour{
		Delays: []Delay{
			{Name: "ack", Shape: &Shape{Name: "exactly 2s"}, Ended: minDelays - 1},
			{Name: "rollback", Shape: &Shape{Name: "lognormal", Distance: 0.0125}, Ended: minDelays},
			{Name: "reboot", Remarks: []string{"not learned: no host was rebooted", "more"}},
		},
		Chances: []Chance{
			{Name: "fails-probes", Learned: true, Value: 0.25, Came: 2, Of: 8},
			{Name: "defers", Remarks: []string{"not learned: no host switched"}},
		},
		Arrivals: []Delay{{Name: "stable", Shape: &Shape{Name: "uniform"}, Ended: 3}},
	}
	const want = `  ack             exactly 2s  of 19
  rollback        lognormal   of 20, D 0.013
  reboot          -           no host was rebooted
  fails-probes    25%         2 of 8
  defers          -           no host switched
  refs of stable  uniform     of 3
`
	if got := b.Summary(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
