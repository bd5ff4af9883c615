Feature: What ships today and what is specified differ in how a failure ends

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And activation takes 1 minute
    And host "stable-02" fails its probes

  @machine:rfc0008
  Scenario: As specified, a rollback reverts the rollout
    Given channel "stable" has policy rollback-and-halt
    When "stable" moves to ref "a1"
    Then "stable@a1" goes through Opening, Active, Converging, Active, Converging and Reverted
    And ref "a1" is quarantined on channel "stable"

  @machine:v0.2
  Scenario: As shipped, the failure fails the rollout whatever the policy, and the rollback goes unnoticed
    Given channel "stable" has policy rollback-and-halt
    When "stable" moves to ref "a1"
    Then "stable@a1" goes through Opening, Active, Converging, Active, Converging and Failed
    And host "stable-02" is Reverted
    And InsertQuarantineFromRollout is never emitted for "stable@a1"
    And nothing is ever pruned

  Scenario Outline: Under halt both machines fail the rollout
    Given the machine is <machine>
    And the run lasts 1 day
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed
    And no host of "stable@a1" is dispatched after that
    And host "stable-02" is Failed

    Examples:
      | machine |
      | v0.2    |
      | rfc0008 |

  @machine:rfc0008
  Scenario: As specified, a failed rollout that rolls back after all is reverted
    When "stable" moves to ref "a1"
    And these events happen 1 hour after "stable@a1" is Failed:
      | event            | rollout   | host      | from   | to       |
      | HostStateChanged | stable@a1 | stable-02 | Failed | Reverted |
    Then "stable@a1" goes through Opening, Active, Converging, Active, Converging, Failed and Reverted
    And "stable@a1" is pruned 7 days later
    And RetentionExpired happens once to "stable@a1"
    And InsertQuarantineFromRollout is emitted once for "stable@a1"

  @machine:v0.2
  Scenario: As shipped, a failed rollout that rolls back after all stays failed
    When "stable" moves to ref "a1"
    And these events happen 1 hour after "stable@a1" is Failed:
      | event            | rollout   | host      | from   | to       |
      | HostStateChanged | stable@a1 | stable-02 | Failed | Reverted |
    Then "stable@a1" is Failed
    And host "stable-02" is Reverted
    And "stable@a1" is never Reverted
    And nothing is ever pruned

  Scenario Outline: A wave that goes back is <what>
    Given the machine is <machine>
    When these events happen:
      | event         | rollout | channel | ref | host  | wave | from | to |
      | RolloutOpened | r1      | east    | a1  |       |      |      |    |
      | HostJoined    | r1      |         |     | web-1 | 0    |      |    |
      | HostJoined    | r1      |         |     | web-2 | 1    |      |    |
      | WaveAdvanced  | r1      |         |     |       |      | 0    | 1  |
      | WaveAdvanced  | r1      |         |     |       |      | 1    | 0  |
    Then <verdict>
    And rollout "r1" is <state>
    And rollout "r1" is at wave 1
    And rollout "r1" is stuck

    Examples:
      | machine | what                             | state      | verdict                                               |
      | v0.2    | taken for one that has completed | Converging | WaveAdvanced happens twice to rollout "r1"            |
      | rfc0008 | refused                          | Active     | WaveAdvanced of rollout "r1" is refused with Invariant |
