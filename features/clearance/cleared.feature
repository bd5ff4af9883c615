Feature: What a clearance does

  An operator who has repaired a failure by hand clears the rollout: it is Terminal, although not
  every host has converged. That ends the rollout and starts its retention. It has no effect on
  hosts.

  Background:
    Given channel "stable" with waves of 1, 2 and 3 hosts soaking 10 minutes
    And activation takes 1 minute
    And host "stable-02" fails its probes under ref "a1"

  Scenario Outline: A rollout that is <state> is Terminal once it is cleared
    Given channel "stable" has policy <policy>
    When "stable" moves to ref "a1"
    And the operator clears "stable@a1" 1 day after "stable@a1" is <state>
    Then "stable@a1" goes through Opening, Active, Converging, Active, Converging, <state> and Terminal
    And OperatorClearance of "stable@a1" has the effects RecordRolloutTransition and SchedulePruning

    Examples:
      | state    | policy            |
      | Failed   | halt              |
      | Reverted | rollback-and-halt |

  Scenario: Hosts that the failure held back are not dispatched, and the others stay as they are
    When "stable" moves to ref "a1"
    And the operator clears "stable@a1"
    Then "stable@a1" is Terminal
    And no host of "stable@a1" is dispatched after that
    And host "stable-02" is Failed
    And 3 hosts of "stable@a1" are Pending

  Scenario: A host that is still switching converges after it, and the rollout has ended once
    When "stable" moves to ref "a1"
    And the operator clears "stable@a1" once "stable@a1" is Failed
    And time passes until "stable@a1" is Terminal
    Then host "stable-03" is Soaking
    When time passes until everything has settled
    Then host "stable-03" is Converged
    And RolloutTerminal never happens to "stable@a1"
    And SchedulePruning is emitted twice for "stable@a1"

  Scenario: A host that fails after it does not change the rollout
    Given on host "stable-03" activation takes 1 hour
    And host "stable-03" fails its activation
    When "stable" moves to ref "a1"
    And the operator clears "stable@a1" once "stable@a1" is Failed
    And time passes until host "stable-03" is failed
    Then HostStateChanged of "stable@a1" has no effect
    And "stable@a1" is Terminal

  Scenario: A rollback that completes after it does not change the rollout
    When "stable" moves to ref "a1"
    And the operator clears "stable@a1" once "stable@a1" is Failed
    And these events happen 1 hour later:
      | event            | rollout   | host      | from   | to       |
      | HostStateChanged | stable@a1 | stable-02 | Failed | Reverted |
    Then HostStateChanged of "stable@a1" has no effect
    And host "stable-02" is Reverted
    And "stable@a1" is Terminal

  Scenario: It does not lift the quarantine of a closure that rolled back
    Given channel "stable" has policy rollback-and-halt
    When "stable" moves to ref "a1"
    And the operator clears "stable@a1"
    Then "stable@a1" is Terminal
    And ref "a1" is quarantined on channel "stable"

  Scenario: A rollback that completes after it quarantines the ref again after a lift
    Given channel "stable" has policy rollback-and-halt
    And host "stable-03" fails its probes under ref "a1"
    And a rollback takes 5 minutes
    And on host "stable-03" a rollback takes 1 hour
    When "stable" moves to ref "a1"
    And the operator clears "stable@a1" once "stable@a1" is Reverted
    And the operator lifts the quarantine of ref "a1" on channel "stable" 1 minute later
    And 1 second passes
    Then ref "a1" is not quarantined on channel "stable"
    When time passes until host "stable-03" is reverted
    Then ref "a1" is quarantined on channel "stable"
    And "stable@a1" is Terminal
