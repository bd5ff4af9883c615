Feature: A new ref while a rollout is under way

  A channel that moves on supersedes the rollout of its old ref: that dispatches nothing more, and
  the rollout of the new ref takes every host, from the first wave on.

  Background:
    Given channel "stable" with waves of 1, 5 and 20 hosts soaking 30 minutes

  Scenario: Superseded in the middle of its second wave, a rollout dispatches no further host
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" while wave 1 is soaking
    Then rollout "stable@a1" is Superseded
    And no host of "stable@a1" is dispatched after that
    And 6 hosts of "stable@a1" are dispatched
    And "stable@a1" is at wave 1
    And no host of "stable@b2" is dispatched before "stable@a1" is Superseded
    And rollout "stable@b2" is Terminal

  Scenario Outline: Superseded <moment>, the old rollout dispatches no further host and the new one takes them all
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" <moment>
    Then "stable@a1" is Superseded
    And no host of "stable@a1" is dispatched after that
    And only "stable@b2" stands for channel "stable"
    And every host of "stable@b2" is Converged

    Examples:
      | moment                               |
      | while wave 0 is activating           |
      | while wave 0 is soaking              |
      | once wave 0 is converged             |
      | while wave 1 is activating           |
      | once "stable@a1" is Converging       |
      | while wave 2 is soaking              |
      | while host "stable-26" is activating |
      | 5 minutes after wave 2 is activating |

  Scenario Outline: A rollout is superseded from <state> at the next poll, before its successor is Active
    Given activation takes 7 minutes
    And channel "stable" is polled every 5 minutes
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" <minutes> minutes later
    Then "stable@a1" becomes Superseded <wait> minutes later
    And "stable@a1" goes through <states>
    And "stable@a1" is Superseded before "stable@b2" is Active

    Examples:
      | state      | minutes | wait | states                                  |
      | Active     | 1       | 4    | Opening, Active and Superseded          |
      | Converging | 8       | 2    | Opening, Active, Converging, Superseded |

  Scenario: SuccessorOpened happens to the old rollout once, and nothing follows
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" while wave 0 is soaking
    Then SuccessorOpened of "stable@a1" has the effects RecordRolloutTransition and SchedulePruning
    And SuccessorOpened happens once to "stable@a1"
    And WaveAdvanced happens once to "stable@a1"
    And "stable@a1" is never Terminal
