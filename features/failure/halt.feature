Feature: Under halt, one failing host fails the rollout

  Background:
    Given channel "stable" with waves of 1, 2 and 3 hosts soaking 10 minutes
    And activation takes 1 minute

  Scenario: A host that fails its probes fails the rollout, and nothing more is dispatched
    Given host "stable-02" fails its probes
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed
    And no host of "stable@a1" is dispatched after that
    And 3 hosts of "stable@a1" are dispatched
    And "stable@a1" goes through Opening, Active, Converging, Active, Converging and Failed

  Scenario: What was dispatched before the failure finishes
    Given host "stable-02" fails its probes
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed
    And host "stable-02" is Failed
    And host "stable-03" is Converged
    And 3 hosts of "stable@a1" are Pending

  Scenario: Probes must fail for a minute before the host fails
    Given the ack takes 5 seconds
    And the probe takes 20 seconds
    And host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    And time passes until wave 0 is soaking
    Then "stable@a1" is Converging
    And "stable@a1" is Failed 80 seconds later

  Scenario: A switch that fails needs no probe to tell
    Given the ack takes 5 seconds
    And host "stable-01" fails its activation
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed within 65 seconds
    And "stable@a1" goes through Opening, Active and Failed

  Scenario: Nothing rolls back
    Given host "stable-02" fails its probes
    When "stable" moves to ref "a1"
    Then "stable@a1" is never Reverted
    And host "stable-02" is Failed
    And ref "a1" is not quarantined on channel "stable"

  Scenario: Two hosts that fail fail the rollout once
    Given hosts "stable-02" and "stable-03" fail their probes
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed
    And 2 hosts of "stable@a1" are Failed
    And SchedulePruning is emitted once for "stable@a1"

  Scenario: A failure in the last wave fails the rollout, though all the others have converged
    Given host "stable-06" fails its probes
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed
    And 5 hosts of "stable@a1" are Converged

  Scenario: A failure on one channel does not stop another
    Given channel "edge" with 2 hosts soaking 10 minutes
    And host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    And "edge" moves to ref "a1" at once
    Then "stable@a1" is Failed
    And "edge@a1" is Terminal

  Scenario: The next ref starts anew from the first wave
    Given host "stable-02" fails its probes under ref "a1"
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed
    When "stable" moves to ref "b2"
    Then "stable@b2" is Terminal
    And 6 hosts of "stable@b2" are dispatched
