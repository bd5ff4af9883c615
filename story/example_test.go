package story_test

import (
	"context"
	"fmt"
	"testing/fstest"

	"rollsim/reducer"
	"rollsim/story"
)

const feature = `Feature: A failing host

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And host "stable-02" fails its probes
    When "stable" moves to ref "a1"

  Scenario: It fails the rollout
    Then "stable@a1" is Failed
    And host "stable-03" is Soaking under "stable@a1" while wave 1 is soaking

  Scenario: It does not stop the rollout
    Then "stable@a1" is Terminal
`

// Run runs feature files and reports what each scenario shows.
func ExampleRun() {
	files := fstest.MapFS{"failing.feature": {Data: []byte(feature)}}
	report, err := story.Run(context.Background(), story.Options{FS: files})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range report.Scenarios {
		fmt.Printf("%s %s: %v\n", s.Place(), s.Name, s.Status)
	}
	fmt.Println(report.Count(story.Failed), "failed at:", report.Scenarios[1].Step)
	// Output:
	// failing.feature:8 It fails the rollout: passed
	// failing.feature:12 It does not stop the rollout: failed
	// 1 failed at: Then "stable@a1" is Terminal
}

// A Case runs any number of times, here through another machine: under v0.2 nothing is pruned.
func ExampleCase_Run() {
	files := fstest.MapFS{"x.feature": {Data: []byte(`Feature: Retention

  Scenario: A rollout is pruned
    Given channel "stable" with 1 host
    When "stable" moves to ref "a1"
    Then "stable@a1" is Pruned in the end
`)}}
	cases, err := story.Cases(story.Options{FS: files})
	if err != nil {
		fmt.Println(err)
		return
	}
	shipped := func(reducer.Machine) reducer.Machine { return reducer.V02() }
	fmt.Println(cases[0].Run(nil).Status)
	fmt.Println(cases[0].Run(shipped).Status)
	// Output:
	// passed
	// failed
}

// Vocabulary lists the sentences in which every word of a search occurs.
func ExampleVocabulary() {
	for _, s := range story.Vocabulary("operator quarantine lifts") {
		fmt.Println(s.Keyword, s.Words)
		fmt.Println("  ", s.Example)
	}
	// Output:
	// When (the/an )operator lifts (the )quarantine of (ref ){ref} on (channel ){channel}{when}
	//    the operator lifts the quarantine of ref "a1" on channel "stable" 1 hour later
	// When (the/an )operator quarantines (ref ){ref} on (channel ){channel}{when}
	//    the operator quarantines ref "a1" on channel "stable" while wave 0 is soaking
}
