Feature: A night of maintenance

  A release goes out at night, when few people work and the control plane itself is maintained.

  Background:
    Given the story starts on 2026-05-15 at 18:00
    And channel "stable" with waves of 1 and 3 hosts soaking 30 minutes
    And activation takes 1 minute

  Scenario: A release that is scheduled for the night is done in the morning
    When "stable" moves to ref "a1" at 22:00
    Then "stable@a1" is Terminal at 06:00
    And host "stable-04" is Converged between 1 and 2 hours after "stable@a1" is opened

  Scenario: Nothing goes out before the night begins
    When "stable" moves to ref "a1" at 22:00
    Then hosts "stable-*" are dispatched between 4 and 6 hours after the start

  Scenario: A release on a Saturday waits for Saturday
    When "stable" moves to ref "a1" on Saturday at 02:00
    Then "stable@a1" is Opening or Active 8 hours after the start
    And "stable@a1" has ended at 04:00

  Scenario: The control plane is maintained in the middle of a release, and nothing is dispatched
    When "stable" moves to ref "a1" at 22:00
    And the control plane crashes for 2 hours while wave 0 is soaking
    Then no host is dispatched while the control plane is down
    And the control plane is back before host "stable-02" is dispatched
    And "stable@a1" is Terminal

  Scenario: A host that has been dispatched continues while the control plane is maintained
    When "stable" moves to ref "a1" at 22:00
    And the control plane crashes for 2 hours while host "stable-01" is activating
    Then host "stable-01" is Soaking or Converged once the control plane is back
    And host "stable-01" is dispatched once

  Scenario: A ref that is set while the control plane is maintained is seen when it is back
    When the control plane crashes for 2 hours at 23:00
    And "stable" moves to ref "a1" while the control plane is down
    Then "stable@a1" is Active within 2 minutes of the control plane is back

  Scenario: Hosts that are maintained take the release in the morning
    When hosts "stable-03" to "stable-04" go silent for 6 hours at 22:00
    And "stable" moves to ref "a1" at 23:00
    Then the hosts are in these states:
      | hosts                  | state     | when                    |
      | stable-01 to stable-02 | Converged | 9 hours after the start |
      | stable-03 to stable-04 | Pending   | 9 hours after the start |
    And "stable@a1" is Terminal between 10 and 12 hours after the start

  Scenario: A host that defers until the morning keeps the release open through the night
    Given host "stable-02" defers its activation and reboots 8 hours later
    When "stable" moves to ref "a1" at 22:00
    Then "stable@a1" has not ended at 05:00
    And all but 1 host of "stable@a1" are Converged at 05:00
    And "stable@a1" has ended at 08:00

  Scenario: A release of the night before is kept for a week
    When "stable" moves to ref "a1" at 22:00
    Then "stable@a1" stays Terminal for 7 days
    And "stable@a1" is Pruned in the end
