package story

import (
	"slices"
	"strings"
	"testing"
)

func TestNearestSentences(t *testing.T) {
	for typed, want := range map[string]string{
		`channel "x with 2 hosts soaking 10 minuets`: `Given channel "x" with 2 hosts soaking ` +
			`10 minutes: "x" instead of "x, "minutes" instead of "minuets"`,
		`CHANNEL "x" with 2 hosts`: `Given channel "x" with 2 hosts: ` +
			`"channel" instead of "CHANNEL"`,
		`rollout "a@b is in "Failed"`: `Then rollout "a@b" is "Failed": ` +
			`"in" is too much, "a@b" instead of "a@b`,
		`"stable" moved to ref "b2"`: `When "stable" moves to ref "b2": ` +
			`"moves" instead of "moved"`,
		`rollout "stable@a1" should be Superseded`: `Then rollout "stable@a1" has been Superseded: ` +
			`"has" instead of "should", "been" instead of "be"`,
		`the operator cleared "stable@a1"`: `When the operator clears "stable@a1": ` +
			`"clears" instead of "cleared"`,
		`host "web-01" fails probes`: `Given host "web-01" fails its probes: "its" is missing`,
		`channel "x" with waves of 1 and 2 machines`: `Given channel "x" with waves of 1 and 2 hosts: ` +
			`"hosts" instead of "machines"`,
		`wait 8 days`: `When 8 days pass: "wait" is too much, "pass" is missing`,
		`no hosts of "stable@a1" were dispatched after that`: `Then no hosts of "stable@a1" are ` +
			`dispatched after that: "are" instead of "were"`,
		`OperatorClearance of "stable@a1" is rejected`: `Then OperatorClearance of "stable@a1" is ` +
			`refused: "refused" instead of "rejected"`,
		`channel "x" with waves of many hosts`: `Given channel "x" with waves of {numbers} hosts: ` +
			`numbers instead of "many"`,
		strings.Repeat("long ", 10_000): "",
	} {
		got := steps().nearest(typed, 3)
		var lines []string
		for _, n := range got {
			lines = append(lines, n.sentence+": "+n.differs)
		}
		if len(got) != 3 || want != "" && !slices.Contains(lines, want) {
			t.Errorf("%s\ngot  %s\nwant %s among them", typed, strings.Join(lines, "\n     "), want)
		}
	}
}
