Feature: The hosts of a wave

  Background:
    Given channel "stable" with waves of 1, 2 and 3 hosts soaking 30 minutes
    And activation takes 2 minutes

  Scenario: No host of a wave begins before every host of the wave before has converged
    When "stable" moves to ref "a1"
    And time passes until wave 1 of "stable@a1" is activating
    Then every host of wave 0 of "stable@a1" is Converged
    And wave 2 of "stable@a1" is Pending

  Scenario: One slow host keeps the whole next wave waiting
    Given on host "stable-03" activation takes 6 hours under ref "a1"
    When "stable" moves to ref "a1"
    Then 3 hosts of wave 2 of "stable@a1" are Pending 5 hours after the start
    And one host of wave 1 of "stable@a1" is Activating 5 hours after the start
    And "stable@a1" is Terminal

  Scenario: A failure in the second wave keeps the third from going out
    Given host "stable-02" fails its probes
    When "stable" moves to ref "a1"
    Then 2 hosts of wave 1 of "stable@a1" are dispatched
    And no hosts of wave 2 of "stable@a1" are dispatched
    And "stable@a1" is Failed

  Scenario: A deferred host does not keep the next wave waiting
    Given host "stable-02" defers its activation and reboots 10 hours later
    When "stable" moves to ref "a1"
    Then wave 1 of "stable@a1" is Deferred 2 hours after the start
    And every host of wave 2 of "stable@a1" is Converged 2 hours after the start
    And "stable@a1" is Terminal
