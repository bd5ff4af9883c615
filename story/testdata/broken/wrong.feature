Feature: What does not hold in some run

  Background:
    Given channel "stable" with waves of 1 and 1 hosts soaking 2 minutes
    And activation takes 20 seconds

  Scenario: It does not hold if one thing goes wrong
    Given up to 2 things go wrong
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal

  Scenario: It does not hold even if nothing goes wrong
    Given up to 1 control-plane crash happens at any moment
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed

  Scenario: No run has it
    Given up to 1 control-plane crash happens at any moment
    When "stable" moves to ref "a1"
    Then in some run, "stable@a1" is Failed

  Scenario: Nothing of the kind can go wrong
    Given up to 1 unfinished rollback happens at any moment
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal

  Scenario: Nothing limits how many
    Given hosts "stable-*" may fail their probes
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal

  Scenario: Something is drawn as well
    Given up to 1 thing goes wrong
    And 5% of activations fail
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal

  Scenario: A kind that does not exist
    Given up to 1 control-plane crush happens at any moment
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal
