Feature: A host that fails once and then converges

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes

  Scenario: Under the policy halt the first release fails, and the next one goes out
    Given host "stable-02" fails its probes once
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    Then "stable@a1" has been Failed
    And "stable@b2" is Terminal

  Scenario: Two hosts fail their switch once, also if the release after it comes days later
    Given hosts "stable-02" and "stable-03" fail their activation once
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" 2 days later
    Then hosts "stable-02" and "stable-03" have been Failed under "stable@a1"
    And hosts "stable-02" and "stable-03" are never Failed under "stable@b2"
    And every host of "stable@b2" is Converged

  Scenario: A host that rolled back once runs the next release
    Given channel "stable" has policy rollback-and-halt
    And host "stable-01" fails its probes once
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    Then host "stable-01" has been Reverted under "stable@a1"
    And host "stable-01" runs ref "b2"
    And "stable@b2" is Terminal
