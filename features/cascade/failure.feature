Feature: A failure upstream

  A rollout that failed or rolled back was never Terminal, so the channels that wait for it stop
  too. A clearance by an operator releases them, and so does the next ref once it is Terminal.

  Background:
    Given channel "edge" with 1 host soaking 10 minutes
    And channel "stable" with 2 hosts soaking 10 minutes
    And channel "stable" waits for channel "edge"
    And host "edge-01" fails its probes under ref "bad"

  Scenario Outline: A channel that waits for a rollout that is <end> waits until an operator clears it
    Given channel "edge" has policy <policy>
    When "edge" moves to ref "bad"
    And "stable" moves to ref "a1"
    And the operator clears "edge@bad" 1 day after "edge@bad" is <end>
    Then "edge@bad" is Terminal before host "stable-01" is dispatched
    And "stable@a1" is Terminal

    Examples:
      | end      | policy            |
      | Failed   | halt              |
      | Reverted | rollback-and-halt |

  Scenario: The next ref releases them when it is Terminal, and not before
    When "edge" moves to ref "bad"
    And "stable" moves to ref "a1"
    And "edge" moves to ref "e2" 1 day later
    Then "edge@bad" is Superseded
    And "edge@e2" is Terminal before host "stable-01" is dispatched
    And "stable@a1" is Terminal

  Scenario: Without an operator the failed rollout is pruned at last, and the waiting one is stuck
    When "edge" moves to ref "bad"
    And "stable" moves to ref "a1"
    Then "stable@a1" is stuck waiting for host "stable-01", which is held back by channel-edges
    And "edge@bad" is Pruned in the end
    And no host of "stable@a1" is dispatched
