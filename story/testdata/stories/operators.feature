Feature: Orders of an operator

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And channel "edge" with 2 hosts soaking 10 minutes

  Scenario: Dispatching is paused, and resumed
    When all channels move to ref "a1"
    And the operator pauses dispatching on channel "stable" while wave 0 of "stable@a1" is soaking
    And an operator resumes dispatching on channel "stable" 2 hours later
    Then dispatching is paused on channel "stable" 1 hour after wave 0 of "stable@a1" is soaking
    And dispatching is not paused on channel "edge" 1 hour after wave 0 of "stable@a1" is soaking
    And no host of "stable@a1" is dispatched while dispatching is paused
    And no hosts are dispatched while dispatching is paused
    And host "stable-02" is held back by the dispatch-pause

  Scenario: Dispatching is paused everywhere
    When the operator pauses dispatching
    And all channels move to ref "a1"
    And the operator resumes dispatching
    Then dispatching is not paused
    And every rollout is pruned in the end

  Scenario: A rollout is aborted
    When "stable" moves to ref "a1"
    And the operator aborts "stable@a1" while wave 0 is soaking
    And "edge" moves to ref "a1"
    Then "stable@a1" is aborted
    And "stable@a1" is aborted 5 minutes after wave 0 of "stable@a1" is soaking
    And rollout "edge@a1" is not aborted
    And 1 host of "stable@a1" is dispatched

  Scenario: A closure is quarantined by hand
    When "stable" moves to ref "a1"
    And the operator quarantines ref "a1" on channel "stable" while wave 0 is soaking
    Then ref "a1" is quarantined on channel "stable"
    And host "stable-02" is held back by the quarantine
    And "stable@a1" is stuck

  Scenario: Maintenance windows
    Given channel "stable" has a maintenance window from 02:00 to 02:30
    And channel "edge" has the maintenance window from 23:00 to 01:00 on Fridays and Saturdays
    When all channels move to ref "a1"
    Then no host is dispatched outside the maintenance windows
    And no hosts of "edge@a1" are dispatched outside maintenance windows
    And host "stable-01" is held back by the maintenance-window

  Scenario: A pause for an hour
    When "stable" moves to ref "a1"
    And the operator pauses dispatching on channel "stable" while wave 0 is soaking
    And the operator resumes dispatching on channel "stable" 1 hour later
    Then dispatching is paused on channel "stable" 1 minute after wave 0 is soaking
    And dispatching is not paused on channel "stable" 2 hours after wave 0 is soaking
    And "stable@a1" is Terminal

  Scenario: One of two rollouts is aborted
    When "stable" moves to ref "a1"
    And the operator aborts "stable@a1" while wave 0 is soaking
    And "stable" moves to ref "b2" 1 hour later
    Then "stable@a1" is aborted 1 minute after wave 0 of "stable@a1" is soaking
    And "stable@b2" is not aborted

  Scenario: An abort, soon after
    When "stable" moves to ref "a1"
    And the operator aborts "stable@a1" while wave 0 is soaking
    Then "stable@a1" is aborted 1 minute after wave 0 is soaking

  Scenario: A window on the weekend
    Given channel "stable" has a maintenance window from 22:00 to 04:00 on Saturday and Sunday
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal
    And no host is dispatched outside the maintenance windows
