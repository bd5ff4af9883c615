Feature: Other numbers, other states, other times

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And activation takes 1 minute

  Scenario: Fewer than that
    When "stable" moves to ref "a1"
    Then at least 50% of the hosts of "stable@a1" are Converged while wave 0 is soaking

  Scenario: One less than the limit
    When "stable" moves to ref "a1"
    Then at most 1 host of "stable@a1" is in flight while wave 1 is activating

  Scenario: All of them
    When "stable" moves to ref "a1"
    Then all but 1 host of "stable@a1" are dispatched

  Scenario: An earlier wave
    When "stable" moves to ref "a1"
    Then "stable@a1" is at wave 1 or later while wave 0 is soaking

  Scenario: Neither of the two
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed or Reverted

  Scenario: That one
    When "stable" moves to ref "a1"
    Then "stable@a1" is not Terminal

  Scenario: Not ended yet
    When "stable" moves to ref "a1"
    Then "stable@a1" has ended while wave 1 is soaking

  Scenario: Ended by then
    When "stable" moves to ref "a1"
    Then "stable@a1" has not ended

  Scenario: A host in neither
    When "stable" moves to ref "a1"
    Then hosts "stable-01" and "stable-02" are Soaking or Converged while wave 0 is soaking

  Scenario: Every host but one
    When "stable" moves to ref "a1"
    Then every host of "stable@a1" is Soaking or Converged while wave 0 is soaking

  Scenario: Not for so long
    When "stable" moves to ref "a1"
    Then "stable@a1" stays Terminal for 169 hours

  Scenario: A host that does not stay
    When "stable" moves to ref "a1"
    Then host "stable-01" stays Soaking for 10 minutes

  Scenario: A state that never comes
    When "stable" moves to ref "a1"
    Then "stable@a1" stays Failed for 1 minute

  Scenario: Up
    When "stable" moves to ref "a1"
    And the control plane crashes for 5 minutes while wave 0 is soaking
    Then the control plane is down 6 minutes after wave 0 is soaking

  Scenario: Down
    When "stable" moves to ref "a1"
    And the control plane crashes for 5 minutes while wave 0 is soaking
    Then the control plane is not down 4 minutes after wave 0 is soaking

  Scenario: None while it is down
    When "stable" moves to ref "a1"
    And the control plane crashes for 5 minutes while wave 0 is soaking
    Then one host is dispatched while the control plane is down

  Scenario: The other way round
    When "stable" moves to ref "a1"
    Then host "stable-02" is dispatched before hosts "stable-01" to "stable-03"

  Scenario: Later than that
    When "stable" moves to ref "a1"
    Then host "stable-02" is dispatched within 1 minute of the start

  Scenario: Through other states
    When "stable" moves to ref "a1"
    Then host "stable-01" goes through Pending, Activating and Converged

  Scenario: A state of one host
    When "stable" moves to ref "a1"
    Then the hosts are in these states:
      | hosts                  | state   | when                    |
      | stable-01              | Soaking | while wave 0 is soaking |
      | stable-01 to stable-03 | Soaking | while wave 0 is soaking |

  Scenario: Not yet at that time
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal between 1 and 5 minutes after wave 0 is soaking

  Scenario: Too late
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal at most 20 minutes after the start

  Scenario: Too early
    When "stable" moves to ref "a1"
    Then "stable@a1" is Active at least 15 minutes after the start

  Scenario: From where
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal
    When "stable" moves to ref "b2"
    Then "stable@b2" is Terminal after 5 minutes

  Scenario: No range
    When "stable" moves to ref "a1"
    Then hosts "stable-03" to "stable-01" are Converged

  Scenario: More than all
    When "stable" moves to ref "a1"
    Then at most 101% of the hosts of "stable@a1" are Converged

  Scenario: No time of day
    When "stable" moves to ref "a1" at 24:00
    Then "stable@a1" is Terminal

  Scenario: Never down
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" while the control plane is down
    Then "stable@b2" is Terminal

  Scenario: The story has begun
    When "stable" moves to ref "a1"
    And the story starts on 2026-05-16
    Then "stable@a1" is Terminal

  Scenario: Not under so many of the seeds
    Given each of the seeds 1 to 20
    And 50% of activations are deferred
    And a reboot takes between 1 and 60 minutes
    When "stable" moves to ref "a1"
    Then in at least 90% of the seeds, "stable@a1" is Terminal within 30 minutes

  Scenario: A later wave
    When "stable" moves to ref "a1"
    Then "stable@a1" is at wave 0 or earlier

  Scenario: A part of unknown many
    When "stable" moves to ref "a1"
    Then all but one rollout are opened
