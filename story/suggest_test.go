package story

import (
	"slices"
	"strings"
	"testing"

	"rollsim/story/gherkin"
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
		`channel "x" with waves of many hosts`: `Given channel "x" with waves of 1, 5 and 20 hosts: ` +
			`numbers instead of "many"`,
		`host "web-01" goes offline`: `When host "web-01" goes silent: "silent" instead of "offline"`,
		`OperatorClearance of "stable@a1" is denied`: `Then OperatorClearance of "stable@a1" is ` +
			`refused: "refused" instead of "denied"`,
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

// TestSuggestionsParse mutilates every example in many ways. Whatever is suggested can be copied:
// it fits one step, and its values exist. The example's own step is suggested, among others.
func TestSuggestionsParse(t *testing.T) {
	v := steps()
	tried, found := 0, 0
	for n, s := range v {
		if s.wraps {
			continue
		}
		words := strings.Fields(s.example)
		for i := range words {
			mutilated := strings.Join([][]string{
				slices.Delete(slices.Clone(words), i, i+1),
				slices.Insert(slices.Clone(words), i, "really"),
				slices.Replace(slices.Clone(words), i, i+1, "20%"),
			}[(i+n)%3], " ")
			if len(v.find(mutilated)) > 0 {
				continue
			}
			own := false
			for _, n := range v.nearest(mutilated, 3) {
				_, sentence, _ := strings.Cut(n.sentence, " ")
				plain := gherkin.Plain(sentence)
				fits := v.find(plain)
				if len(fits) != 1 {
					t.Errorf("%q: %d steps fit the suggestion %q", mutilated, len(fits), n.sentence)
					continue
				}
				if _, _, err := fits[0].read(plain); err != nil {
					t.Errorf("%q: the suggestion %q: %v", mutilated, n.sentence, err)
				}
				own = own || fits[0] == s
			}
			if tried++; own {
				found++
			}
		}
	}
	if tried < 500 || found*100 < tried*95 {
		t.Errorf("of %d sentences, %d have their own step among the suggestions", tried, found)
	}
}

// TestKinds checks that each kind of value can be named with "a", or has a description.
func TestKinds(t *testing.T) {
	for name := range parameters {
		if kinds[name] == "" && (strings.HasSuffix(name, "s") || strings.Contains(name, "_")) {
			t.Errorf("a suggestion would say %q", kindOf(name))
		}
	}
}
