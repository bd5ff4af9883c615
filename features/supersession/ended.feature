Feature: A new ref supersedes a rollout that has ended

  A rollout stands for its channel until it is superseded or pruned, however it ended.

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And activation takes 1 minute

  Scenario: A rollout that converged is superseded by the next one
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal
    When "stable" moves to ref "b2"
    Then "stable@a1" is Superseded
    And only "stable@b2" stands for channel "stable"
    And "stable@b2" is Terminal

  Scenario: A rollout that failed is superseded, and the next one converges
    Given host "stable-02" fails its probes under ref "a1"
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed
    When "stable" moves to ref "b2"
    Then "stable@a1" goes through Opening, Active, Converging, Active, Converging, Failed and Superseded
    And "stable@b2" is Terminal

  Scenario: A rollout that rolled back is superseded, and the next one converges
    Given channel "stable" has policy rollback-and-halt
    And host "stable-02" fails its probes under ref "a1"
    When "stable" moves to ref "a1"
    Then "stable@a1" is Reverted
    When "stable" moves to ref "b2"
    Then "stable@a1" is Superseded
    And "stable@b2" is Terminal

  Scenario: A rollout that an operator cleared is superseded like any other
    Given host "stable-02" fails its probes under ref "a1"
    When "stable" moves to ref "a1"
    And the operator clears "stable@a1" once "stable@a1" is Failed
    And "stable" moves to ref "b2"
    Then "stable@a1" goes through Opening, Active, Converging, Active, Converging, Failed, Terminal and Superseded

  Scenario: A rollout whose retention has ended is pruned, and nothing is left to supersede
    When "stable" moves to ref "a1"
    And 8 days pass
    And "stable" moves to ref "b2"
    Then "stable@a1" is Pruned
    And SuccessorOpened never happens to "stable@a1"
    And "stable@b2" is Terminal

  Scenario: A channel without hosts opens a rollout that waits until it is superseded
    Given channel "empty" with no hosts
    When "empty" moves to ref "a1"
    Then "empty@a1" is Opening
    When "empty" moves to ref "b2"
    Then "empty@a1" goes through Opening and Superseded
    And "empty@b2" is Opening
