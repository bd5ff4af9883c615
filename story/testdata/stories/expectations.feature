Feature: What can be expected

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And channel "edge" with 2 hosts soaking 10 minutes
    And activation takes 1 minute

  Scenario: States at the present, at another time, and so long after that
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal within 2 hours
    And "stable@a1" has been Converging
    And "stable@a1" is never Failed
    And "stable@a1" becomes Active twice
    And "stable@a1" becomes Active at least once
    And "stable@a1" is Converging 5 minutes after the start
    And "stable@a1" is at wave 1 while wave 1 is soaking
    And "stable@a1" is at wave 0 while wave 0 is soaking
    And host "stable-02" is Soaking under "stable@a1" while wave 1 of "stable@a1" is soaking
    And host "stable-02" has been Soaking
    And host "stable-02" is never Failed under "stable@a1"
    And 2 hosts of "stable@a1" are Soaking while wave 1 of "stable@a1" is soaking
    And host "stable-02" is dispatched under "stable@a1"
    And "stable@a1" goes through Opening, Active, Converging, Active, Converging and Terminal
    And every invariant holds
    And "stable@a1" is Pruned in the end
    And RetentionExpired happens exactly once to "stable@a1"

  Scenario: Hosts come to a state so long after that
    When "stable" moves to ref "a1"
    And time passes until wave 0 of "stable@a1" is soaking
    Then host "stable-01" becomes Converged about 9 minutes later
    And every host of "stable@a1" is Converged within 30 minutes
    And "stable@a1" is Terminal

  Scenario: Only one wave
    When "edge" moves to ref "a1"
    Then "edge@a1" goes through Opening, Active, Converging and Terminal
    And RolloutTerminal of "edge@a1" has the effects RecordRolloutTransition and SchedulePruning

  Scenario: Order
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" while wave 1 is soaking
    Then "stable@a1" is Superseded before host "stable-01" under "stable@b2" is dispatched
    And wave 1 of "stable@b2" is activating after wave 0 of "stable@b2" is converged
    And 2 rollouts are opened for channel "stable"
    And 2 rollouts are opened
    And channel "stable" points at ref "b2"
    And no rollout stands for channel "stable" in the end

  Scenario: No rollout stands any more
    When "edge" moves to ref "e1"
    And 8 days pass
    Then no rollout stands for channel "edge"

  Scenario: Channels that move by themselves
    Given host "stable-01" defers its activation under ref "r2"
    When new refs come to channel "stable" every 6 hours for 1 day
    Then "stable@r5" is Terminal
    And 5 rollouts are opened for channel "stable"
    And "stable@r1" is Superseded

  Scenario: A channel that flaps
    When "stable" flaps between refs "a1" and "b2" every 30 minutes for 2 hours
    Then channel "stable" is stranded at ref "a1"
    And channel "stable" points at ref "b2" within 1 hour

  Scenario: Moves that no poll sees
    When "stable" moves through refs "b2", "c3" and "d4" between two polls
    Then "stable@c3" is never opened
    And "stable@d4" is Terminal

  Scenario: An operator
    Given host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    Then host "stable-03" is never dispatched under "stable@a1"
    When the operator clears "stable@a1" 10 minutes later
    Then "stable@a1" is Terminal
    When "stable" moves to ref "b2"
    And RolloutTerminal happens to "stable@a1"
    Then RolloutTerminal of "stable@a1" has no effect

  Scenario: A host that rolls back
    Given channel "stable" has policy rollback-and-halt
    And host "stable-01" fails its probes under ref "b2"
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    Then "stable@b2" is Reverted
    And ref "b2" is quarantined on channel "stable"
    And ref "b2" is not quarantined on channel "stable" while wave 0 is soaking

  Scenario: What only an operator prunes
    Given the machine is v0.2
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    And RetentionExpired happens to "stable@a1"
    Then only "stable@a1" is ever pruned
    And SchedulePruning is never emitted for "stable@a1"
    And the invariant retention-kept does not hold of "stable@a1"

  Scenario: Until the next poll
    Given channel "stable" is polled every 5 minutes
    When 2 minutes pass
    And "stable" moves to ref "a1"
    And time passes until the next poll of channel "stable"
    Then channel "stable" points at ref "a1"
    And "stable@a1" is Active 5 minutes after the start

  Scenario: A known defect
    When "stable" moves to ref "a1"
    Then known defect: "stable@a1" is Failed
