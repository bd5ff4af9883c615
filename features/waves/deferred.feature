Feature: Hosts that wait for a reboot

  A switch of a critical component is deferred until the host reboots. Neither its wave nor the next
  one waits for that, but the rollout ends only when every deferred host has rebooted and converged.

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And activation takes 1 minute

  Scenario: The next wave starts as soon as the deferral is known, before any soak has ended
    Given host "stable-01" defers its activation and reboots 6 hours later
    When "stable" moves to ref "a1"
    And time passes until host "stable-01" is deferred
    Then "stable@a1" goes through Opening, Active, Converging and Active
    And "stable@a1" is at wave 1
    And hosts "stable-02" and "stable-03" are dispatched under "stable@a1"
    When 1 hour passes
    Then host "stable-01" is Deferred
    And hosts "stable-02" and "stable-03" are Converged
    And "stable@a1" is Converging

  Scenario: In one wave the others soak to their end, and then the deferred host alone is missing
    Given host "stable-03" defers its activation and reboots 6 hours later
    When "stable" moves to ref "a1"
    And time passes until host "stable-02" is converged
    Then host "stable-03" is Deferred
    And "stable@a1" is Converging

  Scenario: The reboot completes the rollout, whenever it happens
    Given host "stable-01" defers its activation
    And a reboot takes between 1 hour and 2 days
    When "stable" moves to ref "a1"
    And time passes until host "stable-03" is converged
    Then host "stable-01" is Deferred
    When time passes until everything has settled
    Then every host of "stable@a1" is Converged
    And "stable@a1" is Terminal

  Scenario: The soak counts from the dispatch for a deferred host too, so it has ended at the reboot
    Given host "stable-01" defers its activation and reboots 6 hours later
    And a probe takes 20 seconds
    And convergence takes 1 second
    When "stable" moves to ref "a1"
    And time passes until host "stable-01" is soaking
    Then "stable@a1" is Terminal 21 seconds later

  Scenario: A fleet that is deferred as a whole goes through all its waves without a single soak
    Given hosts "stable-01", "stable-02" and "stable-03" defer their activation and reboot 6 hours later
    When "stable" moves to ref "a1"
    And 5 minutes pass
    Then every host of "stable@a1" is Deferred
    And "stable@a1" is at wave 1
    And "stable@a1" is Converging

  Scenario: A reboot that never happens leaves the rollout stuck, although all others have converged
    Given host "stable-01" defers its activation and never reboots
    When "stable" moves to ref "a1"
    Then "stable@a1" is stuck waiting for host "stable-01"
    And "stable@a1" is Converging
    And hosts "stable-02" and "stable-03" are Converged
