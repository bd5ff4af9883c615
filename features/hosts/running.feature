Feature: What a host runs

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 30 minutes
    And channel "stable" has policy rollback-and-halt

  Scenario: The waves run different releases meanwhile
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    Then host "stable-01" runs ref "b2" while wave 0 of "stable@b2" is soaking
    And hosts "stable-02" and "stable-03" run ref "a1" while wave 0 of "stable@b2" is soaking
    And every host of wave 1 of "stable@b2" is Converged

  Scenario: A host that rolls back runs the release before
    Given host "stable-01" fails its probes under ref "b2"
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    Then host "stable-01" runs ref "a1"
    And hosts "stable-02" and "stable-03" run ref "a1"
    And "stable@b2" is Reverted

  Scenario: A host fails once, and converges under the next release
    Given host "stable-01" fails its probes under ref "a1"
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    Then host "stable-01" has been Reverted under "stable@a1"
    And every host of "stable@b2" is Converged
    And host "stable-01" runs ref "b2"

  Scenario: An aborted release stays on the hosts that had switched
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    And the operator aborts "stable@b2" while wave 0 of "stable@b2" is soaking
    Then host "stable-01" runs ref "b2"
    And hosts "stable-02" and "stable-03" run ref "a1"
    And "stable@b2" is aborted
