Feature: Pruned is the end

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
      | event             | channel | ref | host      | wave | from      | to     | successor |
      | RolloutOpened     | stable  | a1  |           |      |           |        |           |
      | HostJoined        |         |     | stable-01 | 0    |           |        |           |
      | HostStateChanged  |         |     | stable-01 |      | Soaking   | Failed |           |
      | WaveAdvanced      |         |     |           |      | 0         | 1      |           |
      | RolloutTerminal   |         |     |           |      |           |        |           |
      | SuccessorOpened   |         |     |           |      |           |        | stable@b2 |
      | RetentionExpired  |         |     |           |      |           |        |           |
      | OperatorClearance |         |     |           |      |           |        |           |

  Scenario Outline: A rollout that has not ended is not pruned: <state>
    When "stable" moves to ref "a1"
    And RetentionExpired happens to "stable@a1" once "stable@a1" is <state>
    Then RetentionExpired of "stable@a1" is refused with IllegalForState
    And "stable@a1" is Terminal

    Examples:
      | state      |
      | Active     |
      | Converging |

  Scenario: A rollout without hosts is not pruned while it waits in Opening
    Given channel "empty" with no hosts
    When "empty" moves to ref "a1"
    And 30 days pass
    Then "empty@a1" is Opening
    And "empty@a1" is never pruned
