Feature: Two runs of one story

  What would another machine, policy, wave plan or soak have done? The story runs once more with one
  variation and the same seed, and a sentence compares the two.

  Background:
    Given channel "stable" with waves of 1 and 5 hosts soaking 30 minutes

  Scenario: The shipped machine leaves a rollback unnoticed
    Given channel "stable" has policy rollback-and-halt
    And host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    And the same story runs under machine v0.2 as "shipped"
    Then "stable@a1" is Reverted
    And "shipped": "stable@a1" is Failed
    And "shipped": "stable@a1" is never pruned

  Scenario: A canary protects five hosts
    Given hosts "stable-*" fail their probes
    When "stable" moves to ref "a1"
    And the same story runs with waves of 6 hosts for channel "stable" as "all at once"
    Then "stable@a1" is Failed
    And fewer hosts of "stable@a1" have been Failed than in "all at once"
    And "all at once": 6 hosts of "stable@a1" are Failed

  Scenario: A canary costs one soak
    When "stable" moves to ref "a1"
    And the same story runs with waves of 6 hosts for channel "stable" as "all at once"
    Then "stable@a1" converges at least 25 minutes later than in "all at once"

  Scenario: A longer soak delays a release
    When "stable" moves to ref "a1"
    And the same story runs with a soak of 2 hours for channel "stable" as "patient"
    Then "stable@a1" converges at least 2 hours sooner than in "patient"
    And "stable@a1" goes through the same states as in "patient"

  Scenario: Only the careful policy repairs the fleet
    Given host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    And the same story runs with policy rollback-and-halt for channel "stable" as "careful"
    Then "stable@a1" is Failed
    And "careful": "stable@a1" is Reverted
    And "careful": ref "a1" is quarantined on channel "stable"

  Scenario: A successor is opened in the same moment of both runs
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" while wave 1 is soaking
    And the same story runs with a soak of 2 hours for channel "stable" as "patient"
    Then "stable@a1" is Superseded
    And "patient": "stable@a1" is Superseded
    And "stable@b2" converges at least 2 hours sooner than in "patient"

  Scenario: Larger waves let more hosts break
    Given hosts "stable-02" to "stable-06" fail their probes
    When "stable" moves to ref "a1"
    And the same story runs with waves of 1, 1 and 4 hosts for channel "stable" as "careful"
    Then "stable@a1" is Failed
    And more hosts of "stable@a1" have been Failed than in "careful"
    And "careful": 4 hosts of "stable@a1" are Pending

  Scenario: Production counts the soak of each wave from the opening, and is done half an hour sooner
    When "stable" moves to ref "a1"
    And the same story runs under the shipped control plane as "production"
    Then "stable@a1" converges at least 25 minutes later than in "production"
    And "production": the invariant evidence-kept does not hold of "stable@a1"
    And "production": the invariant fold-is-live does not hold of "stable@a1"
