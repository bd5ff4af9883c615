Feature: A channel that waits for another

  The channel opens its rollout and dispatches nothing until the present rollout of the other
  channel has been Terminal. The two refs need not be the same.

  Background:
    Given channel "edge" with 1 host soaking 10 minutes
    And channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And channel "stable" waits for channel "edge"
    And an ack takes 10 seconds
    And activation takes 1 minute

  Scenario: It goes in the instant in which the other is Terminal, and not while that is Converging
    When "edge" moves to ref "e1"
    And "stable" moves to ref "a1" at once
    And time passes until "edge@e1" is Converging
    Then "stable@a1" is Active
    And host "stable-01" is held back by the channel-edges
    When time passes until "edge@e1" is Terminal
    And 1 minute and 10 seconds pass
    Then host "stable-01" is Soaking
    And no host of "stable@a1" is dispatched before "edge@e1" is Terminal

  @vacuous:nothing-to-wait-for
  Scenario: It does not wait if the other has been Terminal for long
    When "edge" moves to ref "e1"
    And "stable" moves to ref "a1"
    Then host "stable-01" is never held back by the channel-edges
    And "stable@a1" is Terminal

  @vacuous:nothing-to-wait-for
  Scenario: It does not wait if the other has been pruned since
    When "edge" moves to ref "e1"
    And 8 days pass
    And "stable" moves to ref "a1"
    Then "edge@e1" is Pruned
    And host "stable-01" is never held back by the channel-edges
    And "stable@a1" is Terminal

  Scenario: It waits, and is stuck, if the other has no ref yet
    When "stable" moves to ref "a1"
    Then "stable@a1" is stuck waiting for host "stable-01", which is held back by channel-edges
    And no host of "stable@a1" is dispatched

  Scenario: It waits for ever if the other has no hosts, because that rollout never ends
    Given channel "empty" with no hosts
    And channel "edge" waits for channel "empty"
    When "empty" moves to ref "x1"
    And "edge" moves to ref "e1"
    And "stable" moves to ref "a1"
    Then "edge@e1" is stuck waiting for host "edge-01", which is held back by channel-edges
    And "stable@a1" is stuck
    And "empty@x1" is Opening

  Scenario: A ref that arrives while it waits replaces the one that was not dispatched
    When "edge" moves to ref "e1"
    And "stable" moves to ref "a1" at once
    And "stable" moves to ref "b2" while "edge@e1" is Converging
    Then "stable@a1" goes through Opening, Active and Superseded
    And no host of "stable@a1" is dispatched
    And every host of "stable@b2" is Converged
