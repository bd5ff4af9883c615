Feature: Maintenance windows

  Background:
    Given channel "stable" with waves of 1 and 3 hosts soaking 20 minutes
    And the story starts on 2026-05-15 at 18:00

  Scenario: A release in the evening goes out at night
    Given channel "stable" has a maintenance window from 02:00 to 04:00
    When "stable" moves to ref "a1"
    Then no host is dispatched outside the maintenance windows
    And host "stable-01" is held back by the maintenance-window
    And "stable@a1" is Converging between 8 hours and 9 hours after the start
    And "stable@a1" is Terminal

  Scenario: What does not fit into one night waits for the next one
    Given channel "stable" has a maintenance window from 02:00 to 02:15
    When "stable" moves to ref "a1"
    Then host "stable-01" is Converged 9 hours after the start
    And hosts "stable-02" to "stable-04" are Pending 30 hours after the start
    And "stable@a1" is Terminal

  Scenario: A window over midnight, on the weekend only
    Given channel "stable" has a maintenance window from 23:00 to 01:00 on Saturday
    When "stable" moves to ref "a1"
    Then no host is dispatched outside the maintenance windows
    And "stable@a1" is Terminal within 32 hours of the start

  Scenario: A channel without windows does not wait
    Given channel "stable" has a maintenance window from 02:00 to 04:00
    And channel "edge" with 2 hosts soaking 10 minutes
    When all channels move to ref "a1"
    Then "edge@a1" is Terminal before wave 0 of "stable@a1" is activating
    And "stable@a1" is Terminal
