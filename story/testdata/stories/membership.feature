Feature: Hosts that join the fleet or leave it

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes

  Scenario: Two hosts join at once
    Given hosts "stable-02" and "stable-03" are not in the fleet at first
    When "stable" moves to ref "a1"
    And hosts "stable-02" and "stable-03" join the fleet while wave 0 is soaking
    Then hosts "stable-02" and "stable-03" are not in the fleet while wave 0 is activating
    And hosts "stable-02" to "stable-03" are in the fleet while wave 0 is soaking
    And every host of "stable@a1" is Converged
    And HostJoined happens 3 times to "stable@a1"

  Scenario: One host joins and another one leaves
    Given host "stable-03" is not in the fleet at first
    When "stable" moves to ref "a1"
    And host "stable-03" joins the fleet while wave 0 is soaking
    And host "stable-02" leaves the fleet at once
    Then host "stable-03" is in the fleet 1 hour after wave 0 is soaking
    And host "stable-02" is not in the fleet 1 hour after wave 0 is soaking
    And "stable@a1" is stuck waiting for host "stable-02", which is gone

  Scenario: A channel whose first host joins later
    Given hosts "stable-*" are not in the fleet at first
    When "stable" moves to ref "a1"
    And host "stable-02" joins the fleet 1 hour later
    Then "stable@a1" is Opening 30 minutes after the start
    And "stable@a1" is Terminal
    And host "stable-02" is in the fleet
    And "stable@a1" goes through Opening, Active, Converging, Active, Converging and Terminal

  Scenario: An order waits for the control plane
    Given host "stable-03" is not in the fleet at first
    When "stable" moves to ref "a1"
    And the control plane crashes for 1 hour while wave 1 is soaking
    And host "stable-03" joins the fleet at once
    Then host "stable-03" is not in the fleet while the control plane is down
    And host "stable-03" is in the fleet once the control plane is back
    And "stable@a1" is Terminal

  Scenario: A host leaves and its dispatch is not repeated
    Given host "stable-02" never answers
    When "stable" moves to ref "a1"
    And host "stable-02" leaves the fleet 30 seconds after wave 0 is converged
    And the control plane crashes for 1 minute at once
    Then host "stable-02" is dispatched once
    And host "stable-02" is not in the fleet
    And "stable@a1" is stuck waiting for host "stable-02", which is gone
