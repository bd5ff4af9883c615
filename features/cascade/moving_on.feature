Feature: An upstream channel that moves on

  The gate asks for the ref that the other channel points at now. If that changes in the middle of a
  rollout downstream, dispatched hosts continue and the others wait again.

  Background:
    Given channel "edge" with 1 host soaking 10 minutes
    And channel "stable" with waves of 1 and 2 hosts soaking 30 minutes
    And channel "stable" waits for channel "edge"
    And activation takes 1 minute

  Scenario: The next wave waits for the new ref, although the rollout of the old one was Terminal
    Given on host "edge-01" convergence takes 1 hour
    When "edge" moves to ref "e1"
    And "stable" moves to ref "a1"
    And "edge" moves to ref "e2" while wave 0 of "stable@a1" is soaking
    Then host "stable-01" is Converged before "edge@e2" is Terminal
    And "edge@e2" is Terminal before host "stable-02" is dispatched
    And host "stable-02" is held back by the channel-edges
    And "stable@a1" is Terminal

  Scenario: A failure of the new ref stops what the old one had released
    Given host "edge-01" fails its probes under ref "e2"
    When "edge" moves to ref "e1"
    And "stable" moves to ref "a1"
    And "edge" moves to ref "e2" while wave 0 of "stable@a1" is soaking
    Then "edge@e2" is Failed
    And host "stable-01" is Converged
    And "stable@a1" is stuck waiting for host "stable-02", which is held back by channel-edges

  Scenario: A channel that went back to a superseded ref releases others: that rollout has ended
    When the channels move like this:
      | channel | ref | when                    |
      | edge    | e1  |                         |
      | edge    | e2  | while wave 0 is soaking |
      | edge    | e1  | while wave 0 is soaking |
      | stable  | a1  | at once                 |
    Then channel "edge" is stranded at ref "e1"
    And "edge@e1" is never Terminal
    And host "stable-01" is dispatched before "edge@e2" is Terminal
    And "stable@a1" is Terminal
