Feature: What no sentence expects

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And activation takes 1 minute
    And the ack takes 2 seconds

  Scenario: Stuck
    Given host "stable-01" never answers
    When "stable" moves to ref "a1"
    Then "stable@a1" is Active

  @machine:v0.2 @seed:7
  Scenario: Never pruned
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal

  Scenario: Stranded
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    And "stable" moves to ref "a1"
    Then "stable@b2" is Terminal

  Scenario: Pruned too soon
    When "stable" moves to ref "a1"
    And RetentionExpired happens to "stable@a1"
    Then "stable@a1" is Pruned

  Scenario: Refused
    When "stable" moves to ref "a1"
    And the operator clears "stable@a1"
    Then "stable@a1" is Terminal

  Scenario: A fate under a ref that never comes
    Given host "stable-01" fails its probes under ref "a11"
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal

  Scenario: Nothing is expected
    When "stable" moves to ref "a1"
