Feature: Several fates at once

  Background:
    Given channel "stable" with waves of 3 and 2 hosts soaking 10 minutes
    And channel "stable" has policy rollback-and-halt

  Scenario: One host fails, one waits for a reboot and one does not answer
    Given these hosts misbehave:
      | hosts     | does                  | reboots |
      | stable-01 | fails its probes      |         |
      | stable-02 | defers its activation | 2 hours |
      | stable-03 | never answers         |         |
    When "stable" moves to ref "a1"
    Then "stable@a1" is Reverted
    And no hosts of wave 1 of "stable@a1" are dispatched
    And host "stable-02" is Converged
    And host "stable-03" is Pending

  Scenario: Somebody reboots the host that waits
    Given host "stable-02" defers its activation and never reboots
    When "stable" moves to ref "a1"
    And host "stable-02" reboots 3 hours later
    Then "stable@a1" is Terminal
    And host "stable-02" has been Deferred

  Scenario: A host that is always well in a fleet that is not
    Given 100% of probes fail
    And host "stable-03" always converges
    When "stable" moves to ref "a1"
    Then host "stable-03" is Converged
    And hosts "stable-01" and "stable-02" are Reverted
    And "stable@a1" is Reverted
