Feature: Everything that may go wrong

  A sweep draws what goes wrong. These scenarios are about every run in which something does, whichever
  and whenever.

  Background:
    Given channel "stable" with waves of 1 and 1 hosts soaking 2 minutes
    And activation takes 20 seconds

  Scenario: A crash at any moment of a rollout delays it and fails no host
    Given up to 1 control-plane crash happens at any moment
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal
    And "stable@a1" is never Failed
    And every invariant holds

  Scenario: Whichever hosts fail their probes, the next wave starts only after a healthy one
    Given up to 2 things go wrong
    And hosts "stable-*" may fail their probes
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal or Failed
    And in some run, host "stable-02" is never dispatched
    And in some run, "stable@a1" is Terminal

  Scenario: Under the policy halt nothing rolls back, whatever goes wrong
    Given up to 1 thing goes wrong
    When "stable" moves to ref "a1"
    Then "stable@a1" is never Reverted
    And in some run, "stable@a1" is Failed
    And every invariant holds
