Feature: A canary

  The first wave is one host. Everything that a team would like to know about it before the other
  hosts follow.

  Background:
    Given channel "stable" with waves of 1, 3 and 6 hosts soaking 30 minutes
    And activation takes 1 minute

  Scenario: The canary comes first
    When "stable" moves to ref "a1"
    Then host "stable-01" is dispatched before hosts "stable-02" to "stable-10"
    And all but 1 host of "stable@a1" are Pending while wave 0 is soaking

  Scenario: The canary soaks before anything follows
    When "stable" moves to ref "a1"
    Then host "stable-01" stays Soaking for 28 minutes
    And host "stable-02" is dispatched within 1 minute of host "stable-01" is converged

  Scenario: A canary that fails keeps nine of ten hosts safe
    Given host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed
    And all but 9 hosts of "stable@a1" are dispatched
    And hosts "stable-02" to "stable-10" are not Failed

  Scenario: A failure of the second wave leaves most of the third alone
    Given host "stable-03" fails its activation
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed or Reverted
    And at most 40% of the hosts of "stable@a1" are dispatched
    And hosts "stable-05" to "stable-10" are never dispatched

  Scenario: A slow canary delays everything and stops nothing
    Given on host "stable-01" activation takes 2 hours
    When "stable" moves to ref "a1"
    Then "stable@a1" has not ended 2 hours after the start
    And "stable@a1" is Terminal between 3 and 4 hours after the start

  Scenario: A canary that defers its switch does not keep the second wave waiting
    Given host "stable-01" defers its activation and reboots 1 day later
    When "stable" moves to ref "a1"
    Then host "stable-01" is neither Failed nor Converged 2 hours after the start
    And more than half of the hosts of "stable@a1" are Converged 2 hours after the start
    And "stable@a1" has ended within 26 hours of the start

  Scenario: The waves become larger
    When "stable" moves to ref "a1"
    Then 10% of the hosts of "stable@a1" are in flight while wave 0 is soaking
    And 30% of the hosts of "stable@a1" are in flight while wave 1 is soaking
    And 60% of the hosts of "stable@a1" are in flight while wave 2 is soaking

  Scenario: The cursor only moves forward
    When "stable" moves to ref "a1"
    Then "stable@a1" is at wave 1 or later while wave 1 is soaking
    And "stable@a1" is at wave 2 or later while wave 2 is soaking
    And host "stable-10" goes through Pending, Activating, Soaking and Converged

  Scenario: Nothing of a new release reaches the rest while its canary soaks
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    Then the hosts are in these states:
      | hosts                  | state     | when                                   | rollout   |
      | stable-01              | Soaking   | while wave 0 of "stable@b2" is soaking | stable@b2 |
      | stable-02 to stable-10 | Pending   | while wave 0 of "stable@b2" is soaking | stable@b2 |
      | stable-02 to stable-10 | Converged | while wave 0 of "stable@b2" is soaking | stable@a1 |
      | stable-*               | Converged | in the end                             | stable@b2 |

  Scenario Outline: Under each of many seeds, a release of three waves takes <least> to <most> hours
    Given each of the seeds 1 to 20
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal between <least> hours and <most> hours after the start

    Examples:
      | least | most |
      | 1.4   | 2    |
