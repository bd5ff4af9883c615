Feature: The hosts of a superseded rollout

  A host works for one rollout at a time. The new rollout takes it over as soon as its wave may go.
  Until then it continues under the old one, which keeps its last state after the new dispatch. Late
  messages are logged and have no effect.

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 30 minutes
    And an ack takes 10 seconds
    And activation takes 1 minute

  Scenario Outline: A host that is <state> stays so under the old rollout, and converges under the new one
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" once host "stable-01" is <state>
    Then "stable@a1" is Superseded
    And host "stable-01" is <state> under "stable@a1"
    And every host of "stable@b2" is Converged

    Examples:
      | state     |
      | soaking   |
      | converged |

  Scenario Outline: A host that waits for a reboot <reboot> takes the new ref without it
    Given host "stable-01" defers its activation under ref "a1" and <reboots>
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" once host "stable-01" is deferred
    Then host "stable-01" is Deferred under "stable@a1"
    And every host of "stable@b2" is Converged

    Examples:
      | reboot           | reboots                  |
      | that comes       | reboots 45 minutes later |
      | that never comes | never reboots            |

  Scenario: The soak of the old ref does not count for the new one
    Given a probe takes 20 seconds
    And convergence takes 1 second
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" 4 minutes and 30 seconds later
    Then these transitions happen:
      | rollout   | from       | to         | later                 |
      | stable@b2 | Opening    | Active     |                       |
      | stable@b2 | Active     | Converging | 1 minute 10 seconds   |
      | stable@b2 | Converging | Active     | 28 minutes 51 seconds |
      | stable@b2 | Active     | Converging | 1 minute 10 seconds   |
      | stable@b2 | Converging | Terminal   | 28 minutes 51 seconds |

  Scenario: The reboot that the old ref waited for does not complete the switch to the new one
    Given activation takes 1 hour
    And host "stable-01" defers its activation under ref "a1" and reboots 30 minutes later
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" once host "stable-01" is deferred
    And time passes until host "stable-01" under "stable@b2" is activating
    And 59 minutes and 59 seconds pass
    Then host "stable-01" is Activating under "stable@b2"

  Scenario: A host that never acked the old rollout is not dispatched for it again
    Given host "stable-01" never answers under ref "a1"
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" 90 seconds later
    Then "stable@a1" goes through Opening, Active and Superseded
    And host "stable-01" is Pending under "stable@a1"
    And every host of "stable@b2" is Converged

  Scenario: A dispatch that was under way when the new ref was seen is acked too late to count
    Given an ack takes 5 minutes
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" 90 seconds later
    Then host "stable-01" is Pending under "stable@a1"
    And every host of "stable@b2" is Converged

  Scenario: A switch that runs finishes first, and the new one starts in that instant
    Given activation takes 20 minutes
    And host "stable-01" fails its activation under ref "a1"
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" while wave 0 is activating
    Then host "stable-01" is Activating under "stable@b2" 20 minutes after host "stable-01" under "stable@a1" is activating
    And "stable@a1" goes through Opening, Active and Superseded
    And host "stable-01" is Activating under "stable@a1"
    And every host of "stable@b2" is Converged

  Scenario: A host that the new rollout has not dispatched yet continues under the old one
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" while wave 1 is soaking
    And time passes until host "stable-02" under "stable@a1" is converged
    Then hosts "stable-02" and "stable-03" are Pending under "stable@b2"
    When time passes until everything has settled
    Then host "stable-02" is Converged under "stable@a1"
    And "stable@a1" is Superseded
    And every host of "stable@b2" is Converged

  Scenario: The old rollout is never Terminal, although its last hosts converge after it was superseded
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" 5 minutes after wave 1 is soaking
    And time passes until host "stable-03" under "stable@a1" is converged
    Then every host of "stable@a1" is Converged
    And "stable@a1" is Superseded
    And RolloutTerminal never happens to "stable@a1"

  Scenario: A host that fails after its rollout was superseded does not change it
    Given host "stable-02" fails its probes under ref "a1"
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" while wave 1 is soaking
    Then "stable@a1" is Superseded
    And host "stable-02" is Failed under "stable@a1"
    And host "stable-02" is Converged under "stable@b2"
    And "stable@a1" is never Failed

  Scenario: A host that rolls back after its rollout was superseded still quarantines the old ref
    Given channel "stable" has policy rollback-and-halt
    And host "stable-02" fails its probes under ref "a1"
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" while wave 1 is soaking
    Then "stable@a1" is Superseded
    And host "stable-02" is Reverted under "stable@a1"
    And ref "a1" is quarantined on channel "stable"
    And InsertQuarantineFromRollout is never emitted for "stable@a1"
    And "stable@b2" is Terminal

  Scenario: A rollback that runs is dropped when the new rollout dispatches the host
    Given channel "stable" has policy rollback-and-halt
    And a rollback takes 1 hour
    And host "stable-01" fails its probes under ref "a1"
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" once host "stable-01" is failed
    Then host "stable-01" is Failed under "stable@a1"
    And ref "a1" is not quarantined on channel "stable"
    And "stable@a1" is Superseded
    And every host of "stable@b2" is Converged
