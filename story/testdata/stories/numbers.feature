Feature: How many, which of several states, and when

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And activation takes 1 minute

  Scenario: How many hosts
    When "stable" moves to ref "a1"
    Then at least 50% of the hosts of "stable@a1" are Converged
    And at least 2 hosts of "stable@a1" are Pending while wave 0 is soaking
    And more than 1 host of "stable@a1" is Pending while wave 0 is soaking
    And fewer than 2 hosts of "stable@a1" are Soaking while wave 0 is soaking
    And between 1 and 2 hosts of "stable@a1" are Soaking while wave 0 is soaking
    And about 2 hosts of "stable@a1" are Soaking while wave 1 is soaking
    And all but 1 host of "stable@a1" are Pending while wave 0 is soaking
    And between 30 and 40% of the hosts of "stable@a1" are Soaking while wave 0 is soaking
    And at most 2 hosts of "stable@a1" are in flight while wave 1 is activating

  Scenario: How many are dispatched
    Given host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    Then all but 2 hosts of "stable@a1" are dispatched
    And at most 40% of the hosts of "stable@a1" are dispatched
    And "stable@a1" is at wave 0 or later

  Scenario: Which of several states
    When "stable" moves to ref "a1"
    And time passes until wave 1 is soaking
    Then "stable@a1" is Converging or Terminal
    And "stable@a1" is not Failed
    And "stable@a1" is neither Failed nor Reverted
    And hosts "stable-02" and "stable-03" are Soaking or Converged
    And every host of "stable@a1" is Soaking or Converged
    And hosts "stable-02" to "stable-03" are in flight
    And host "stable-01" is not in flight
    And "stable@a1" has ended within 1 hour
    And "stable@a1" has not ended while wave 1 is soaking
    And "stable@a1" is at wave 1 or later while wave 1 is soaking

  Scenario: How long
    When "stable" moves to ref "a1"
    Then "stable@a1" stays Terminal for 7 days
    And host "stable-01" stays Soaking for 5 minutes
    And host "stable-01" is Converged between 8 and 11 minutes after wave 0 is activating
    And "stable@a1" is Terminal at least 15 minutes after the start
    And "stable@a1" is Terminal at most 15 minutes after wave 0 is converged
    And "stable@a1" is Terminal within 1 hour of wave 0 is soaking
    And host "stable-02" is Soaking about 1 minute after host "stable-02" is activating

  Scenario: The time of day
    Given the story starts on 2026-05-16 at 22:00
    When "stable" moves to ref "a1" at 03:00
    Then "stable@a1" is Opening or Active 5 hours after the start
    And "stable@a1" is Terminal on Sunday at 12:00
    When "stable" moves to ref "b2" on Monday
    Then "stable@b2" is Terminal within 27 hours of the start

  Scenario: The control plane is down
    When "stable" moves to ref "a1"
    And the control plane crashes for 10 minutes while wave 0 is soaking
    Then the control plane is down 1 minute after wave 0 is soaking
    And the control plane is not down 20 minutes after wave 0 is soaking
    And no host is dispatched while the control plane is down

  Scenario: Refs that move while the control plane is down, and after it
    When "stable" moves to ref "a1"
    And the control plane crashes for 10 minutes while wave 0 is soaking
    And "stable" moves to ref "b2" while the control plane is down
    And "stable" moves to ref "c3" 5 minutes after the control plane is back
    Then the control plane is back before "stable@b2" is Active

  Scenario: Which host comes first
    When "stable" moves to ref "a1"
    Then host "stable-01" is dispatched before hosts "stable-02" to "stable-03"
    And hosts "stable-02" to "stable-03" are dispatched within 1 minute of wave 0 is converged
    And host "stable-01" goes through Pending, Activating, Soaking and Converged
    And hosts "stable-*" are dispatched once
    And the hosts are in these states:
      | hosts                   | state     | when                    |
      | stable-01               | Soaking   | while wave 0 is soaking |
      | stable-02 and stable-03 | Pending   | while wave 0 is soaking |
      | stable-01 to stable-03  | Converged | in the end              |

  Scenario: Under most of many seeds
    Given each of the seeds 1 to 20
    And 10% of activations are deferred
    When "stable" moves to ref "a1"
    Then in at least 90% of the seeds, "stable@a1" is Terminal within 22 minutes

  Scenario: No further than that
    When "stable" moves to ref "a1"
    Then "stable@a1" is at wave 0 or earlier while wave 0 is soaking
    And "stable@a1" is at wave 0 or earlier 5 minutes after the start
    And "stable@a1" is at wave 1 or later
    And half of hosts "stable-01" to "stable-02" is ever in flight
