Feature: Expectations that could not fail

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And channel "edge" with 2 hosts soaking 10 minutes
    And channel "empty" with no hosts

  Scenario: A rollout is turned to a state at most so often, and never
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed at most twice

  Scenario: A ref that nothing points at
    When "stable" flaps between refs "a1" and "b2" every 30 minutes for 2 hours
    Then "stable@c3" is never opened
    And channel "stable" is stranded

  Scenario: A channel that never moves
    When "stable" moves to ref "a1"
    Then no rollout stands for channel "edge"

  Scenario: No rollouts of a channel that never moves
    When "stable" moves to ref "a1"
    Then no rollouts are opened for channel "edge"

  Scenario: Hosts that are never dispatched
    Given channel "edge" waits for channel "empty"
    When "edge" moves to ref "e1"
    Then host "edge-01" is never Failed
    And "edge@e1" is stuck

  Scenario: No host of a rollout without hosts is in a state
    When "empty" moves to ref "a1"
    Then no host of "empty@a1" is Failed

  Scenario: At most as many hosts as there are
    When "stable" moves to ref "a1"
    Then at most 3 hosts of "stable@a1" are ever in flight

  Scenario: At most as many of some hosts as there are
    When "stable" moves to ref "a1"
    Then at most 2 of hosts "edge-*" are ever in flight

  Scenario: No host of a rollout without hosts is dispatched
    When "empty" moves to ref "a1"
    Then no host of "empty@a1" is dispatched

  Scenario: No dispatch after all have answered
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal
    And no host of "stable@a1" is dispatched after that

  Scenario: No dispatch after the last host has converged
    When "stable" moves to ref "a1"
    Then no host of "stable@a1" is dispatched after host "stable-03" is converged

  Scenario: No dispatch before something, nor after it
    Given channel "stable" waits for channel "edge"
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    Then no host of "stable@a1" is dispatched before "stable@a1" is Superseded
    And "stable@b2" is stuck

  Scenario: Dispatched at most once, and never
    Given channel "edge" waits for channel "empty"
    When "edge" moves to ref "e1"
    Then host "edge-01" is dispatched at most once
    And "edge@e1" is stuck

  Scenario: A host that joins nothing is never dispatched
    When "stable" moves to ref "a1"
    Then host "edge-01" is never dispatched

  Scenario: A gate that is not configured
    When "stable" moves to ref "a1"
    Then host "stable-01" is never held back by the disruption-budget

  Scenario: An event at most once, and never
    When "stable" moves to ref "a1"
    Then SuccessorOpened happens at most once to "stable@a1"

  Scenario: An effect at most once, and never
    When "stable" moves to ref "a1"
    Then InsertQuarantineFromRollout is emitted at most once for "stable@a1"

  Scenario: A quarantine that cannot be
    When "stable" moves to ref "a1"
    Then ref "a1" is not quarantined on channel "stable"

  Scenario: Nothing has ended, and nothing is pruned
    When "empty" moves to ref "a1"
    Then nothing is ever pruned

  Scenario: Only one of one
    When "stable" moves to ref "a1"
    Then only "stable@a1" is ever pruned

  Scenario: Every rollout of none
    When polls fail for 10 minutes
    Then every rollout is pruned in the end

  Scenario: An invariant about no budget
    When "stable" moves to ref "a1"
    Then the invariant budget-kept holds

  Scenario: Any number of hosts
    When "stable" moves to ref "a1"
    Then at most 3 hosts of "stable@a1" are Converged

  Scenario: Any share of hosts
    When "stable" moves to ref "a1"
    Then at most 100% of the hosts of "stable@a1" are in flight

  Scenario: Any number of dispatches
    When "stable" moves to ref "a1"
    Then at least 0 hosts of "stable@a1" are dispatched

  Scenario: A control plane that is never down
    When "stable" moves to ref "a1"
    Then the control plane is not down

  Scenario: No dispatch by a control plane that is never down
    When "stable" moves to ref "a1"
    Then no host is dispatched while the control plane is down

  Scenario: No wave is later
    When "stable" moves to ref "a1"
    Then "stable@a1" is at wave 1 or earlier

  Scenario: Any number of the hosts of a wave
    When "stable" moves to ref "a1"
    Then at most 2 hosts of wave 1 of "stable@a1" are Pending while wave 0 is soaking

  Scenario: Any number of dispatched hosts of a wave
    When "stable" moves to ref "a1"
    Then at most 100% of the hosts of wave 1 of "stable@a1" are dispatched
