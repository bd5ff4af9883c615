Feature: Orders of an operator that nobody gives

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes

  Scenario: Never paused
    When "stable" moves to ref "a1"
    Then dispatching is not paused

  Scenario: No dispatch in a pause that never is
    When "stable" moves to ref "a1"
    Then no host is dispatched while dispatching is paused

  Scenario: No windows
    When "stable" moves to ref "a1"
    Then no host is dispatched outside the maintenance windows

  Scenario: Never aborted
    When "stable" moves to ref "a1"
    Then "stable@a1" is not aborted

  Scenario: A pause in which nothing waits
    When "stable" moves to ref "a1"
    And the operator pauses dispatching
    Then "stable@a1" is Terminal

  Scenario: A quarantine that holds nothing back
    When "stable" moves to ref "a1"
    And the operator quarantines ref "a1" on channel "stable"
    Then "stable@a1" is Terminal

  Scenario: An abort after the end
    When "stable" moves to ref "a1"
    And the operator aborts "stable@a1"
    Then "stable@a1" is Terminal

  Scenario: Windows that hold nothing back
    Given channel "stable" has a maintenance window from 00:00 to 12:00
    When "stable" moves to ref "a1"
    Then no host is dispatched outside the maintenance windows

  Rule: Nothing waits

    Background:
      When "stable" moves to ref "a1"
      And the operator pauses dispatching
      And the control plane crashes for 5 minutes

    Scenario: No dispatch in a pause that holds nothing back
      Then no host is dispatched while dispatching is paused

    Scenario: No dispatch in an outage after everything has ended
      Then no host is dispatched while the control plane is down

    Scenario: Not more than a few dispatches in that outage
      Then at most 2 hosts of "stable@a1" are dispatched while the control plane is down
