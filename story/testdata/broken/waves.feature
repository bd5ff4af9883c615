Feature: Waves, and what hosts run

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And the ack takes 2 seconds
    And activation takes 1 minute

  Scenario: A wave is further
    When "stable" moves to ref "a1"
    Then wave 1 of "stable@a1" is Soaking

  Scenario: A wave is not there in time
    When "stable" moves to ref "a1"
    Then wave 0 of "stable@a1" is Soaking while wave 0 is soaking
    And wave 1 of "stable@a1" is Converged within 10 minutes

  Scenario: One host of a wave is behind
    Given on host "stable-03" activation takes 1 hour
    When "stable" moves to ref "a1"
    Then every host of wave 1 of "stable@a1" is Soaking while host "stable-02" is soaking

  Scenario: Another number of a wave
    When "stable" moves to ref "a1"
    Then one host of wave 1 of "stable@a1" is Pending while wave 0 is soaking

  Scenario: More of a wave are dispatched
    When "stable" moves to ref "a1"
    Then no hosts of wave 1 of "stable@a1" are dispatched

  Scenario: A wave that does not exist
    When "stable" moves to ref "a1"
    Then wave 2 of "stable@a1" is Pending

  Scenario: Another ref
    When "stable" moves to ref "a1"
    Then host "stable-02" runs ref "b2"

  Scenario: Nothing yet
    When "stable" moves to ref "a1"
    Then host "stable-02" runs ref "a1" while wave 0 is soaking

  Scenario: More often
    When "stable" moves to ref "a1"
    Then HostJoined happens fewer than 3 times to "stable@a1"

  Scenario: Between other numbers
    When "stable" moves to ref "a1"
    Then HostJoined happens between 4 and 5 times to "stable@a1"

  Scenario: Numbers in the wrong order
    When "stable" moves to ref "a1"
    Then HostJoined happens between 5 and 4 times to "stable@a1"
