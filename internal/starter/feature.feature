# This feature passes: run it with `rollsim features FILE`, and change it step by step.
# A line that begins with # is a comment. `rollsim steps` lists all sentences, `rollsim steps --search WORD` finds one,
# `rollsim lint FILE` finds mistakes without running anything, and `rollsim fmt FILE` aligns the tables.
Feature: TITLE

  # The fleet of all scenarios below. The hosts of all waves are named in order: stable-01, stable-02, up to stable-06.
  Background:
    Given channel "stable" with waves of 1 and 5 hosts soaking 30 minutes

  # The name of a scenario says its result. Given describes the fleet, When says what happens, Then checks the result.
  Scenario: A healthy release reaches every host
    When "stable" moves to ref "a1"
    Then rollout "stable@a1" is Terminal
    And every host of "stable@a1" is Converged

  Scenario: A failing host keeps the second wave from starting
    Given host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    Then rollout "stable@a1" is Failed
    And no host of "stable@a1" is dispatched after that

  # An outline runs once for each row of its examples.
  Scenario Outline: A new ref supersedes a rollout that is <state>
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" once "stable@a1" is <state>
    Then rollout "stable@a1" is Superseded
    And rollout "stable@b2" is Terminal

    Examples:
      | state      |
      | Active     |
      | Converging |
      | Terminal   |
