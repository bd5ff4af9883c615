Feature: Waves as shares of the fleet

  Scenario: A canary of five percent
    Given channel "stable" with 40 hosts in waves of 5%, 25% and 70% soaking 10 minutes
    And hosts "stable-01" and "stable-02" fail their probes
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed
    And at most 5% of the hosts of "stable@a1" are dispatched

  Scenario: Hosts outside the waves go with the first one
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And channel "stable" has 2 more hosts outside its waves
    When "stable" moves to ref "a1"
    Then 3 hosts of wave 0 of "stable@a1" are Soaking while wave 0 is soaking
    And host "stable-05" is dispatched before hosts "stable-02" and "stable-03"
