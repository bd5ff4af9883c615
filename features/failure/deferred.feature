Feature: Hosts that answer late, or not at all

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes

  Scenario: A wave advances past a host that waits for its reboot
    Given host "stable-01" defers its activation and reboots 6 hours later
    When "stable" moves to ref "a1"
    And 1 hour passes
    Then host "stable-01" is Deferred
    And hosts "stable-02" and "stable-03" are Converged
    And "stable@a1" is Converging

  Scenario: The late reboot completes the rollout
    Given host "stable-01" defers its activation and reboots 6 hours later
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal
    And every host of "stable@a1" is Converged
    And host "stable-01" is Converged

  Scenario: A host that reboots into a failing probe fails the rollout at last
    Given host "stable-01" defers its activation and reboots 6 hours later
    And host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed
    And hosts "stable-02" and "stable-03" are Converged

  Scenario: A host that reboots into a switch that fails fails the rollout at last
    Given host "stable-03" defers its activation and reboots 6 hours later
    And host "stable-03" fails its activation
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed
    And host "stable-03" is Failed

  Scenario: A reboot that never comes leaves the rollout stuck
    Given host "stable-03" defers its activation and never reboots
    When "stable" moves to ref "a1"
    Then "stable@a1" is stuck waiting for host "stable-03"
    And "stable@a1" is Converging

  Scenario: A host that never answers holds up its wave and all that follow
    Given host "stable-01" never answers
    When "stable" moves to ref "a1"
    Then "stable@a1" is stuck waiting for host "stable-01"
    And host "stable-01" is Pending
    And host "stable-02" is never dispatched

  Scenario: A slow host holds up only its own wave
    Given channel "edge" with these waves:
      | hosts          | soak       |
      | canary         | 10 minutes |
      | web-01, web-02 | 30 minutes |
      | db-01          | 2 hours    |
    And activation takes between 30 seconds and 2 minutes
    And on host "web-02" activation takes 3 hours
    When "edge" moves to ref "a1"
    And time passes until host "web-01" is converged
    Then host "canary" is Converged
    And host "web-02" is Activating
    And host "db-01" is Pending
    And "edge@a1" is at wave 1
    When time passes until everything has settled
    Then host "db-01" is dispatched under "edge@a1"
    And "edge@a1" is Terminal

  Scenario: A host that waits for a reboot converges after it, whenever that comes
    Given host "stable-02" defers its activation
    When "stable" moves to ref "a1"
    And time passes until host "stable-02" is deferred
    Then "stable@a1" is at wave 1
    When time passes until everything has settled
    Then host "stable-02" is Converged
    And "stable@a1" is Terminal
