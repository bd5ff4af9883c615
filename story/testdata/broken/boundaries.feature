Feature: Expectations that are one off

  Each has a counterpart in stories/boundaries.feature that holds.

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And activation takes 1 minute
    And the ack takes 2 seconds

  Scenario: Once more than it happens
    When "stable" moves to ref "a1"
    Then "stable@a1" becomes Converging 3 times

  Scenario: Once less than it happens
    When "stable" moves to ref "a1"
    Then "stable@a1" becomes Converging once

  Scenario: The other way round
    When "stable" moves to ref "a1"
    Then wave 0 of "stable@a1" is soaking after wave 0 of "stable@a1" is converged

  Scenario: A rollout stands
    When "stable" moves to ref "a1"
    Then no rollout stands for channel "stable"

  Scenario: One rollout less than opened
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    Then 1 rollout is opened for channel "stable"

  Scenario: One rollout more than opened
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    Then 3 rollouts are opened

  Scenario: The ref before
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    Then channel "stable" points at ref "a1"

  Scenario: Never in that state
    When "stable" moves to ref "a1"
    And time passes until wave 0 is soaking
    Then host "stable-01" has been Converged

  Scenario: Only the last of some hosts is in that state
    Given host "stable-03" fails its probes
    When "stable" moves to ref "a1"
    Then hosts "stable-01", "stable-02" and "stable-03" are never Failed under "stable@a1"

  Scenario: One more in flight than allowed
    When "stable" moves to ref "a1"
    Then at most 1 host of "stable@a1" is ever in flight

  Scenario: More in flight after one has landed
    Given channel "edge" with 4 hosts soaking 1 minute
    And on host "edge-02" the activation takes 1 hour
    And hosts "edge-03" and "edge-04" wait for host "edge-01"
    When "edge" moves to ref "a1"
    Then at most 2 hosts of "edge@a1" are ever in flight

  Scenario: More of some hosts in flight after one has landed
    Given channel "edge" with 4 hosts soaking 1 minute
    And on host "edge-02" the activation takes 1 hour
    And hosts "edge-03" and "edge-04" wait for host "edge-01"
    When "edge" moves to ref "a1"
    Then at most 2 of hosts "edge-*" are ever in flight

  Scenario: One dispatch less
    When "stable" moves to ref "a1"
    Then 2 hosts of "stable@a1" are dispatched

  Scenario: One dispatch more
    When "stable" moves to ref "a1"
    Then 4 hosts of "stable@a1" are dispatched

  Scenario: A dispatch is not after itself
    When "stable" moves to ref "a1"
    Then 1 host of "stable@a1" is dispatched after host "stable-03" is dispatched

  Scenario: A dispatch is not before itself
    When "stable" moves to ref "a1"
    Then 1 host of "stable@a1" is dispatched before host "stable-01" is dispatched

  Scenario: A dispatch is not after that if it is that
    When "stable" moves to ref "a1"
    Then host "stable-03" is dispatched under "stable@a1"
    And 1 host of "stable@a1" is dispatched after that

  Scenario: Dispatched once and not twice
    When "stable" moves to ref "a1"
    Then host "stable-01" is dispatched twice under "stable@a1"

  Scenario: Dispatched again until the ack
    Given on host "stable-01" the ack takes 61 seconds
    When "stable" moves to ref "a1"
    Then host "stable-01" is dispatched once under "stable@a1"

  Scenario: Held back by that gate
    When "stable" moves to ref "a1"
    Then host "stable-03" is never held back by the wave-promotion

  Scenario: Held back by any gate
    When "stable" moves to ref "a1"
    Then hosts "stable-01" and "stable-03" are never held back

  Scenario: It happens
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    Then SuccessorOpened never happens to "stable@a1"

  Scenario: It is emitted
    When "stable" moves to ref "a1"
    Then SchedulePruning is never emitted for "stable@a1"

  Scenario: It has an effect
    When "stable" moves to ref "a1"
    Then RolloutTerminal of "stable@a1" has no effect

  Scenario: Another one is pruned too
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    And 20 days pass
    Then only "stable@a1" is ever pruned

  Scenario: An invariant does not hold
    Given the machine is v0.2
    And the run lasts 20 days
    When "stable" moves to ref "a1"
    Then every invariant holds

  Scenario: That invariant does not hold
    Given the machine is v0.2
    And the run lasts 20 days
    When "stable" moves to ref "a1"
    Then the invariant pruned-in-the-end holds

  Scenario: An invariant holds of one channel
    When "stable" moves to ref "a1"
    Then the invariant one-standing does not hold of channel "stable"

  Scenario: Stranded at another ref
    When "stable" flaps between refs "a1" and "b2" every 30 minutes for 2 hours
    Then channel "stable" is stranded at ref "b2"

  Scenario: Stranded at a ref with a longer name
    When "stable" flaps between refs "a1" and "b2" every 30 minutes for 2 hours
    Then channel "stable" is stranded at ref "a"
