Feature: Retention starts again with every new end, and only the last one counts

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes

  Scenario: Superseded three days after it converged, a rollout is kept for seven more
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" 3 days after "stable@a1" is Terminal
    Then "stable@a1" is Superseded
    And "stable@a1" is pruned 7 days later
    And RetentionExpired happens once to "stable@a1"
    And SchedulePruning is emitted twice for "stable@a1"

  Scenario: Superseded three days after it failed, a rollout is kept for seven more
    Given host "stable-02" fails its probes under ref "a1"
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" 3 days after "stable@a1" is Failed
    Then "stable@a1" is Superseded
    And "stable@a1" is pruned 7 days later
    And RetentionExpired happens once to "stable@a1"

  Scenario: Superseded three days after it rolled back, a rollout is kept for seven more
    Given channel "stable" has policy rollback-and-halt
    And host "stable-02" fails its probes under ref "a1"
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" 3 days after "stable@a1" is Reverted
    Then "stable@a1" is Superseded
    And "stable@a1" is pruned 7 days later
    And RetentionExpired happens once to "stable@a1"

  Scenario: Cleared three days after it failed, a rollout is kept for seven more
    Given host "stable-02" fails its probes
    When "stable" moves to ref "a1"
    And the operator clears "stable@a1" 3 days after "stable@a1" is Failed
    Then "stable@a1" is Terminal
    And "stable@a1" is pruned 7 days later
    And RetentionExpired happens once to "stable@a1"

  Scenario: Cleared three days after it rolled back, a rollout is kept for seven more
    Given channel "stable" has policy rollback-and-halt
    And host "stable-02" fails its probes
    When "stable" moves to ref "a1"
    And the operator clears "stable@a1" 3 days after "stable@a1" is Reverted
    Then "stable@a1" is Terminal
    And "stable@a1" is pruned 7 days later
    And RetentionExpired happens once to "stable@a1"

  Scenario: Being superseded a second time changes nothing
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
