Feature: The rollback of a failing host

  Under rollback-and-halt the failure itself decides nothing: the rollout is halted and waits for
  the rollback. When the rollback is complete the rollout is Reverted, and its ref is quarantined.

  Background:
    Given channel "stable" with waves of 1, 2 and 3 hosts soaking 10 minutes
    And activation takes 1 minute
    And channel "stable" has policy rollback-and-halt

  Scenario: While a host rolls back nothing is dispatched, and the rollout is neither Failed nor Reverted
    Given a rollback takes 1 hour
    And host "stable-02" fails its probes
    When "stable" moves to ref "a1"
    And time passes until host "stable-02" is failed
    Then "stable@a1" is Converging
    And host "stable-02" is Failed
    And no host of "stable@a1" is dispatched after that
    And "stable@a1" is Reverted 1 hour later
    And "stable@a1" is never Failed

  Scenario: A host of an earlier wave that rolls back keeps the next one from being dispatched
    Given a rollback takes 1 hour
    And host "stable-01" defers its activation and reboots 5 minutes later
    And host "stable-01" fails its activation
    When "stable" moves to ref "a1"
    Then hosts "stable-02" and "stable-03" are Converged
    And "stable@a1" is at wave 2
    And "stable@a1" is Reverted
    And 3 hosts of "stable@a1" are dispatched

  Scenario: The effects of the rollback are transition, quarantine and pruning, in this order
    Given host "stable-02" fails its probes
    When "stable" moves to ref "a1"
    And time passes until "stable@a1" is Reverted
    Then HostStateChanged of "stable@a1" has the effects RecordRolloutTransition, InsertQuarantineFromRollout and SchedulePruning

  Scenario: The ref is quarantined on its own channel, and on no other
    Given channel "edge" with 1 host soaking 10 minutes
    And channel "edge" has policy rollback-and-halt
    And host "edge-01" fails its probes
    When "edge" moves to ref "a1"
    And "stable" moves to ref "a1"
    Then ref "a1" is quarantined on channel "edge"
    And ref "a1" is not quarantined on channel "stable"
    And every host of "stable@a1" is Converged

  Scenario: A second host that rolls back does not revert the rollout a second time
    Given hosts "stable-02" and "stable-03" fail their probes
    When "stable" moves to ref "a1"
    Then "stable@a1" is Reverted
    And 2 hosts of "stable@a1" are Reverted
    And InsertQuarantineFromRollout is emitted once for "stable@a1"
    And SchedulePruning is emitted once for "stable@a1"

  Scenario: A host that converges after the rollback does not undo it
    Given host "stable-02" fails its activation
    When "stable" moves to ref "a1"
    And time passes until "stable@a1" is Reverted
    Then host "stable-03" is Soaking
    When time passes until everything has settled
    Then host "stable-03" is Converged
    And "stable@a1" is Reverted
    And 3 hosts of "stable@a1" are dispatched

  Scenario: In the last wave too one host decides, and the others keep their state
    Given host "stable-06" fails its probes
    When "stable" moves to ref "a1"
    Then "stable@a1" is Reverted
    And 5 hosts of "stable@a1" are Converged
    And host "stable-06" is Reverted

  Scenario: A rollback that never completes leaves the rollout stuck
    Given host "stable-02" fails its probes
    And host "stable-02" never completes its rollback
    When "stable" moves to ref "a1"
    Then "stable@a1" is stuck waiting for host "stable-02"
    And "stable@a1" is Converging
    And ref "a1" is not quarantined on channel "stable"
    And host "stable-04" is never dispatched

  Scenario: One rollback is enough, even if another one never completes
    Given hosts "stable-02" and "stable-03" fail their probes
    And host "stable-02" never completes its rollback
    When "stable" moves to ref "a1"
    Then "stable@a1" is Reverted
    And host "stable-02" is Failed

  Scenario: The next ref frees a rollout that is stuck in a rollback
    Given host "stable-02" fails its probes under ref "a1"
    And host "stable-02" never completes its rollback under ref "a1"
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    Then "stable@a1" is Superseded
    And every host of "stable@b2" is Converged
