Feature: Budgets by tags and shares

  Background:
    Given channel "stable" with 6 hosts soaking 10 minutes
    And hosts "stable-01" to "stable-03" have the tag "web"
    And hosts "stable-03" and "stable-04" have the tag "database"

  Scenario: At most one web server is down at a time
    Given a budget of one for tag "web"
    When "stable" moves to ref "a1"
    Then at most one of hosts "stable-01" to "stable-03" is ever in flight
    And host "stable-04" is never held back
    And host "stable-02" is held back by the disruption-budget

  Scenario: A budget counts a host once that has both of its tags
    Given a budget of two for any of the tags "web" and "database"
    When "stable" moves to ref "a1"
    Then at most 2 of hosts "stable-01" to "stable-04" are ever in flight
    And host "stable-03" is held back by the disruption-budget
    And hosts "stable-05" and "stable-06" are never held back

  Scenario: Half of the fleet works at all times
    Given a budget of half for all hosts
    When "stable" moves to ref "a1"
    Then at most half of the hosts of "stable@a1" are ever in flight
    And host "stable-04" is held back by the disruption-budget
    And "stable@a1" is Terminal
