Feature: What cannot be cleared

  Only a rollout that has failed or rolled back can be cleared, and only once. The shipped machine
  does not implement clearance at all.

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And activation takes 1 minute
    And host "stable-02" fails its probes under ref "bad"

  Scenario Outline: A rollout that is <state> is not cleared
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    And the operator clears <rollout> <moment>
    Then OperatorClearance of <rollout> is refused with IllegalForState
    And <rollout> has been <state>

    Examples:
      | state      | rollout     | moment                             |
      | Active     | "stable@b2" | once "stable@b2" is Active         |
      | Converging | "stable@b2" | once "stable@b2" is Converging     |
      | Terminal   | "stable@b2" | once "stable@b2" is Terminal       |
      | Superseded | "stable@a1" | once "stable@b2" is Active         |
      | Pruned     | "stable@a1" | 8 days after "stable@b2" is Active |

  Scenario: A rollout that waits in Opening is not cleared
    Given channel "empty" with no hosts
    When "empty" moves to ref "a1"
    And the operator clears "empty@a1"
    Then OperatorClearance of "empty@a1" is refused with IllegalForState
    And "empty@a1" is Opening

  Scenario: A rollout that was cleared is not cleared again
    When "stable" moves to ref "bad"
    And the operator clears "stable@bad" once "stable@bad" is Failed
    And the operator clears "stable@bad" 1 day later
    Then OperatorClearance of "stable@bad" is refused with IllegalForState
    And "stable@bad" is Terminal
    And OperatorClearance happens twice to "stable@bad"

  Scenario: A rollout that waits for a rollback which never completes is not cleared: only a new ref frees its channel
    Given channel "stable" has policy rollback-and-halt
    And host "stable-02" never completes its rollback under ref "bad"
    When "stable" moves to ref "bad"
    And the operator clears "stable@bad"
    Then OperatorClearance of "stable@bad" is refused with IllegalForState
    And "stable@bad" is stuck waiting for host "stable-02"

  @machine:v0.2
  Scenario: The shipped machine has not implemented it
    When "stable" moves to ref "bad"
    And the operator clears "stable@bad"
    Then OperatorClearance of "stable@bad" is refused with Unimplemented
    And "stable@bad" is Failed
    And nothing is ever pruned
