Feature: Times under many seeds

  Background:
    Given channel "stable" with waves of 1 and 4 hosts soaking 30 minutes
    And each of the seeds 1 to 50

  Scenario: A release of two waves takes less than 90 minutes in nearly all cases
    When "stable" moves to ref "a1"
    Then the time to converge is under 90 minutes in 95% of the seeds

  Scenario: A slow activation delays the second wave
    Given activation takes between 5 and 50 minutes
    When "stable" moves to ref "a1"
    Then the time to converge of "stable@a1" is above 65 minutes in 50% of the seeds
    And the time to converge of "stable@a1" is under 3 hours in 100% of the seeds

  Scenario: A second wave is as fast as its slowest host
    Given activation takes between 5 and 50 minutes
    When "stable" moves to ref "a1"
    Then the time from when wave 1 is activating until "stable@a1" is Terminal is under 90 minutes in 90% of the seeds
