package story

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// numberForms are the forms of a number, and whether n of all things are so many.
var numberForms = []struct {
	form  string
	holds func(n, all int) bool
}{
	{"2", func(n, _ int) bool { return n == 2 }},
	{"exactly 3", func(n, _ int) bool { return n == 3 }},
	{"no", func(n, _ int) bool { return n == 0 }},
	{"at least 3", func(n, _ int) bool { return n >= 3 }},
	{"at most 2", func(n, _ int) bool { return n <= 2 }},
	{"more than 1", func(n, _ int) bool { return n > 1 }},
	{"fewer than 3", func(n, _ int) bool { return n < 3 }},
	{"between 1 and 2", func(n, _ int) bool { return n == 1 || n == 2 }},
	{"about 3", func(n, _ int) bool { return n >= 2 && n <= 4 }},
	{"all but one", func(n, all int) bool { return n == all-1 }},
	{"half", func(n, all int) bool { return 2*n == all }},
	{"at least 75%", func(n, all int) bool { return 4*n >= 3*all }},
	{"between 20 and 30%", func(n, all int) bool { return 10*n >= 2*all && 10*n <= 3*all }},
}

// countedThings are the sentences that count something, and how many there are in a story with
// waves of 1 and 3 hosts.
var countedThings = []struct {
	sentence string
	n, all   int
	whole    bool // a part of all of them has no meaning
}{
	{`%s hosts of "web@a1" are Pending while wave 0 is soaking`, 3, 4, false},
	{`%s of the hosts of "web@a1" are in flight while wave 0 is soaking`, 1, 4, false},
	{`%s hosts of "web@a1" are Soaking or Converged`, 4, 4, false},
	{`%s hosts of wave 1 of "web@a1" are Pending while wave 0 is soaking`, 3, 3, false},
	{`%s hosts of wave 1 of "web@a1" are dispatched`, 3, 3, false},
	{`%s hosts of "web@a1" are dispatched`, 4, 4, false},
	{`%s hosts of "web@a1" are dispatched after wave 0 is converged`, 3, 4, false},
	{`%s hosts of "web@a1" are dispatched before wave 0 is converged`, 1, 4, false},
	{`%s hosts of "web@a1" are ever in flight`, 3, 4, false},
	{`%s of hosts "web-01" to "web-02" are ever in flight`, 1, 2, false},
	{`%s hosts of "web@a1" are dispatched while dispatching is paused`, 0, 4, false},
	{`%s hosts are dispatched while the control plane is down`, 0, 5, false},
	{`%s hosts are dispatched outside the maintenance windows`, 0, 5, false},
	{`%s rollouts are opened`, 2, 2, true},
}

// TestNumbers says each number form of each thing that is counted, and checks whether it holds. A
// form that any number fits is vacuous.
func TestNumbers(t *testing.T) {
	var text strings.Builder
	text.WriteString(`Feature: Numbers
  Background:
    Given channel "web" with waves of 1 and 3 hosts soaking 10 minutes
    And channel "edge" with 1 host
    And channel "edge" has a maintenance window from 00:05 to 23:00
    And activation takes 1 minute
    When all channels move to ref "a1"
    And the operator pauses dispatching on channel "web" 2 minutes later
    And the control plane crashes for 1 minute 1 minute later
    And the operator resumes dispatching on channel "web" 10 minutes later
`)
	var want []Status
	for _, thing := range countedThings {
		for _, f := range numberForms {
			sentence := fmt.Sprintf(thing.sentence, f.form)
			fmt.Fprintf(&text, "  Scenario: %s\n    Then %s\n", sentence, sentence)
			certain := true
			for n := range thing.all + 1 {
				certain = certain && f.holds(n, thing.all)
			}
			relative := strings.Contains(f.form, "%") || f.form == "half" || f.form == "all but one"
			if f.holds(thing.n, thing.all) && (!certain || thing.whole) && !(relative && thing.whole) {
				want = append(want, Passed)
			} else {
				want = append(want, Failed)
			}
		}
	}
	files := fstest.MapFS{"x.feature": {Data: []byte(text.String())}}
	for i, s := range run(t, Options{FS: files}).Scenarios {
		if s.Status != want[i] && (s.Status == Passed || want[i] == Passed) {
			t.Errorf("%s: %v, want %v\n%s", s.Name, s.Status, want[i], s.Message)
		}
	}
}
