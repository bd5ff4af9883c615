Feature: Records and answers

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And the ack takes 2 seconds
    And activation takes 1 minute

  Scenario: The record of a rollout
    When "stable" moves to ref "a1"
    Then the record of "stable@a1" is:
      | state    | channel | target_ref | current_wave | opened_at | terminal_at           | superseded_at |
      | Terminal | stable  | a1         | 1            | 0 seconds | 20 minutes, 2 seconds | none          |
    When "stable" moves to ref "b2"
    Then the record of "stable@a1" is:
      | state      | opened_at            | terminal_at          | superseded_at |
      | Superseded | 2026-01-01T00:00:00Z | 2026-01-01T00:20:02Z | 21 minutes    |

  Rule: Raw events alone

    Background:
      Given the control plane is absent
      And channel "stable" has policy rollback-and-halt
      When these events happen:
        | event            | rollout | channel | ref | host   | wave | from       | to         | later    |
        | RolloutOpened    | r1      | stable  | a1  |        |      |            |            |          |
        | HostJoined       | r1      |         |     | web-01 | 1    |            |            |          |
        | WaveAdvanced     | r1      |         |     |        |      | 0          | 1          | 1 minute |
        | HostStateChanged | r1      |         |     | web-01 |      | Pending    | Activating |          |
        | HostStateChanged | r1      |         |     | web-01 |      | Activating | Failed     |          |
        | RetentionExpired | r1      |         |     |        |      |            |            |          |
        | HostStateChanged | r1      |         |     | web-01 |      | Failed     | Reverted   | 1 minute |

    Scenario: With all that they hold
      Then these effects are emitted:
        | effect                      | rollout | from    | to       | wave | channel | ref | delay  | later    |
        | RecordRolloutTransition     | r1      | Opening | Active   |      |         |     |        |          |
        | UpdateCurrentWave           | r1      |         |          | 1    |         |     |        | 1 minute |
        | RecordRolloutTransition     | r1      | Active  | Reverted |      |         |     |        | 60s      |
        | InsertQuarantineFromRollout | r1      |         |          |      | stable  | a1  |        | 0s       |
        | SchedulePruning             | r1      |         |          |      |         |     | 7 days |          |
      And these answers are given:
        | event            | rollout | host   | state    | effects                                                                  | error           |
        | RolloutOpened    | r1      |        | Opening  |                                                                          |                 |
        | HostJoined       | r1      | web-01 | Active   | RecordRolloutTransition                                                  |                 |
        | WaveAdvanced     | r1      |        | Active   | UpdateCurrentWave                                                        |                 |
        | HostStateChanged | r1      | web-01 | Active   |                                                                          |                 |
        | HostStateChanged | r1      | web-01 | Active   |                                                                          |                 |
        | RetentionExpired | r1      |        | Active   |                                                                          | IllegalForState |
        | HostStateChanged | r1      | web-01 | Reverted | RecordRolloutTransition, InsertQuarantineFromRollout and SchedulePruning |                 |
      And RetentionExpired of "r1" is refused
      And "r1" is never pruned

    Scenario: What is left out may be anything
      Given the machine is v0.2
      Then these answers are given:
        | event            | rollout | state   |
        | RolloutOpened    | r1      | Opening |
        | HostJoined       | r1      | Active  |
        | WaveAdvanced     | r1      |         |
        | HostStateChanged | r1      |         |
        | HostStateChanged | r1      | Failed  |
        | RetentionExpired | r1      | Pruned  |
        | HostStateChanged | r1      | Pruned  |
      And HostStateChanged of "r1" is refused
      And the invariant retention-kept does not hold of "r1"
