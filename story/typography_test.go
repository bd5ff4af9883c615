package story

import (
	"testing"
	"testing/fstest"
)

// TestTypography runs sentences with the quotes, spaces and full stops that editors insert.
func TestTypography(t *testing.T) {
	opt := Options{FS: fstest.MapFS{"x.feature": {Data: []byte(`Feature: x
  Scenario: y
    Given each  of the seeds 5 to 9.
    And the	channel “stable” with  2 hosts soaking 10 minutes.
    And channel „edge“ with 1 host
    And these hosts misbehave:
      | hosts       | does          | ref    |
      | “stable-02” | never answers | "a1"   |
      | 'edge-01'   | never answers | « a1 » |
    And on hosts ‚stable-01‘ and ’stable-02’ activations take 1 minute
    When « stable » moves to b2.
    Then "stable@b2" is Terminal.
    When edge moves to a1
    Then edge@a1 is stuck waiting for host «edge-01», which is never acked
    When "stable" moves to «c3»
    Then “stable@c3” is Terminal exactly 1 hour later, give or take 1 hour
`)}}}
	cases, err := Cases(opt)
	if err != nil {
		t.Fatal(err)
	}
	if first, last, many := cases[0].seeds(); !many || first != 5 || last != 9 {
		t.Errorf("it runs for the seeds %d to %d", first, last)
	}
	report := run(t, opt)
	for _, s := range report.Scenarios {
		if s.Status != Passed {
			t.Errorf("%s\n%s", s.Step, s.Message)
		}
	}
}
