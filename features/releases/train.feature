Feature: A train of releases

  A new ref comes at fixed times, whether or not the rollout before it has ended. One that is still
  under way is superseded, and only the newest one is finished.

  Background:
    Given channel "stable" with waves of 1 and 5 hosts soaking 4 hours

  Scenario: A soak longer than the interval finishes only the last release
    When new refs come to channel "stable" every 6 hours for 1 day
    Then 5 rollouts are opened for channel "stable"
    And "stable@r1" is Superseded
    And "stable@r4" is never Terminal
    And only "stable@r5" stands for channel "stable"
    And every host of "stable@r5" is Converged

  Scenario: A soak that fits between two releases finishes each of them
    When new refs come to channel "stable" every 12 hours for 1 day
    Then "stable@r1" has been Terminal
    And "stable@r2" has been Terminal
    And "stable@r1" is Superseded
    And only "stable@r3" stands for channel "stable"

  Scenario: No release of a fast train reaches the second wave
    When new refs come to channel "stable" every 2 hours for 1 day
    Then host "stable-02" is dispatched once
    And host "stable-01" has been Soaking under "stable@r1"
    And "stable@r13" is Terminal
    And "stable@r12" is at wave 0 or earlier in the end
