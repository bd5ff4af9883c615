Feature: Under a machine that only a scenario file names

  Scenario: A state that it cannot reach
    Given the scenario "failure-under-v0.2"
    And the run lasts 30 days
    When 1 day passes
    Then "stable@a1" is never Pruned

  Scenario: An effect that it never emits
    Given the scenario "failure-under-v0.2"
    When 1 day passes
    Then SchedulePruning is never emitted for "stable@a1"
