package story

import (
	"strings"
	"testing"
	"testing/fstest"

	"rollsim/reducer"
	"rollsim/story/gherkin"
)

// TestVacuousTwins checks that each expectation has a story in which it is vacuous and fails
// because of that, or says why it never is.
func TestVacuousTwins(t *testing.T) {
	vacuous := make(map[*step]bool)
	report := run(t, Options{FS: shipped, Paths: []string{"story/testdata/vacuous"}})
	for _, s := range report.Scenarios {
		if s.Status != Failed || !strings.HasPrefix(s.Message, "vacuous") {
			t.Errorf("%s %s: %v: %s", s.Place(), s.Name, s.Status, s.Message)
		}
		for _, step := range s.Steps {
			if step.Status == Failed {
				for _, found := range steps().find(gherkin.Plain(step.Text)) {
					vacuous[found] = true
				}
			}
		}
	}
	for _, s := range steps() {
		switch expectation := s.phase == expects || s.phase == asks; {
		case !expectation:
			if s.vacuous != nil || s.solid != "" {
				t.Errorf("this is no expectation: %s", s.words)
			}
		case (s.vacuous != nil) == (s.solid != ""):
			t.Errorf("needs either the field vacuous or the field solid: %s", s.words)
		case s.vacuous != nil && !vacuous[s]:
			t.Errorf("no story in testdata/vacuous shows that this could not fail: %s", s.words)
		case s.vacuous == nil && vacuous[s]:
			t.Errorf("it is vacuous in a story, and its field solid says that it never is: %s", s.words)
		}
	}
}

// TestVacuous checks which happenings, fates, chances and expectations are vacuous.
func TestVacuous(t *testing.T) {
	const move = "When \"web\" moves to ref \"a1\"\n"
	const then = `Then "web@a1" is Terminal`
	const ended = "vacuous: everything that it concerns has ended, and the run is the same without it"
	const same = "vacuous: the run is the same without it"
	const drawn = "vacuous: nothing was drawn: the run is the same without this chance"
	checkVerdicts(t, []verdictTest{
		{"nothing happens", `Then no rollouts are opened
			And every invariant holds`, "nothing"},
		{"only time passes", "When 1 day passes\nThen every invariant holds",
			"vacuous: nothing happens in this scenario: it has no When"},
		{"the machine alone", "Then in Active the machine answers like this:\n" +
			"| event | error |\n| RetentionExpired | IllegalForState |", ""},

		{"the same ref", move + "And \"web\" moves to ref \"a1\"\n" + then, same},
		{"another ref", move + "And \"web\" moves to ref \"b2\"\nThen \"web@b2\" is Terminal", ""},

		{"a crash at the end", "Given channel \"web\" keeps rollouts for 1 day\n" + move +
			"And the control plane crashes for 5 minutes 8 days later\n" +
			"Then \"web@a1\" is Pruned in the end", ended},
		{"a crash in the retention", move + "And the control plane crashes for 5 minutes 3 days later\n" +
			"Then \"web@a1\" is Pruned in the end", ""},
		{"a crash in the retention under v0.2", "Given the machine is v0.2\n" + move +
			"And the control plane crashes for 5 minutes 3 days later\nThen \"web@a1\" is never Pruned",
			ended},
		{"a crash of a rollout under way", "Given host \"web-01\" never answers\n" + move +
			"And the control plane crashes for 5 minutes 3 days later\nThen \"web@a1\" is stuck", ""},
		{"a silence at the end", move + "And host \"web-01\" goes silent for 5 minutes\n" + then, ended},
		{"a silence in the middle", move +
			"And host \"web-01\" goes silent for 5 minutes while host \"web-02\" is soaking\n" + then, ""},
		{"a silence that the next ref meets", move + "And host \"web-01\" goes silent for 1 hour\n" +
			"And \"web\" moves to ref \"b2\" 5 minutes later\n" +
			"Then \"web@b2\" is Terminal within 2 hours", ""},
		{"the silence of another channel's host", "Given channel \"edge\" with 1 host\n" + move +
			"And host \"edge-01\" goes silent for 5 minutes while host \"web-01\" is soaking\n" + then,
			ended},
		{"a loss at the end", move + "And host \"web-01\" is lost for good\n" + then, ended},
		{"polls fail at the end", move + "And polls fail for 5 minutes 1 day later\n" + then, ended},
		{"a clock at the end", move + "And the clock of host \"web-01\" is 5 minutes ahead\n" + then,
			ended},
		{"a clock at the start", "When the clock of host \"web-01\" is 5 minutes ahead\n" +
			"And \"web\" moves to ref \"a1\" at once\n" + then, ""},

		{"a fate", "Given host \"web-01\" fails its probes\n" + move + `Then "web@a1" is Failed`, ""},
		{"a fate without effect", "Given host \"web-01\" never completes its rollback\n" + move + then,
			same},
		{"a fate of a host that waits", "Given channel \"edge\" with 1 host\n" +
			"And channel \"web\" waits for channel \"edge\"\nAnd host \"web-01\" fails its probes\n" + move +
			`Then "web@a1" is stuck`, same},
		{"a fate without a chance", "Given host \"web-01\" always converges\n" + move + then, same},
		{"a table of fates", "Given these hosts misbehave:\n| hosts | does |\n" +
			"| web-01 | fails its probes |\n| web-02 | never completes its rollback |\n" + move +
			`Then "web@a1" is Failed`, ""},
		{"a reboot", "Given host \"web-01\" defers its activation and never reboots\n" + move +
			"And host \"web-01\" reboots 1 day later\n" + then, ""},

		{"a chance", "Given 90% of probes fail\n" + move + `Then "web@a1" is Failed`, ""},
		{"a chance of nothing", "Given 0.1% of probes fail\n" + move + then, drawn},
		{"a chance on a host", "Given 0.1% of probes fail on host \"web-01\"\n" + move + then, drawn},
		{"a chance of messages", "Given 0.1% of messages are lost\n" + move + then, drawn},
		{"a chance of messages that come true", "Given 50% of messages are lost\n" + move + then, ""},
		{"one row of chances", "Given these faults come by chance:\n| fault | chance |\n" +
			"| message-dropped | 50% |\n| message-reordered | 0.1% |\n" + move + then,
			"vacuous, row 2: nothing was drawn"},
		{"a chance under some seed", "Given each of the seeds 1 to 20\nAnd 5% of messages are lost\n" +
			move + then, ""},
		{"a chance under no seed", "Given each of the seeds 1 to 5\nAnd 0.01% of messages are lost\n" +
			move + then, drawn},

		{"a gate that never blocks", "Given a budget of two for channel \"web\"\n" + move + then, ""},
		{"a gate that never blocks and is named", "Given a budget of two for channel \"web\"\n" + move +
			"Then the invariant budget-kept holds",
			"vacuous: disruption-budget holds no host back in the whole run"},
		{"a gate that blocks", "Given a budget of one for channel \"web\"\n" + move +
			"Then the invariant budget-kept holds\nAnd host \"web-01\" is never held back", ""},
		{"no gate", move + "Then host \"web-01\" is never held back",
			"vacuous: no gate can hold these hosts back"},
		{"no edge", move + "Then host \"web-01\" is never held back by the host-edge",
			"vacuous: nothing is configured for which host-edge could hold these hosts back"},
		{"no quarantine", move + "Then the invariant quarantine-kept holds", "vacuous: nothing is"},
		{"no reverted rollout", move + "Then the invariant reverted-host holds",
			"vacuous: the run has no rollout that is Reverted"},
		{"one rollout", move + "Then the invariant one-standing holds",
			"vacuous: the run has no channel with two rollouts"},
		{"evidence", move + "Then the invariant evidence-kept holds", ""},
		{"one more than the limit", move + "Then at most 2 hosts of \"web@a1\" are ever in flight",
			"vacuous: there are 2 of these hosts"},
		{"the limit of a budget", "Given a budget of one for channel \"web\"\n" + move +
			"Then at most 1 host of \"web@a1\" is ever in flight", ""},
		{"none in flight", "Given channel \"edge\" with 3 hosts\nAnd channel \"web\" waits for channel " +
			"\"edge\"\n" + move + "Then at most 1 host of \"web@a1\" is ever in flight\n" +
			"And \"web@a1\" is stuck", "vacuous: none of these hosts is ever in flight"},
		{"a later part has a population", "Given a budget of one for channel \"web\"\n" +
			"When 1 day passes\nThen at most one of hosts \"web-*\" is ever in flight\n" + move + then,
			""},
		{"no part has a population", "Given a budget of one for channel \"web\"\n" +
			"When 1 day passes\nThen at most one of hosts \"web-*\" is ever in flight\n" +
			"And every invariant holds\nWhen polls fail for 1 minute", "none of these hosts is ever"},
		{"what its machine cannot do", "Given the machine is v0.2\n" + move +
			"Then SchedulePruning is never emitted for \"web@a1\"\nAnd nothing is ever pruned", ""},
	})
}

// TestBackgroundIsNotVacuous checks that what a Background adds may have no effect in one of its
// scenarios.
func TestBackgroundIsNotVacuous(t *testing.T) {
	const text = `Feature: x
  Background:
    Given channel "web" with 1 host
    And host "web-01" never completes its rollback
    And 0.1% of messages are lost
    When "web" moves to ref "a1"
    And host "web-01" goes silent for 1 minute

  Scenario: y
    Then "web@a1" is Terminal
`
	s := run(t, Options{FS: fstest.MapFS{"x.feature": {Data: []byte(text)}}}).Scenarios[0]
	if s.Status != Passed {
		t.Errorf("%v: %s", s.Status, s.Message)
	}
}

// TestVacuousOutline checks that an outline is vacuous only if every row is, whichever rows run.
func TestVacuousOutline(t *testing.T) {
	const text = `Feature: x
  Background:
    Given channel "web" with 1 host

  Scenario Outline: <host>
    Given host "web-01" <does>
    When "web" moves to ref "a1"
    Then "web@a1" has been Active

    Examples:
      | host | does                         |
      | one  | never completes its rollback |
      | two  | <two>                        |
`
	for two, want := range map[string]Status{
		"fails its probes": Passed, "always converges": Failed,
	} {
		files := fstest.MapFS{"x.feature": {Data: []byte(strings.Replace(text, "<two>", two, 1))}}
		for _, path := range []string{"x.feature", "x.feature:12"} {
			s := run(t, Options{FS: files, Paths: []string{path}}).Scenarios[0]
			if s.Status != want {
				t.Errorf("%s, %s: %v: %s", two, path, s.Status, s.Message)
			}
		}
	}
}

// TestVacuousTag checks that a tag allows a scenario to be vacuous, and only such a one.
func TestVacuousTag(t *testing.T) {
	const vacuous = "When \"web\" moves to ref \"a1\"\nAnd \"web\" moves to ref \"a1\"\n" +
		`Then "web@a1" is Terminal`
	const not = "When \"web\" moves to ref \"a1\"\n" + `Then "web@a1" is Terminal`
	for _, test := range []struct{ tag, body, want string }{
		{"@vacuous:the-same-ref", vacuous, ""},
		{"@vacuous:the-same-ref", not, "nothing is vacuous here, and the scenario is tagged " +
			"@vacuous:the-same-ref: delete the tag"},
		{"@vacuous", vacuous, "tag @vacuous: say why the scenario may be vacuous, as in @vacuous:"},
		{"@vacous:the-same-ref", vacuous, "did you mean @vacuous:shows-the-default?"},
	} {
		s := verdict(t, test.tag, test.body)
		if (s.Status == Passed) != (test.want == "") || !strings.Contains(s.Message, test.want) {
			t.Errorf("%s: %v: %s", test.tag, s.Status, s.Message)
		}
	}
}

// TestVacuousWarns checks that a vacuous scenario passes with a warning if that is wanted.
func TestVacuousWarns(t *testing.T) {
	const text = `Feature: x

  Scenario: y
    Given channel "web" with 1 host
    When "web" moves to ref "a1"
    And "web" moves to ref "a1"
    Then "web@a1" is Terminal

  @vacuous:no
  Scenario: z
    Given channel "web" with 1 host
    When "web" moves to ref "a1"
    Then "web@a1" is Terminal
`
	report := run(t, Options{
		FS: fstest.MapFS{"x.feature": {Data: []byte(text)}}, Vacuous: VacuousWarns,
	})
	want := `x.feature:6: And "web" moves to ref "a1": vacuous: the run is the same without it: ` +
		"change the scenario so that this matters, delete the sentence, or tag the scenario " +
		"@vacuous:REASON\nx.feature:10: nothing is vacuous here, and the scenario is tagged " +
		"@vacuous:no: delete the tag"
	if got := strings.Join(report.Warnings, "\n"); !report.Passed() || got != want {
		t.Errorf("passed %v\ngot  %s\nwant %s", report.Passed(), got, want)
	}
}

// TestVacuousElsewhere checks that a scenario is not vacuous under another machine or seed, or
// through a wrapped machine.
func TestVacuousElsewhere(t *testing.T) {
	files := fstest.MapFS{"x.feature": {Data: []byte(`Feature: x

  Scenario: y
    Given channel "web" with 1 host
    And 0.1% of messages are lost
    When "web" moves to ref "a1"
    Then "web@a1" is Terminal
`)}}
	for _, opt := range []Options{
		{FS: files}, {FS: files, Seed: reducer.Some(uint64(2))}, {FS: files, Machine: reducer.RFC0008()},
	} {
		other := opt.Seed.Set || opt.Machine != nil
		if s := run(t, opt).Scenarios[0]; (s.Status == Passed) != other {
			t.Errorf("seed %v, machine %v: %v", opt.Seed, opt.Machine, s.Status)
		}
	}
	cases, err := Cases(Options{FS: files})
	if err != nil {
		t.Fatal(err)
	}
	same := func(m reducer.Machine) reducer.Machine { return m }
	if s := cases[0].Run(same); s.Status != Passed {
		t.Errorf("through a machine: %v: %s", s.Status, s.Message)
	}
	if s := cases[0].Run(nil); s.Status != Failed {
		t.Errorf("alone: %v", s.Status)
	}
}
