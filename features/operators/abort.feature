Feature: An operator aborts a rollout

  Background:
    Given channel "stable" with waves of 1 and 3 hosts soaking 30 minutes

  Scenario: A bad release is aborted while its canary soaks
    When "stable" moves to ref "bad"
    And the operator aborts "stable@bad" while wave 0 is soaking
    Then 1 host of "stable@bad" is dispatched
    And "stable@bad" is aborted
    And "stable@bad" is not Failed

  Scenario: What was dispatched before is finished
    When "stable" moves to ref "bad"
    And the operator aborts "stable@bad" while wave 1 is activating
    Then every host of "stable@bad" is Converged
    And "stable@bad" is Terminal

  Scenario: The next release supersedes it, and goes out
    When "stable" moves to ref "bad"
    And the operator aborts "stable@bad" while wave 0 is soaking
    And "stable" moves to ref "good" 1 hour later
    Then "stable@bad" is Superseded
    And "stable@good" is Terminal
    And "stable@good" is not aborted

  Scenario: An abort outlives a crash
    When "stable" moves to ref "bad"
    And the operator aborts "stable@bad" while wave 0 is soaking
    And the control plane crashes for 5 minutes 10 minutes later
    Then no hosts of "stable@bad" are dispatched after wave 0 of "stable@bad" is soaking
    And "stable@bad" is aborted in the end

  Scenario: A channel that waits for the aborted rollout waits for its next one
    Given channel "late" with 2 hosts soaking 10 minutes
    And channel "late" waits for channel "stable"
    When all channels move to ref "bad"
    And the operator aborts "stable@bad" while wave 0 of "stable@bad" is soaking
    And all channels move to ref "good" 1 hour later
    Then hosts "late-*" are never dispatched under "late@bad"
    And "stable@good" is Terminal before wave 0 of "late@good" is activating
