Feature: An operator pauses dispatching

  Background:
    Given channel "stable" with waves of 1, 2 and 3 hosts soaking 30 minutes
    And channel "edge" with 2 hosts soaking 10 minutes

  Scenario: The canary soaks to its end, and nothing more goes out until dispatching is resumed
    When "stable" moves to ref "a1"
    And the operator pauses dispatching on channel "stable" while wave 0 is soaking
    And the operator resumes dispatching on channel "stable" 8 hours later
    Then host "stable-01" is Converged 2 hours after wave 0 of "stable@a1" is soaking
    And no host of "stable@a1" is dispatched while dispatching is paused
    And hosts "stable-02" and "stable-03" are held back by the dispatch-pause
    And "stable@a1" is Terminal

  Scenario: The other channel goes out meanwhile
    When the operator pauses dispatching on channel "stable"
    And all channels move to ref "a1"
    And the operator resumes dispatching on channel "stable" 3 hours later
    Then "edge@a1" is Terminal before wave 0 of "stable@a1" is activating
    And "stable@a1" is Terminal

  Scenario: A pause of all channels holds both back
    When the operator pauses dispatching
    And all channels move to ref "a1"
    And the operator resumes dispatching 3 hours later
    Then no host is dispatched while dispatching is paused
    And hosts "edge-*" are held back by the dispatch-pause
    And "stable@a1" is Terminal

  Scenario: A crash does not end the pause
    When "stable" moves to ref "a1"
    And the operator pauses dispatching on channel "stable" while wave 0 is soaking
    And the control plane crashes for 10 minutes 1 hour later
    And the operator resumes dispatching on channel "stable" 2 hours later
    Then dispatching is paused on channel "stable" 2 hours after wave 0 of "stable@a1" is soaking
    And no host is dispatched while dispatching is paused
    And "stable@a1" is Terminal

  Scenario: A dispatch that nobody has acked is not sent again before the pause ends
    Given host "stable-01" never answers
    When "stable" moves to ref "a1"
    And the operator pauses dispatching 30 seconds after "stable@a1" is Active
    And the operator resumes dispatching 1 hour later
    Then no host is dispatched while dispatching is paused
    And host "stable-01" is dispatched at least 3 times
    And "stable@a1" is stuck waiting for host "stable-01", which is never acked

  Scenario: A pause that nobody ends leaves the rollout stuck
    When "stable" moves to ref "a1"
    And the operator pauses dispatching while wave 1 is soaking
    Then "stable@a1" is stuck waiting for host "stable-04", which is held back by dispatch-pause
    And hosts "stable-01" to "stable-03" are Converged
