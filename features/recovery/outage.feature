Feature: An outage of the control plane

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes

  Scenario: Hosts finish what they do, and nothing else happens
    When "stable" moves to ref "a1"
    And the control plane crashes while wave 0 is activating
    And the control plane restarts 2 hours later
    Then the control plane is down 1 hour after the start
    And no host is dispatched while the control plane is down
    And host "stable-02" is dispatched after the control plane is back
    And "stable@a1" is Terminal

  Scenario: A pause outlives it
    When "stable" moves to ref "a1"
    And the operator pauses dispatching while wave 0 is soaking
    And the control plane crashes for 1 hour at once
    And the operator resumes dispatching 3 hours later
    Then the control plane is not down 2 hours after the start
    And host "stable-02" is Pending 2 hours after the start
    And dispatching is not paused 4 hours after the start
    And "stable@a1" is Terminal

  Scenario: Several things break in one night
    When "stable" moves to ref "a1"
    And these faults happen:
      | fault               | host      | for        | when                    |
      | host-offline        | stable-02 | 1 hour     | while wave 0 is soaking |
      | control-plane-crash |           | 10 minutes | at once                 |
    Then "stable@a1" is Terminal within 2 hours of the start
    And host "stable-02" is dispatched at least twice
