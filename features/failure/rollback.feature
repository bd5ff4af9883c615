Feature: Under rollback-and-halt, the rollback of a failing host decides

  Background:
    Given channel "stable" with waves of 1, 2 and 3 hosts soaking 10 minutes
    And activation takes 1 minute
    And channel "stable" has policy rollback-and-halt

  Scenario: A host that fails its probes rolls back, and the rollout with it
    Given host "stable-02" fails its probes
    When "stable" moves to ref "a1"
    Then "stable@a1" is Reverted
    And host "stable-02" is Reverted
    And "stable@a1" is never Failed
    And no host of "stable@a1" is dispatched after that

  Scenario: The failure itself decides nothing, but nothing is dispatched from then on
    Given a rollback takes 1 hour
    And host "stable-02" fails its probes
    When "stable" moves to ref "a1"
    And time passes until host "stable-02" is failed
    Then "stable@a1" is Converging
    And host "stable-02" is Failed
    And no host of "stable@a1" is dispatched after that
    And "stable@a1" is Reverted 1 hour later

  Scenario: What rolled back is put into quarantine, and only on its channel
    Given channel "edge" with 1 host soaking 10 minutes
    And host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    And "edge" moves to ref "a1"
    Then ref "a1" is quarantined on channel "stable"
    And ref "a1" is not quarantined on channel "edge"
    And "edge@a1" is Terminal

  Scenario: The rollback is answered with transition, quarantine and pruning, in this order
    Given host "stable-02" fails its probes
    When "stable" moves to ref "a1"
    And time passes until "stable@a1" is Reverted
    Then HostStateChanged of "stable@a1" has the effects RecordRolloutTransition, InsertQuarantineFromRollout and SchedulePruning

  Scenario: A second host that rolls back does not revert the rollout a second time
    Given hosts "stable-02" and "stable-03" fail their probes
    When "stable" moves to ref "a1"
    Then "stable@a1" is Reverted
    And 2 hosts of "stable@a1" are Reverted
    And InsertQuarantineFromRollout is emitted once for "stable@a1"

  Scenario: A failed switch rolls back like failed probes
    Given host "stable-02" fails its activation
    When "stable" moves to ref "a1"
    Then "stable@a1" goes through Opening, Active, Converging, Active and Reverted
    And InsertQuarantineFromRollout is emitted once for "stable@a1"

  Scenario: A rollback that never completes leaves the rollout stuck
    Given host "stable-02" fails its probes
    And host "stable-02" never completes its rollback
    When "stable" moves to ref "a1"
    Then "stable@a1" is stuck waiting for host "stable-02"
    And "stable@a1" is Converging
    And host "stable-02" is Failed
    And host "stable-04" is never dispatched

  Scenario: The next ref frees a rollout that is stuck in a rollback
    Given host "stable-02" fails its probes under ref "a1"
    And host "stable-02" never completes its rollback under ref "a1"
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    Then "stable@a1" is Superseded
    And "stable@b2" is Terminal

  Scenario: The last wave rolls back, and the hosts before it keep what they have
    Given host "stable-06" fails its probes
    When "stable" moves to ref "a1"
    Then "stable@a1" is Reverted
    And 5 hosts of "stable@a1" are Converged
    And host "stable-06" is Reverted
