Feature: A failure over a crash

  The control plane learns of a failure that happened while it was down before it dispatches
  anything. A halt, a rollback and a quarantine hold over any number of crashes.

  Background:
    Given channel "stable" with waves of 1, 2 and 3 hosts soaking 10 minutes
    And activation takes 1 minute

  Scenario: A failure while it is down halts the rollout before the next wave can start
    Given host "stable-01" defers its activation and reboots 20 minutes later
    And host "stable-01" fails its activation
    When "stable" moves to ref "a1"
    And the control plane crashes for 1 hour while wave 1 is soaking
    Then "stable@a1" is Failed
    And hosts "stable-02" and "stable-03" are Converged
    And 3 hosts of "stable@a1" are dispatched

  Scenario: A halted rollout stays halted, and its dispatches without an ack are not sent again
    Given host "stable-02" fails its activation
    And host "stable-03" never answers
    When "stable" moves to ref "a1"
    And the control plane crashes for 10 minutes once "stable@a1" is Failed
    Then "stable@a1" is Failed
    And no host of "stable@a1" is dispatched after "stable@a1" is Failed

  Scenario: A rollback that completes while it is down reverts the rollout and quarantines its ref when it is back
    Given channel "stable" has policy rollback-and-halt
    And a rollback takes 5 minutes
    And host "stable-02" fails its activation
    When "stable" moves to ref "a1"
    And the control plane crashes for 30 minutes while host "stable-02" is failed
    Then "stable@a1" becomes Reverted 30 minutes later, give or take 30 seconds
    And ref "a1" is quarantined on channel "stable"

  Scenario: A rollback that completes after the crash reverts the rollout as well
    Given channel "stable" has policy rollback-and-halt
    And a rollback takes 1 hour
    And host "stable-02" fails its activation
    When "stable" moves to ref "a1"
    And the control plane crashes for 10 minutes while host "stable-02" is failed
    Then "stable@a1" becomes Reverted 1 hour later
    And 3 hosts of "stable@a1" are dispatched

  Scenario: A ref is quarantined after the crash as before it
    Given channel "stable" has policy rollback-and-halt
    And a rollback takes 1 minute
    And host "stable-02" fails its activation
    And host "stable-03" never answers
    When "stable" moves to ref "a1"
    And the control plane crashes for 10 minutes 1 minute after "stable@a1" is Reverted
    Then ref "a1" is quarantined on channel "stable"
    And no host of "stable@a1" is dispatched after "stable@a1" is Reverted
    And every invariant holds

  Scenario: A quarantine that was lifted stays lifted
    Given the quarantine of channel "stable" holds ref "a1"
    When "stable" moves to ref "a1"
    And the operator lifts the quarantine of ref "a1" on channel "stable" 1 hour later
    And the control plane crashes for 10 minutes 1 minute later
    Then every host of "stable@a1" is Converged
