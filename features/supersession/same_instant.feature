Feature: A supersession in the same instant as something else

  The first entry in the log decides. A later event of the same instant finds the rollout
  superseded, and has no effect.

  Background:
    Given channel "stable" with no hosts
    When these events happen:
      | event            | rollout   | channel | ref | host  | wave | from       | to         |
      | RolloutOpened    | stable@a1 | stable  | a1  |       |      |            |            |
      | HostJoined       | stable@a1 |         |     | web-1 | 0    |            |            |
      | HostStateChanged | stable@a1 |         |     | web-1 |      | Pending    | Activating |
      | HostStateChanged | stable@a1 |         |     | web-1 |      | Activating | Soaking    |

  Scenario Outline: A host that turns <to> just before it decides how the rollout ends, and is superseded as that
    When these events happen 1 hour later:
      | event            | rollout   | channel | ref | host  | from    | to   | successor |
      | HostStateChanged | stable@a1 |         |     | web-1 | Soaking | <to> |           |
      | RolloutOpened    | stable@b2 | stable  | b2  |       |         |      |           |
      | SuccessorOpened  | stable@a1 |         |     |       |         |      | stable@b2 |
    Then these transitions happen:
      | rollout   | from       | to         | later     |
      | stable@a1 | Opening    | Active     |           |
      | stable@a1 | Active     | Converging | 0 seconds |
      | stable@a1 | Converging | <end>      | 1 hour    |
      | stable@a1 | <end>      | Superseded | 0 seconds |
    And SchedulePruning is emitted twice for "stable@a1"
    And RetentionExpired happens once to "stable@a1"

    Examples:
      | to        | end      |
      | Converged | Terminal |
      | Failed    | Failed   |

  Scenario Outline: A host that turns <to> just after it has no effect
    When these events happen 1 hour later:
      | event            | rollout   | channel | ref | host  | from    | to   | successor |
      | RolloutOpened    | stable@b2 | stable  | b2  |       |         |      |           |
      | SuccessorOpened  | stable@a1 |         |     |       |         |      | stable@b2 |
      | HostStateChanged | stable@a1 |         |     | web-1 | Soaking | <to> |           |
    Then "stable@a1" goes through Opening, Active, Converging and Superseded
    And HostStateChanged of "stable@a1" has no effect
    And host "web-1" is <to> under "stable@a1"

    Examples:
      | to        |
      | Converged |
      | Failed    |

  Scenario: A rollback that completes just before it reverts the rollout, which is superseded as that
    Given channel "stable" has policy rollback-and-halt
    When these events happen 1 hour later:
      | event            | rollout   | channel | ref | host  | from    | to       | successor |
      | HostStateChanged | stable@a1 |         |     | web-1 | Soaking | Failed   |           |
      | HostStateChanged | stable@a1 |         |     | web-1 | Failed  | Reverted |           |
      | RolloutOpened    | stable@b2 | stable  | b2  |       |         |          |           |
      | SuccessorOpened  | stable@a1 |         |     |       |         |          | stable@b2 |
    Then "stable@a1" goes through Opening, Active, Converging, Reverted and Superseded
    And ref "a1" is quarantined on channel "stable"

  Scenario: A rollback that completes just after it has no effect
    Given channel "stable" has policy rollback-and-halt
    When these events happen 1 hour later:
      | event            | rollout   | channel | ref | host  | from    | to       | successor |
      | HostStateChanged | stable@a1 |         |     | web-1 | Soaking | Failed   |           |
      | RolloutOpened    | stable@b2 | stable  | b2  |       |         |          |           |
      | SuccessorOpened  | stable@a1 |         |     |       |         |          | stable@b2 |
      | HostStateChanged | stable@a1 |         |     | web-1 | Failed  | Reverted |           |
    Then "stable@a1" goes through Opening, Active, Converging and Superseded
    And HostStateChanged of "stable@a1" has no effect
    And host "web-1" is Reverted under "stable@a1"

  Scenario: An operator who clears a failed rollout just before it succeeds
    When these events happen 1 hour later:
      | event             | rollout   | channel | ref | host  | from    | to     | successor |
      | HostStateChanged  | stable@a1 |         |     | web-1 | Soaking | Failed |           |
      | OperatorClearance | stable@a1 |         |     |       |         |        |           |
      | RolloutOpened     | stable@b2 | stable  | b2  |       |         |        |           |
      | SuccessorOpened   | stable@a1 |         |     |       |         |        | stable@b2 |
    Then "stable@a1" goes through Opening, Active, Converging, Failed, Terminal and Superseded

  Scenario: An operator who clears it just after is refused
    When these events happen 1 hour later:
      | event             | rollout   | channel | ref | host  | from    | to     | successor |
      | HostStateChanged  | stable@a1 |         |     | web-1 | Soaking | Failed |           |
      | RolloutOpened     | stable@b2 | stable  | b2  |       |         |        |           |
      | SuccessorOpened   | stable@a1 |         |     |       |         |        | stable@b2 |
      | OperatorClearance | stable@a1 |         |     |       |         |        |           |
    Then "stable@a1" goes through Opening, Active, Converging, Failed and Superseded
    And OperatorClearance of "stable@a1" is refused with IllegalForState
