Feature: A fault of one message or one poll, and a delay of one host under one ref

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 5 minutes
    And activation takes 40 seconds

  Scenario: The report at the end of one switch is lost, and comes again after 30 seconds
    When "stable" moves to ref "a1"
    And the next ActivationCompleted of host "stable-02" under "stable@a1" is lost while wave 1 is activating
    Then host "stable-03" under "stable@a1" is Soaking before host "stable-02" under "stable@a1" is Soaking
    And "stable@a1" is Terminal

  Scenario: The report at the end of one switch arrives twice, and the second one is ignored
    When "stable" moves to ref "a1"
    And the next ActivationCompleted of host "stable-01" under "stable@a1" is doubled after 20 minutes while wave 0 is activating
    Then host "stable-01" goes through Pending, Activating, Soaking and Converged
    And "stable@a1" is Terminal

  Scenario: One poll of one channel fails, and the other channel is not late
    Given channel "edge" with 2 hosts
    When all channels move to ref "a1"
    And the next poll of channel "stable" fails at once
    Then "edge@a1" is Active before "stable@a1" is Active
    And "stable@a1" is Terminal

  Scenario: A stale poll shows the ref before
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    And the next poll of channel "stable" is stale at once
    Then "stable@b2" is Active at least 90 seconds later
    And "stable@b2" is Terminal

  Scenario: A host is slow under one ref and not under the next
    Given on host "stable-02" activation takes 2 hours under ref "b2"
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    And "stable" moves to ref "c3"
    Then host "stable-02" stays Activating under "stable@b2" for 2 hours
    And "stable@c3" is Terminal
