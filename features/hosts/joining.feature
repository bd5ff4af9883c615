Feature: A host that joins the fleet later

  Background:
    Given channel "stable" with waves of 1 and 3 hosts soaking 10 minutes
    And host "stable-04" is not in the fleet at first

  Scenario: It joins the rollout that is under way
    When "stable" moves to ref "a1"
    And host "stable-04" joins the fleet while wave 1 is soaking
    Then "stable@a1" is Terminal
    And every host of "stable@a1" is Converged
    And host "stable-04" is dispatched after wave 1 is soaking
    And host "stable-04" is in the fleet

  Scenario: It joins the next rollout if none is under way
    When "stable" moves to ref "a1"
    And host "stable-04" joins the fleet 1 day later
    And "stable" moves to ref "b2"
    Then 3 hosts of "stable@a1" are dispatched
    And host "stable-04" is Converged under "stable@b2"
    And host "stable-04" is not in the fleet while "stable@a1" is Terminal

  Scenario: It waits for its wave as others do
    When "stable" moves to ref "a1"
    And host "stable-04" joins the fleet while wave 0 is soaking
    Then host "stable-04" is held back by the wave-promotion
    And wave 1 of "stable@a1" is activating after wave 0 of "stable@a1" is converged
    And "stable@a1" is Terminal
