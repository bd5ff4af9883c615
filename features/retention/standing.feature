Feature: What stands for a channel

  A rollout stands until it is superseded or pruned. A channel may have none, before its first release
  and after the retention of its last one.

  Background:
    Given channel "stable" with 2 hosts soaking 10 minutes
    And channel "stable" keeps ended rollouts for 3 days

  Scenario: No rollout stands before the first release, nor after its retention
    When "stable" moves to ref "a1" 2 hours later
    Then no rollout stands for channel "stable" 1 hour after the start
    And only "stable@a1" stands for channel "stable"
    And "stable@a1" is Terminal
    And no rollout stands for channel "stable" in the end
