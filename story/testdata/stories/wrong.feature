Feature: Everything that may go wrong

  Background:
    Given channel "stable" with waves of 1 and 1 hosts soaking 2 minutes
    And activation takes 20 seconds

  Scenario: An expectation holds in every run, and another one in one of them
    Given up to 1 thing goes wrong
    When "stable" moves to ref "a1"
    Then "stable@a1" is never Reverted
    And in some run, "stable@a1" is Failed

  Scenario: Only some things go wrong
    Given hosts "stable-*" may fail their probes
    And up to 1 control-plane crash happens at any moment
    And up to 2 things go wrong
    When "stable" moves to ref "a1"
    Then host "stable-02" is Converged, Failed or Pending

  Scenario: What would have happened later does not happen
    Given up to 1 probe failure of host "stable-01" happens at any moment
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" once "stable@a1" is Terminal
    Then "stable@a1" is Failed or Superseded
    And in one of the runs, "stable@a1" is Failed
