package story

import (
	"strings"
	"testing"
	"testing/fstest"
)

// TestGivenTwice sets the same thing twice, at one place or at two, by sentences and by tags.
func TestGivenTwice(t *testing.T) {
	const begin = `Feature: x
  Background:
    Given channel "stable" with 2 hosts
    # background
  # tag
  Scenario: y
    # body
    When "stable" moves to ref "a1"
    Then "stable@a1" has been Active
`
	for _, test := range []struct {
		background, tag, body string // separated by |
		again                 string // the message about a thing that is given twice; "" if it passes
	}{
		{body: `channel "stable" has policy halt|channel "stable" has policy rollback-and-halt`,
			again: `the policy of channel "stable"`},
		{body: `channel "stable" has policy halt|channel "stable" has policy halt`,
			again: `the policy of channel "stable"`},
		{background: `channel "stable" has policy halt|channel "stable" has policy halt`,
			again: `the policy of channel "stable"`},
		{background: `channel "stable" has policy halt`, body: `channel "stable" has policy halt`},
		{body: `channel "stable" keeps rollouts for 1 day|channel "stable" keeps rollouts for 2 days`,
			again: `the retention of channel "stable"`},
		{body: `channel "stable" is polled every 1m|channel "stable" is polled every 2m`,
			again: `the poll interval of channel "stable"`},
		{body: `the run lasts 1 hour|the run lasts 2 days`, again: `the length of the run`},
		{background: `the run lasts 1 hour`, body: `the run lasts 30 days`},
		{body: `the control plane is specified|the control plane is absent`,
			again: `the control plane`},
		{body: `activation takes 1m|an activation takes 2m`, again: `the time for activation`},
		{body: `activation takes 1m|on host "stable-01" activation takes 2m`},
		{body: `on hosts "stable-*" activation takes 1m|on host "stable-01" activation takes 2m`},
		{body: `on host "stable-01" activation takes 1m|on host "stable-01" activation takes 2m`,
			again: `the time for activation on a host`},
		{body: `on host "stable-01" activation takes 1m|on hosts "stable-*" activation takes 2m`,
			again: `the time for activation on a host`},
		{body: `on host "stable-01" activation takes 1m|on host "stable-02" activation takes 2m`},
		{body: `on host "stable-01" activation takes 1m|on host "stable-01" ack takes 2m`},
		{body: `1% of probes fail|2% of probes fail`, again: `the chance that probes fail`},
		{body: `1% of polls fail|2% of polls fail`, again: `the chance of poll-failed`},
		{body: `1% of polls fail|1% of polls are stale`},
		{body: `the machine is rfc0008|the machine is rfc0008`, again: "the machine"},
		{background: `the machine is v0.2`, body: `the machine is rfc0008`},
		{tag: `@machine:v0.2`, body: `the machine is rfc0008`, again: "the machine"},
		{tag: `@machine:rfc0008`, body: `the machine is rfc0008`},
		{tag: `@machine:rfc0008`, background: `the machine is v0.2`},
		{body: `seed 1|seed 2`, again: "the seed"},
		{body: `seed 1|each of the seeds 1 to 2`, again: "the seed"},
		{background: `seed 1`, body: `each of the seeds 1 to 2`},
		{tag: "@seed:7", body: "seed 8", again: "the seed"},
		{tag: "@seed:7", body: "seed 7"},
		{tag: "@seed:7", background: "seed 8"},
	} {
		given := func(sentences string) string {
			if sentences == "" {
				return ""
			}
			return "    Given " + strings.Join(strings.Split(sentences, "|"), "\n    And ") + "\n"
		}
		text := strings.NewReplacer(
			"    # background\n", given(test.background), "  # tag\n", "  "+test.tag+"\n",
			"    # body\n", given(test.body),
		).Replace(begin)
		s := run(t, Options{FS: fstest.MapFS{"x.feature": {Data: []byte(text)}}}).Scenarios[0]
		passes := test.again == ""
		if (s.Status == Passed) != passes ||
			!passes && !strings.HasPrefix(s.Message, test.again+" is given twice in one place") {
			t.Errorf("%+v: %v\n%s", test, s.Status, s.Message)
		}
	}
}

// TestNearest checks which of several tags and sentences chooses the seeds and the machine.
func TestNearest(t *testing.T) {
	const text = `@seed:1
Feature: x
  Background:
    Given channel "stable" with 2 hosts
    And each of the seeds 2 to 3

  Scenario: sentence
    Given seed 4
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed

  @seed:5
  Scenario: tag
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed

  Scenario: neither
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed

  Rule: z
    Background:
      Given seed 6
      And the machine is v0.2

    Scenario: rule
      When "stable" moves to ref "a1"
      Then "stable@a1" is Failed

    @machine:rfc0008
    Scenario: tag in a rule
      When "stable" moves to ref "a1"
      Then "stable@a1" is Failed
`
	files := fstest.MapFS{"x.feature": {Data: []byte(strings.Replace(text, "@seed:1\n", "", 1))}}
	for i, want := range []string{
		"machine rfc0008, seed 4", "machine rfc0008, seed 5", "machine rfc0008, seed 2",
		"machine v0.2, seed 6", "machine rfc0008, seed 6",
	} {
		if s := run(t, Options{FS: files}).Scenarios[i]; s.Run != want {
			t.Errorf("%s: %s, want %s\n%s", s.Name, s.Run, want, s.Message)
		}
	}
	files = fstest.MapFS{"x.feature": {Data: []byte(text)}}
	if s := run(t, Options{FS: files}).Scenarios[2]; !strings.Contains(s.Message, "given twice") {
		t.Errorf("a tag of the feature contradicts its Background: %s", s.Message)
	}
}
