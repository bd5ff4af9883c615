Feature: A rollout that has ended is kept for its retention, and then pruned

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes

  Scenario: From Terminal
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal
    And "stable@a1" is pruned 7 days later

  Scenario: From Superseded
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" while wave 0 is soaking
    Then "stable@a1" is Superseded
    And "stable@a1" is pruned 7 days later

  Scenario: From Failed
    Given host "stable-02" fails its probes
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed
    And "stable@a1" is pruned 7 days later

  Scenario: From Reverted
    Given channel "stable" has policy rollback-and-halt
    And host "stable-02" fails its probes
    When "stable" moves to ref "a1"
    Then "stable@a1" is Reverted
    And "stable@a1" is pruned 7 days later

  Scenario: Not a moment sooner
    When "stable" moves to ref "a1"
    And time passes until "stable@a1" is Terminal
    And 6 days 23 hours 59 minutes pass
    Then "stable@a1" is Terminal
    When 1 minute passes
    Then "stable@a1" is Pruned

  Scenario: Each channel has a retention of its own
    Given channel "edge" with 1 host soaking 10 minutes
    And channel "edge" keeps ended rollouts for 3 days
    When "stable" moves to ref "a1"
    And "edge" moves to ref "a1" at once
    Then "edge@a1" is Terminal
    And "edge@a1" is pruned 3 days later
    And "stable@a1" is Terminal
    And "stable@a1" is pruned 7 days later

  Scenario: A retention of nothing prunes at once
    Given channel "edge" with 1 host soaking 10 minutes
    And channel "edge" keeps ended rollouts for 0 seconds
    When "edge" moves to ref "a1"
    Then "edge@a1" has been Terminal
    And "edge@a1" is pruned 0 seconds later

  Scenario: What is under way is kept however long it takes
    Given host "stable-01" defers its activation and reboots 30 days later
    When "stable" moves to ref "a1"
    And 29 days pass
    Then "stable@a1" is Converging
    And "stable@a1" is Pruned in the end
    And RetentionExpired happens once to "stable@a1"

  Scenario: In the end nothing is left
    Given host "stable-02" fails its probes under ref "b2"
    When the channels move like this:
      | channel | ref | when                    |
      | stable  | a1  |                         |
      | stable  | b2  |                         |
      | stable  | c3  | while wave 0 is soaking |
      | stable  | d4  |                         |
    Then "stable@d4" is Terminal
    And every rollout is pruned in the end
