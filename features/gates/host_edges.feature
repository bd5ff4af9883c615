Feature: Hosts that wait for other hosts

  A host with an edge is dispatched only when the host that it waits for, under the same rollout,
  has converged or waits for a reboot. The rest of its wave does not wait.

  Background:
    Given channel "stable" with these waves:
      | hosts                | soak       |
      | db-01, db-02, web-01 | 10 minutes |
      | web-02               | 10 minutes |
    And host "db-02" waits for host "db-01"
    And activation takes 1 minute

  Scenario: It goes when the other has converged, and no other host waits
    When "stable" moves to ref "a1"
    Then host "db-02" is held back by the host-edge
    And host "db-01" is Converged before host "db-02" is dispatched
    And host "web-01" is dispatched before host "db-01" is Converged
    And "stable@a1" is Terminal

  Scenario: It goes when the other waits for a reboot
    Given host "db-01" defers its activation and reboots 6 hours later
    When "stable" moves to ref "a1"
    And time passes until host "db-02" is converged
    Then host "db-01" is Deferred

  Scenario: It waits again under the next ref
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    Then host "db-02" is held back by the host-edge under "stable@b2"
    And host "db-01" under "stable@b2" is Converged before host "db-02" under "stable@b2" is dispatched

  Scenario: If the other never answers it waits for ever, and its wave with it
    Given host "db-01" never answers
    When "stable" moves to ref "a1"
    Then "stable@a1" is stuck waiting for host "db-02", which is held back by host-edge
    And host "web-02" is never dispatched

  Scenario: With edges in a row the hosts go one after the other
    Given host "web-01" waits for host "db-02"
    When "stable" moves to ref "a1"
    Then host "db-01" is Converged before host "db-02" is dispatched
    And host "db-02" is Converged before host "web-01" is dispatched
    And "stable@a1" is Terminal

  Scenario: With two edges a host waits for both
    Given host "web-01" waits for hosts "db-01" and "db-02"
    And on host "db-01" activation takes 1 hour
    When "stable" moves to ref "a1"
    Then host "db-02" is Converged before host "web-01" is dispatched
    And host "db-01" is Converged before host "web-01" is dispatched

  Scenario: A host that waits for one of a later wave blocks that wave for ever
    Given host "web-01" waits for host "web-02"
    When "stable" moves to ref "a1"
    Then "stable@a1" is stuck waiting for host "web-01", which is held back by host-edge
    And hosts "db-01" and "db-02" are Converged
    And host "web-02" is never dispatched
