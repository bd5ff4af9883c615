Feature: A new ref supersedes a rollout that is under way

  When a channel moves on, the rollout of its old ref stops where it is: what was dispatched finishes by itself, and the
  hosts go on to the new ref.

  Background:
    Given channel "stable" with waves of 1, 5 and 20 hosts soaking 30 minutes

  Scenario: Left alone, a rollout converges wave by wave
    When "stable" moves to ref "a1"
    Then these transitions happen:
      | rollout   | from       | to         |
      | stable@a1 | Opening    | Active     |
      | stable@a1 | Active     | Converging |
      | stable@a1 | Converging | Active     |
      | stable@a1 | Active     | Converging |
      | stable@a1 | Converging | Active     |
      | stable@a1 | Active     | Converging |
      | stable@a1 | Converging | Terminal   |
    And every host of "stable@a1" is Converged

  Scenario: Superseded in the middle of its second wave, a rollout dispatches no further host
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" while wave 1 is soaking
    Then rollout "stable@a1" is Superseded
    And no host of "stable@a1" is dispatched after that
    And 6 hosts of "stable@a1" are dispatched
    And rollout "stable@b2" is Terminal

  Scenario: The old rollout ends before the first host of the new one is dispatched
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" while wave 1 is soaking
    Then these transitions happen:
      | rollout   | from       | to         |
      | stable@a1 | Opening    | Active     |
      | stable@a1 | Active     | Converging |
      | stable@a1 | Converging | Active     |
      | stable@a1 | Active     | Converging |
      | stable@a1 | Converging | Superseded |
      | stable@b2 | Opening    | Active     |
      | stable@b2 | Active     | Converging |
      | stable@b2 | Converging | Active     |
      | stable@b2 | Active     | Converging |
      | stable@b2 | Converging | Active     |
      | stable@b2 | Active     | Converging |
      | stable@b2 | Converging | Terminal   |

  Scenario Outline: Superseded at whatever moment, the new rollout takes every host and the old one none
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" <moment>
    Then "stable@a1" is Superseded
    And no host of "stable@a1" is dispatched after that
    And only "stable@b2" stands for channel "stable"
    And every host of "stable@b2" is Converged

    Examples:
      | moment                                  |
      | while wave 0 is activating              |
      | while wave 0 is soaking                 |
      | once wave 0 is converged                |
      | while wave 1 is activating              |
      | once "stable@a1" is Converging          |
      | while wave 2 is soaking                 |
      | while host "stable-26" is activating    |
      | 5 minutes after wave 2 is activating    |

  Scenario: The next poll notices a new ref, and no sooner
    Given channel "stable" is polled every 5 minutes
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" 7 minutes later
    Then "stable@a1" becomes Superseded 3 minutes later
    And "stable@a1" is Superseded before "stable@b2" is Active

  Scenario: A host freezes under the old rollout as soon as the new one dispatches it
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" while wave 0 is soaking
    Then host "stable-01" is Soaking under "stable@a1"
    And host "stable-01" is Converged under "stable@b2"

  Scenario: A host that the new rollout has not reached yet goes on under the old one
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" while wave 1 is soaking
    Then host "stable-02" is Converged under "stable@a1"
    And host "stable-02" is Converged under "stable@b2"
    And "stable@a1" is Superseded

  Scenario: A switch that runs finishes first, and nobody asks what came of it
    Given activation takes 20 minutes
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" while wave 0 is activating
    Then host "stable-01" is Activating under "stable@a1"
    And host "stable-01" is Converged under "stable@b2"
    And "stable@a1" goes through Opening, Active and Superseded

  Scenario: A host that fails after its rollout was superseded fails alone
    Given activation takes 1 minute
    And host "stable-02" fails its probes under ref "a1"
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" while wave 1 is soaking
    Then "stable@a1" is Superseded
    And host "stable-02" is Failed under "stable@a1"
    And host "stable-02" is Converged under "stable@b2"
    And "stable@a1" is never Failed

  Scenario: A host that rolls back after its rollout was superseded still puts the old ref into quarantine
    Given channel "stable" has policy rollback-and-halt
    And activation takes 1 minute
    And host "stable-02" fails its probes under ref "a1"
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" while wave 1 is soaking
    Then "stable@a1" is Superseded
    And host "stable-02" is Reverted under "stable@a1"
    And ref "a1" is quarantined on channel "stable"
    And InsertQuarantineFromRollout is never emitted for "stable@a1"
