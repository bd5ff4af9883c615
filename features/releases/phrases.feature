Feature: Own sentences

  The file phrases.yaml of this folder names a usual beginning, and what is usually expected of it.

  Background:
    Given channel "stable" with waves of 1 and 3 hosts soaking 30 minutes

  Scenario: A failed canary keeps the second wave from starting
    When a failed canary on channel "stable"
    Then channel "stable" stays with its canary

  Scenario: A good ref after a failed canary reaches all hosts
    When a failed canary on channel "stable"
    And "stable" moves to ref "good"
    Then channel "stable" ends on ref "good"

  Scenario: A failed canary of one channel leaves another channel alone
    Given channel "edge" with waves of 1 and 2 hosts soaking 30 minutes
    When a failed canary on channel "stable"
    And "edge" moves to ref "good"
    Then channel "stable" stays with its canary
    And channel "edge" ends on ref "good"
