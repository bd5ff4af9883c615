Feature: The end of a retention in the same instant as something else

  The first of the two decides. Once pruned a rollout cannot be cleared or superseded; cleared or
  superseded just before, it is kept for a new retention, and the earlier one is void.

  Background:
    Given channel "stable" with 1 host
    And an ack takes 0 seconds
    And host "stable-01" fails its activation under ref "a1"

  Scenario: Cleared just before it ends, the rollout is kept for a new retention
    Given activation takes 1 minute
    And channel "stable" keeps ended rollouts for 1 hour
    When "stable" moves to ref "a1"
    And the operator clears "stable@a1" 61 minutes later
    Then these transitions happen:
      | rollout   | from    | to       | later    |
      | stable@a1 | Opening | Active   |          |
      | stable@a1 | Active  | Failed   | 1 minute |
      | stable@a1 | Failed  | Terminal | 1 hour   |
    And "stable@a1" is pruned 1 hour later
    And RetentionExpired happens once to "stable@a1"

  Scenario: Cleared just after it ended, the rollout is Pruned and refuses
    Given activation takes 1 minute
    And channel "stable" keeps ended rollouts for 1 hour
    When "stable" moves to ref "a1"
    And the operator clears "stable@a1" 1 hour after "stable@a1" is Failed
    Then OperatorClearance of "stable@a1" is refused with IllegalForState
    And "stable@a1" goes through Opening, Active, Failed and Pruned

  Scenario: Rolled back just before it ends, the rollout is Reverted and kept for a new retention
    Given activation takes 1 minute
    And channel "stable" keeps ended rollouts for 1 hour
    When "stable" moves to ref "a1"
    And these events happen 61 minutes later:
      | event            | rollout   | host      | from   | to       |
      | HostStateChanged | stable@a1 | stable-01 | Failed | Reverted |
    Then these transitions happen:
      | rollout   | from    | to       | later    |
      | stable@a1 | Opening | Active   |          |
      | stable@a1 | Active  | Failed   | 1 minute |
      | stable@a1 | Failed  | Reverted | 1 hour   |
    And "stable@a1" is pruned 1 hour later
    And RetentionExpired happens once to "stable@a1"

  Scenario: A new ref that is seen just before it ends supersedes the rollout, which is kept for a new retention
    Given activation takes 90 seconds
    And channel "stable" keeps ended rollouts for 30 seconds
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" 110 seconds later
    Then these transitions happen:
      | rollout   | from       | to         | later      |
      | stable@a1 | Opening    | Active     |            |
      | stable@a1 | Active     | Failed     | 90 seconds |
      | stable@a1 | Failed     | Superseded | 30 seconds |
      | stable@a1 | Superseded | Pruned     | 30 seconds |
    And RetentionExpired happens once to "stable@a1"

  Scenario: A new ref that is seen just after it ended finds nothing to supersede
    Given activation takes 1 minute
    And channel "stable" keeps ended rollouts for 1 hour
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" 60 minutes and 30 seconds later
    Then these transitions happen:
      | rollout   | from    | to     | later    |
      | stable@a1 | Opening | Active |          |
      | stable@a1 | Active  | Failed | 1 minute |
      | stable@a1 | Failed  | Pruned | 1 hour   |
    And "stable@a1" is Pruned before "stable@b2" is Active
    And SuccessorOpened never happens to "stable@a1"
