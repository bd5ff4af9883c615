Feature: Hosts that join the fleet or leave it without effect

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes

  Scenario: Nobody ever leaves
    When "stable" moves to ref "a1"
    Then host "stable-02" is in the fleet

  Scenario: Nobody ever joins
    Given host "stable-02" is not in the fleet at first
    When "stable" moves to ref "a1"
    Then host "stable-02" is not in the fleet

  Scenario: It joins when no rollout comes any more
    Given host "stable-02" is not in the fleet at first
    When "stable" moves to ref "a1"
    And host "stable-02" joins the fleet
    Then "stable@a1" is Terminal

  Scenario: It leaves when no rollout comes any more
    When "stable" moves to ref "a1"
    And host "stable-02" leaves the fleet
    Then "stable@a1" is Terminal
