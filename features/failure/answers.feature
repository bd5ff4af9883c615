Feature: Every effect and every answer of a failure

  A release of one host that fails and rolls back, in full: nothing else is emitted or answered.

  Background:
    Given channel "stable" with 1 host soaking 10 minutes
    And channel "stable" has policy rollback-and-halt
    And host "stable-01" fails its probes

  Scenario: The effects of a release that rolls back
    When "stable" moves to ref "a1"
    Then these effects are emitted:
      | effect                      | rollout   | from       | to         | channel | ref | delay  |
      | RecordRolloutTransition     | stable@a1 | Opening    | Active     |         |     |        |
      | RecordRolloutTransition     | stable@a1 | Active     | Converging |         |     |        |
      | RecordRolloutTransition     | stable@a1 | Converging | Reverted   |         |     |        |
      | InsertQuarantineFromRollout | stable@a1 |            |            | stable  | a1  |        |
      | SchedulePruning             | stable@a1 |            |            |         |     | 7 days |

  Scenario: The answers to a release that rolls back
    When "stable" moves to ref "a1"
    Then these answers are given:
      | event            | rollout   | host      | state      | effects                                                                  |
      | RolloutOpened    | stable@a1 |           | Opening    |                                                                          |
      | HostJoined       | stable@a1 | stable-01 | Active     | RecordRolloutTransition                                                  |
      | HostStateChanged | stable@a1 | stable-01 | Active     |                                                                          |
      | HostStateChanged | stable@a1 | stable-01 | Active     |                                                                          |
      | WaveAdvanced     | stable@a1 |           | Converging | RecordRolloutTransition                                                  |
      | HostStateChanged | stable@a1 | stable-01 | Converging |                                                                          |
      | HostStateChanged | stable@a1 | stable-01 | Reverted   | RecordRolloutTransition, InsertQuarantineFromRollout and SchedulePruning |
