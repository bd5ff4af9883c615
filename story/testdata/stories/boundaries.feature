Feature: Expectations at their boundaries

  Each has a counterpart in broken/boundaries.feature that does not hold.

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And activation takes 1 minute
    And the ack takes 2 seconds

  Scenario: So often
    When "stable" moves to ref "a1"
    Then "stable@a1" becomes Converging twice
    And wave 0 of "stable@a1" is converged after wave 0 of "stable@a1" is soaking

  Scenario: So many rollouts
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    Then 2 rollouts are opened for channel "stable"
    And channel "stable" points at ref "b2"
    And SuccessorOpened happens once to "stable@a1"
    And SuccessorOpened never happens to "stable@b2"
    And only "stable@b2" stands for channel "stable"
    And SchedulePruning is emitted twice for "stable@a1"

  Scenario: So many in flight
    When "stable" moves to ref "a1"
    Then at most 2 hosts of "stable@a1" are ever in flight

  Scenario: So many in flight after one has landed
    Given channel "edge" with 4 hosts soaking 1 minute
    And on host "edge-02" the activation takes 1 hour
    And hosts "edge-03" and "edge-04" wait for host "edge-01"
    When "edge" moves to ref "a1"
    Then at most 3 hosts of "edge@a1" are ever in flight
    And at most 3 of hosts "edge-*" are ever in flight

  Scenario: So many dispatches
    When "stable" moves to ref "a1"
    Then 3 hosts of "stable@a1" are dispatched
    And no host of "stable@a1" is dispatched after host "stable-03" is dispatched
    And 2 hosts of "stable@a1" are dispatched after host "stable-01" is dispatched
    And no host of "stable@a1" is dispatched before host "stable-01" is dispatched
    And 2 hosts of "stable@a1" are dispatched before host "stable-03" is dispatched
    And host "stable-01" is dispatched once under "stable@a1"

  Scenario: No dispatch after the last one
    When "stable" moves to ref "a1"
    Then host "stable-03" is dispatched under "stable@a1"
    And no host of "stable@a1" is dispatched after that

  Scenario: One repetition
    Given on host "stable-01" the ack takes 61 seconds
    When "stable" moves to ref "a1"
    Then host "stable-01" is dispatched twice under "stable@a1"
    And 3 hosts of "stable@a1" are dispatched

  Scenario: Every rollout is pruned
    When "stable" moves to ref "a1"
    And 8 days pass
    Then every rollout is pruned in the end

  Scenario: No rollout is pruned
    Given the machine is v0.2
    When "stable" moves to ref "a1"
    And 8 days pass
    Then nothing is ever pruned
