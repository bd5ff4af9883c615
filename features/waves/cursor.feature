Feature: How far a rollout gets

  The cursor of a rollout that has failed stays where it is.

  Background:
    Given channel "stable" with waves of 1, 2 and 3 hosts soaking 30 minutes

  Scenario: A failure of the second wave keeps the cursor there
    Given host "stable-03" fails its probes
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed
    And "stable@a1" is at wave 0 or earlier while wave 0 is soaking
    And "stable@a1" is at wave 1 or earlier in the end
