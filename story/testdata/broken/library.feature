Feature: Scenario files

  Scenario: One that is not there
    Given the scenario "one-wave-convergse"
    Then "stable@a1" is Terminal

  Scenario: One that cannot be read
    Given the scenario "unreadable"
    Then "stable@a1" is Terminal

  Scenario: One whose timeline waits for nothing
    Given the scenario "vain"
    Then "stable@a1" is Terminal

  Scenario: One with another violation than it expects
    Given the scenario "failure-under-v0.2"
    And channel "stable" has policy halt
    And the machine is rfc0008
    And the run lasts 2 hours
    Then "stable@a1" is Reverted
