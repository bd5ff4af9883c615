Feature: A retention that starts again

  Each further end starts the retention again, and the earlier one is void: a rollout that failed
  and is superseded three days later is kept for seven days more, and is pruned once.

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And host "stable-02" fails its probes under ref "bad"

  Scenario Outline: Superseded three days after it was <end>, a rollout is kept for seven more
    Given channel "stable" has policy <policy>
    When "stable" moves to ref "<ref>"
    And "stable" moves to ref "b2" 3 days after "stable@<ref>" is <end>
    Then "stable@<ref>" is Superseded
    And "stable@<ref>" is pruned 7 days later
    And RetentionExpired happens once to "stable@<ref>"
    And SchedulePruning is emitted twice for "stable@<ref>"

    Examples:
      | end      | policy            | ref  |
      | Terminal | halt              | good |
      | Failed   | halt              | bad  |
      | Reverted | rollback-and-halt | bad  |

  Scenario Outline: Cleared three days after it was <end>, a rollout is kept for seven more
    Given channel "stable" has policy <policy>
    When "stable" moves to ref "bad"
    And the operator clears "stable@bad" 3 days after "stable@bad" is <end>
    Then "stable@bad" is Terminal
    And "stable@bad" is pruned 7 days later
    And RetentionExpired happens once to "stable@bad"

    Examples:
      | end      | policy            |
      | Failed   | halt              |
      | Reverted | rollback-and-halt |

  Scenario: Three ends in turn start it three times
    When "stable" moves to ref "bad"
    And the operator clears "stable@bad" 6 days after "stable@bad" is Failed
    And "stable" moves to ref "b2" 6 days after "stable@bad" is Terminal
    Then "stable@bad" goes through Opening, Active, Converging, Active, Converging, Failed, Terminal and Superseded
    And "stable@bad" is pruned 7 days later
    And RetentionExpired happens once to "stable@bad"

  Scenario: Reverted an hour after it failed, a rollout is kept for seven days from then
    When "stable" moves to ref "bad"
    And these events happen 1 hour after "stable@bad" is Failed:
      | event            | rollout    | host      | from   | to       |
      | HostStateChanged | stable@bad | stable-02 | Failed | Reverted |
    Then "stable@bad" is Reverted
    And "stable@bad" is pruned 7 days later
    And RetentionExpired happens once to "stable@bad"

  @vacuous:the-same-ref-again
  Scenario: The same ref once more does not start it again
    When "stable" moves to ref "good"
    And "stable" moves to ref "good" 3 days after "stable@good" is Terminal
    Then "stable@good" is pruned 4 days later

  Scenario: A rollback that comes after the rollout was superseded does not start it again
    Given channel "stable" has policy rollback-and-halt
    And a rollback takes 5 minutes
    When "stable" moves to ref "bad"
    And "stable" moves to ref "b2" once host "stable-02" is failed
    And time passes until host "stable-02" under "stable@bad" is reverted
    Then "stable@bad" is Superseded
    And "stable@bad" is pruned 7 days later
    And SchedulePruning is emitted once for "stable@bad"

  Scenario: Being superseded a second time does not start it again
    When these events happen:
      | event           | rollout   | channel | ref | successor | later  |
      | RolloutOpened   | stable@a1 | stable  | a1  |           |        |
      | RolloutOpened   | stable@b2 | stable  | b2  |           |        |
      | SuccessorOpened | stable@a1 |         |     | stable@b2 |        |
      | RolloutOpened   | stable@c3 | stable  | c3  |           | 3 days |
      | SuccessorOpened | stable@b2 |         |     | stable@c3 |        |
      | SuccessorOpened | stable@a1 |         |     | stable@c3 |        |
    Then "stable@a1" has been Superseded
    And "stable@a1" is pruned 7 days later
    And "stable@b2" is pruned 3 days later
