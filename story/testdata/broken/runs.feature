Feature: Two runs, and what does not hold of them

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 30 minutes

  Scenario: A sentence that does not hold of the other run
    Given channel "stable" has policy rollback-and-halt
    And host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    And the same story runs under machine v0.2 as "shipped"
    Then "shipped": "stable@a1" is Reverted

  Scenario: Not sooner
    When "stable" moves to ref "a1"
    And the same story runs with a soak of 10 minutes for channel "stable" as "hasty"
    Then "stable@a1" converges sooner than in "hasty"

  Scenario: Not so much later
    When "stable" moves to ref "a1"
    And the same story runs with a soak of 10 minutes for channel "stable" as "hasty"
    Then "stable@a1" converges at least 2 hours later than in "hasty"

  Scenario: Never is not sooner
    Given host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    And the same story runs with policy rollback-and-halt for channel "stable" as "careful"
    Then "stable@a1" converges sooner than in "careful"

  Scenario: Other states
    Given host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    And the same story runs with policy rollback-and-halt for channel "stable" as "careful"
    Then "stable@a1" goes through the same states as in "careful"

  Scenario: As few hosts
    Given host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    And the same story runs with a soak of 10 minutes for channel "stable" as "hasty"
    Then fewer hosts of "stable@a1" have been Failed than in "hasty"

  Scenario: As many hosts
    When "stable" moves to ref "a1"
    And the same story runs with a soak of 10 minutes for channel "stable" as "hasty"
    Then more hosts of "stable@a1" have been Converged than in "hasty"

  Scenario: A moment that comes in one run only
    Given host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" once "stable@a1" is Failed
    And the same story runs with policy rollback-and-halt for channel "stable" as "careful"
    Then "stable@a1" has been Failed

  Scenario: Too slow under too many seeds
    Given each of the seeds 1 to 20
    When "stable" moves to ref "a1"
    Then the time to converge is under 50 minutes in 95% of the seeds

  Scenario: Too fast under too many seeds
    Given each of the seeds 1 to 20
    When "stable" moves to ref "a1"
    Then the time to converge of "stable@a1" is above 3 hours in 50% of the seeds

  Scenario: Too long between two moments
    Given each of the seeds 1 to 20
    When "stable" moves to ref "a1"
    Then the time from when wave 1 is soaking until "stable@a1" is Terminal is under 1 minute in 90% of the seeds

  Scenario: One seed has no share
    When "stable" moves to ref "a1"
    Then the time to converge is under 2 hours in 95% of the seeds
