Feature: Orders of an operator

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes

  Scenario: Not paused yet
    When "stable" moves to ref "a1"
    And the operator pauses dispatching while wave 0 is soaking
    And the operator resumes dispatching 1 hour later
    Then dispatching is paused 2 hours after wave 0 is soaking

  Scenario: Paused
    When "stable" moves to ref "a1"
    And the operator pauses dispatching while wave 0 is soaking
    And the operator resumes dispatching 1 hour later
    Then dispatching is not paused 5 minutes after wave 0 is soaking

  Scenario: Dispatched while paused
    When "stable" moves to ref "a1"
    And the operator pauses dispatching while wave 0 is soaking
    And the operator resumes dispatching 1 hour later
    Then one host is dispatched while dispatching is paused

  Scenario: Dispatched outside
    Given channel "stable" has a maintenance window from 02:00 to 04:00
    When "stable" moves to ref "a1"
    Then 2 hosts of "stable@a1" are dispatched outside the maintenance windows

  Scenario: Not aborted
    When "stable" moves to ref "a1"
    Then "stable@a1" is aborted

  Scenario: Aborted
    When "stable" moves to ref "a1"
    And the operator aborts "stable@a1" while wave 0 is soaking
    Then "stable@a1" is not aborted

  Scenario: Aborted and not stuck
    When "stable" moves to ref "a1"
    And the operator aborts "stable@a1" while wave 0 is soaking
    Then "stable@a1" is stuck

  Scenario: A pause that changes nothing
    When "stable" moves to ref "a1"
    And the operator pauses dispatching
    Then "stable@a1" is Terminal

  Scenario: A channel that does not exist
    When "stable" moves to ref "a1"
    And the operator pauses dispatching on channel "stabel"
    Then "stable@a1" is Terminal

  Scenario: An order under the shipped control plane
    Given the control plane is shipped
    When "stable" moves to ref "a1"
    And the operator aborts "stable@a1"
    Then "stable@a1" is Active

  Scenario: A window under the shipped control plane
    Given the control plane is shipped
    And channel "stable" has a maintenance window from 02:00 to 04:00
    When "stable" moves to ref "a1"
    Then "stable@a1" is Active
