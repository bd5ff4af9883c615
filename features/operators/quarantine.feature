Feature: An operator quarantines a closure

  Background:
    Given channel "stable" with waves of 1 and 3 hosts soaking 30 minutes
    And channel "edge" with 2 hosts soaking 10 minutes

  Scenario: The second wave of a quarantined release is never dispatched
    When "stable" moves to ref "a1"
    And the operator quarantines ref "a1" on channel "stable" while wave 0 is soaking
    Then 1 host of "stable@a1" is dispatched
    And host "stable-02" is held back by the quarantine
    And "stable@a1" is stuck

  Scenario: The other channel may still run it
    When the operator quarantines ref "a1" on channel "stable"
    And all channels move to ref "a1"
    Then "edge@a1" is Terminal
    And no hosts of "stable@a1" are dispatched
    And "stable@a1" is stuck

  Scenario: An operator lifts it again
    When "stable" moves to ref "a1"
    And the operator quarantines ref "a1" on channel "stable" while wave 0 is soaking
    And the operator lifts the quarantine of ref "a1" on channel "stable" 6 hours later
    Then ref "a1" is quarantined on channel "stable" 5 hours after wave 0 is soaking
    And "stable@a1" is Terminal
