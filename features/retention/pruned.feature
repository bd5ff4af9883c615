Feature: Pruned, the state that nothing leaves

  A pruned rollout refuses every event and does not stand for its channel. Its id stays known, so it
  is never opened again.

  Background:
    Given channel "stable" with 1 host soaking 10 minutes

  Scenario Outline: A pruned rollout refuses <event>
    When "stable" moves to ref "a1"
    And 8 days pass
    And these events happen:
      | event   | rollout   | channel   | ref   | host   | wave   | from   | to   | successor   |
      | <event> | stable@a1 | <channel> | <ref> | <host> | <wave> | <from> | <to> | <successor> |
    Then <event> of "stable@a1" is refused with IllegalForState
    And "stable@a1" is Pruned

    Examples:
      | event             | channel | ref | host      | wave | from    | to     | successor |
      | RolloutOpened     | stable  | a1  |           |      |         |        |           |
      | HostJoined        |         |     | stable-01 | 0    |         |        |           |
      | HostStateChanged  |         |     | stable-01 |      | Soaking | Failed |           |
      | WaveAdvanced      |         |     |           |      | 0       | 1      |           |
      | RolloutTerminal   |         |     |           |      |         |        |           |
      | SuccessorOpened   |         |     |           |      |         |        | stable@b2 |
      | RetentionExpired  |         |     |           |      |         |        |           |
      | OperatorClearance |         |     |           |      |         |        |           |

  Scenario: Its channel has no standing rollout, so the next ref supersedes nothing
    When "stable" moves to ref "a1"
    And 8 days pass
    And "stable" moves to ref "b2"
    Then "stable@a1" is Pruned
    And SuccessorOpened never happens to "stable@a1"
    And only "stable@b2" stands for channel "stable"

  Scenario: Its hosts stay as they are
    Given host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    And 8 days pass
    Then "stable@a1" is Pruned
    And host "stable-01" is Failed
    And 1 host of "stable@a1" is dispatched

  Scenario Outline: A rollout that is <state> is not pruned by RetentionExpired
    When "stable" moves to ref "a1"
    And RetentionExpired happens to "stable@a1" once "stable@a1" is <state>
    Then RetentionExpired of "stable@a1" is refused with IllegalForState
    And "stable@a1" is Terminal

    Examples:
      | state      |
      | Active     |
      | Converging |

  Scenario: A RetentionExpired that arrives too soon is applied, and reported
    When "stable" moves to ref "a1"
    And RetentionExpired happens to "stable@a1" 3 days after "stable@a1" is Terminal
    Then "stable@a1" is Pruned
    And the invariant retention-kept does not hold of "stable@a1"
    And RetentionExpired happens twice to "stable@a1"
    And RetentionExpired of "stable@a1" is refused with IllegalForState
