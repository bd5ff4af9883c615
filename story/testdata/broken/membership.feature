Feature: Hosts that join the fleet or leave it

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes

  Scenario: It is not there yet
    Given host "stable-03" is not in the fleet at first
    When "stable" moves to ref "a1"
    And host "stable-03" joins the fleet while wave 0 is soaking
    Then host "stable-03" is in the fleet while wave 0 is activating

  Scenario: It is there already
    Given host "stable-03" is not in the fleet at first
    When "stable" moves to ref "a1"
    And host "stable-03" joins the fleet while wave 0 is soaking
    Then host "stable-03" is not in the fleet

  Scenario: It is gone
    When "stable" moves to ref "a1"
    And host "stable-02" leaves the fleet while wave 0 is soaking
    Then host "stable-02" is in the fleet

  Scenario: It was there from the start
    When "stable" moves to ref "a1"
    And host "stable-02" joins the fleet while wave 0 is soaking
    Then "stable@a1" is Terminal

  Scenario: It leaves twice
    When "stable" moves to ref "a1"
    And host "stable-02" leaves the fleet while wave 0 is soaking
    And host "stable-02" leaves the fleet 1 hour later
    Then "stable@a1" is stuck

  Scenario: It is absent twice
    Given host "stable-02" is not in the fleet at first
    And hosts "stable-*" are not in the fleet at first
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal

  Scenario: The shipped control plane
    Given the control plane is shipped
    When "stable" moves to ref "a1"
    And host "stable-02" leaves the fleet while wave 0 is soaking
    Then "stable@a1" is Terminal

  Scenario: Absent under the shipped control plane
    Given the control plane is shipped
    And host "stable-02" is not in the fleet at first
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal

  Scenario: It leaves, and nobody expects that it is missed
    When "stable" moves to ref "a1"
    And host "stable-02" leaves the fleet while wave 0 is soaking
    Then host "stable-03" is Converged
