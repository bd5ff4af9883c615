Feature: An operator clears a rollout that failed

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And activation takes 1 minute

  Scenario: A failed rollout that is cleared is done with
    Given host "stable-02" fails its probes
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed
    When the operator clears "stable@a1"
    Then "stable@a1" is Terminal
    And OperatorClearance of "stable@a1" has the effects RecordRolloutTransition and SchedulePruning

  Scenario: A reverted rollout that is cleared is done with
    Given channel "stable" has policy rollback-and-halt
    And host "stable-02" fails its probes
    When "stable" moves to ref "a1"
    And the operator clears "stable@a1"
    Then "stable@a1" goes through Opening, Active, Converging, Active, Converging, Reverted and Terminal

  Scenario: Clearing dispatches nothing that the failure held back
    Given channel "edge" with waves of 1 and 2 hosts soaking 10 minutes
    And host "edge-01" fails its probes
    When "edge" moves to ref "a1"
    And the operator clears "edge@a1"
    Then "edge@a1" is Terminal
    And no host of "edge@a1" is dispatched after that
    And 2 hosts of "edge@a1" are Pending

  Scenario Outline: What has not failed cannot be cleared
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    And the operator clears <rollout> <moment>
    Then OperatorClearance of <rollout> is refused with IllegalForState

    Examples:
      | rollout     | moment                            |
      | "stable@b2" | once "stable@b2" is Active        |
      | "stable@b2" | once "stable@b2" is Converging    |
      | "stable@b2" | once "stable@b2" is Terminal      |
      | "stable@a1" | once "stable@b2" is Active        |
      | "stable@a1" | 8 days after "stable@b2" is Active |

  Scenario: Under v0.2 nobody has implemented it
    Given the machine is v0.2
    And host "stable-02" fails its probes
    When "stable" moves to ref "a1"
    And the operator clears "stable@a1"
    Then OperatorClearance of "stable@a1" is refused with Unimplemented
    And "stable@a1" is Failed
    And nothing is ever pruned
