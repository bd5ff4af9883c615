Feature: Waves, and what hosts run

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And the ack takes 2 seconds
    And activation takes 1 minute

  Scenario: The states of waves
    When "stable" moves to ref "a1"
    Then every host of wave 0 of "stable@a1" is Soaking 5 minutes after "stable@a1" is opened
    And 2 hosts of wave 1 of "stable@a1" are Pending while wave 0 is soaking
    And wave 1 of "stable@a1" is Pending while wave 0 is soaking
    And wave 0 of "stable@a1" is Converged
    And every host of wave 0 of "stable@a1" is Converged
    And 2 hosts of wave 1 of "stable@a1" are dispatched

  Scenario: A wave while the present is in it
    When "stable" moves to ref "a1"
    And time passes until wave 1 of "stable@a1" is soaking
    Then wave 1 of "stable@a1" is Soaking
    And hosts "stable-01" and "stable-02" run ref "a1"
    And every host of wave 1 of "stable@a1" is Converged within 15 minutes

  Scenario: A failed canary
    Given host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    Then no hosts of wave 1 of "stable@a1" are dispatched
    And one host of wave 0 of "stable@a1" is Failed

  Scenario: A rollback
    Given channel "stable" has policy rollback-and-halt
    And host "stable-02" fails its probes under ref "b2"
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    Then host "stable-02" runs ref "a1"
    And host "stable-02" runs ref "b2" while host "stable-02" under "stable@b2" is soaking
    And "stable@b2" is Reverted

  Scenario: How often
    Given host "stable-01" never answers
    When "stable" moves to ref "a1"
    Then HostStateChanged happens fewer than 1 times to "stable@a1"
    And HostJoined happens between 2 and 4 times to "stable@a1"
    And RecordRolloutTransition is emitted less than twice for "stable@a1"
    And host "stable-01" is dispatched more than twice
    And HostJoined happens about 3 times to "stable@a1"
    And "stable@a1" is stuck
