Feature: A host that leaves the fleet

  Background:
    Given channel "stable" with waves of 2 and 2 hosts soaking 10 minutes

  Scenario: The rollout under way waits for it, and the next one does not
    When "stable" moves to ref "a1"
    And host "stable-02" leaves the fleet while wave 0 is soaking
    And "stable" moves to ref "b2" 1 hour later
    Then host "stable-02" is Soaking under "stable@a1" while "stable@b2" is Opening
    And "stable@a1" is Superseded
    And every host of "stable@b2" is Converged
    And 3 hosts of "stable@b2" are dispatched

  Scenario: Without a next ref the rollout is stuck, and says why
    When "stable" moves to ref "a1"
    And host "stable-03" leaves the fleet while wave 0 is soaking
    Then "stable@a1" is stuck waiting for host "stable-03", which is gone
    And host "stable-03" is not in the fleet
    And host "stable-03" is never dispatched

  Scenario: A budget does not wait for it
    Given a budget of one for hosts "stable-*"
    When "stable" moves to ref "a1"
    And host "stable-01" leaves the fleet while host "stable-01" is activating
    Then host "stable-02" is Converged
    And host "stable-01" is Activating
    And "stable@a1" is stuck waiting for host "stable-01", which is gone
    And the invariant budget-kept holds
