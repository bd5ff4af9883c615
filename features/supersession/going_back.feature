Feature: A channel that goes back to an old ref

  A ref whose rollout is known opens nothing when the channel points at it again, as in the real
  planner. The standing rollout continues, although the channel no longer points at it, and the
  channel is stranded until a new ref arrives.

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And activation takes 2 minutes

  Scenario: It is stranded, and the rollout that it leaves continues to its end
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" while wave 0 is soaking
    And "stable" moves back to ref "a1" while wave 0 is soaking
    Then channel "stable" is stranded at ref "a1"
    And "stable@a1" is Superseded
    And RolloutOpened happens once to "stable@a1"
    And SuccessorOpened never happens to "stable@b2"
    And "stable@b2" is Terminal

  Scenario: It is stranded also if the new ref has failed, so going back repairs nothing
    Given host "stable-01" fails its probes under ref "b2"
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal
    When "stable" moves to ref "b2"
    And "stable" moves back to ref "a1"
    Then channel "stable" is stranded at ref "a1"
    And "stable@b2" is Failed
    And host "stable-01" is Failed
    And "stable@a1" is Superseded

  Scenario: It is free again with the next new ref, which supersedes what stands
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    And "stable" moves back to ref "a1"
    Then channel "stable" is stranded
    When "stable" moves to ref "c3"
    Then "stable@c3" is Terminal
    And "stable@b2" is Superseded
    And SuccessorOpened happens once to "stable@a1"

  Scenario: It is no longer stranded when it returns to the standing ref
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    And "stable" moves back to ref "a1"
    And "stable" moves back to ref "b2"
    Then only "stable@b2" stands for channel "stable"
    And RolloutOpened happens once to "stable@b2"

  Scenario Outline: A ref that was pruned <when> is still known
    When "stable" moves to ref "a1"
    And <some time> passes
    And "stable" moves to ref "b2"
    And 8 days pass
    And "stable" moves back to ref "a1"
    Then channel "stable" is stranded at ref "a1"
    And "stable@a1" is Pruned
    And RolloutOpened happens once to "stable@a1"

    Examples:
      | when                          | some time |
      | after the next ref came       | 1 hour    |
      | long before the next ref came | 8 days    |
