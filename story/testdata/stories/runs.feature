Feature: Two runs of one story

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 30 minutes

  Scenario: Another machine
    Given channel "stable" has policy rollback-and-halt
    And host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    And the same story runs under machine v0.2 as "shipped"
    Then "stable@a1" is Reverted
    And "shipped": "stable@a1" is Failed
    And "shipped": "stable@a1" is never pruned

  Scenario: Another control plane
    Given the machine is v0.2
    When "stable" moves to ref "a1"
    And the same story runs under the shipped control plane as "production"
    Then "production": "stable@a1" has been Active
    And "stable@a1" is never pruned
    And "production": the invariant evidence-kept does not hold of "stable@a1"
    And "production": the invariant fold-is-live does not hold of "stable@a1"

  Scenario: Another policy
    Given host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    And the same story runs with policy rollback-and-halt for channel "stable" as "careful"
    Then "careful": "stable@a1" is Reverted
    And "stable@a1" is Failed

  Scenario: Another wave plan
    Given hosts "stable-*" fail their probes
    When "stable" moves to ref "a1"
    And the same story runs with waves of 3 hosts for channel "stable" as "all at once"
    Then fewer hosts of "stable@a1" have been Failed than in "all at once"
    And "stable@a1" is Failed

  Scenario: A wave plan that protects fewer hosts
    Given channel "edge" with 3 hosts
    And host "edge-01" fails its probes
    When "edge" moves to ref "a1"
    And the same story runs with waves of 1 and 2 hosts for channel "edge" as "careful"
    Then more hosts of "edge@a1" have been Converged than in "careful"

  Scenario: More converged hosts, by the words of the example
    Given host "stable-02" fails its probes
    When "stable" moves to ref "a1"
    And the same story runs with waves of 2 and 1 hosts for channel "stable" as "careful"
    Then more hosts of "stable@a1" have been Converged than in "careful"

  Scenario: Another soak
    When "stable" moves to ref "a1"
    And the same story runs with a soak of 2 hours for channel "stable" as "patient"
    And the same story runs with a soak of 1 hour for channel "stable" as "shipped"
    Then "stable@a1" converges sooner than in "shipped"
    And "stable@a1" converges at least 2 hours sooner than in the run "patient"
    And "stable@a1" goes through the same states as in "shipped"

  Scenario: A soak that is longer than the other one
    When "stable" moves to ref "a1"
    And the same story runs with a soak of 10 minutes for channel "stable" as "shipped"
    Then "stable@a1" converges at least 1 minute later than in "shipped"

  Scenario: What never converges converges later than anything
    Given host "stable-02" fails its activation
    When "stable" moves to ref "a1"
    And the same story runs with waves of 2 and 1 hosts for channel "stable" as "early"
    Then "early": "stable@a1" is Failed
    And "stable@a1" is Failed

  Scenario: Happenings are tied to the moments of each run
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" while wave 1 is soaking
    And the same story runs with a soak of 2 hours for channel "stable" as "patient"
    Then "stable@a1" is Superseded
    And "patient": "stable@a1" is Superseded
    And "patient": "stable@b2" has been Active

  Scenario: The time to converge under many seeds
    Given each of the seeds 1 to 20
    When "stable" moves to ref "a1"
    Then the time to converge is under 2 hours in 95% of the seeds
    And the time to converge of "stable@a1" is above 20 minutes in 50% of the seeds
    And the time from when wave 1 is soaking until "stable@a1" is Terminal is under 1 hour in 90% of the seeds
