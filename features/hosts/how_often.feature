Feature: How often something happens

  Background:
    Given channel "stable" with waves of 1 and 9 hosts soaking 10 minutes

  Scenario: A host that never answers is dispatched again and again
    Given host "stable-01" never answers
    When "stable" moves to ref "a1"
    Then host "stable-01" is dispatched more than twice
    And hosts "stable-02" to "stable-10" are never dispatched
    And "stable@a1" is stuck waiting for host "stable-01", which is never acked

  Scenario: A healthy rollout needs no dispatch twice, and few transitions
    When "stable" moves to ref "a1"
    Then hosts "stable-*" are dispatched once
    And HostJoined happens about 10 times to "stable@a1"
    And RecordRolloutTransition is emitted between 4 and 6 times for "stable@a1"
    And UpdateCurrentWave is emitted fewer than 2 times for "stable@a1"
