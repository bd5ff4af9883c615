Feature: The quarantine

  A closure that rolled back on a channel, or was quarantined by hand, is not dispatched on that
  channel until an operator lifts it. Other channels and other refs are free.

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And activation takes 1 minute

  Scenario: A quarantined ref opens a rollout, but none of its hosts is dispatched
    Given the quarantine of channel "stable" holds ref "a1"
    When "stable" moves to ref "a1"
    Then "stable@a1" is stuck waiting for hosts "stable-01" and "stable-02", which are held back by quarantine
    And no host of "stable@a1" is dispatched
    And "stable@a1" is Active

  Scenario: Once the quarantine is lifted the rollout goes out at once, wave by wave
    Given the quarantine of channel "stable" holds ref "a1"
    And an ack takes 10 seconds
    When "stable" moves to ref "a1"
    And the operator lifts the quarantine of ref "a1" on channel "stable" 2 hours and 7 seconds later
    Then "stable@a1" becomes Converging 70 seconds later
    And "stable@a1" is Terminal within 30 minutes
    And host "stable-02" is held back by the wave-promotion

  Scenario: A quarantine lifted on one channel still holds on another
    Given channel "edge" with 1 host soaking 10 minutes
    And the quarantine of channel "stable" holds ref "a1"
    And the quarantine of channel "edge" holds ref "a1"
    When "stable" moves to ref "a1"
    And "edge" moves to ref "a1" at once
    And the operator lifts the quarantine of ref "a1" on channel "edge" 1 hour later
    Then "edge@a1" is Terminal
    And "stable@a1" is stuck
    And no host of "stable@a1" is dispatched

  Scenario: The same ref on another channel, and another ref on the same channel, are free
    Given channel "edge" with 1 host soaking 10 minutes
    And the quarantine of channel "stable" holds ref "a1"
    When the channels move like this:
      | channel | ref | when    |
      | stable  | a1  |         |
      | edge    | a1  | at once |
      | stable  | b2  |         |
    Then "edge@a1" is Terminal
    And every host of "stable@b2" is Converged
    And no host of "stable@a1" is dispatched

  Scenario: A closure that rolled back once is blocked under any other rollout too
    Given channel "stable" has policy rollback-and-halt
    And host "stable-01" fails its probes under ref "a1"
    When "stable" moves to ref "a1"
    And these events happen:
      | event           | rollout   | channel | ref | host      | wave | successor |
      | RolloutOpened   | again     | stable  | a1  |           |      |           |
      | SuccessorOpened | stable@a1 |         |     |           |      | again     |
      | HostJoined      | again     |         |     | stable-01 | 0    |           |
    Then host "stable-01" is held back by the quarantine under rollout "again"
    And host "stable-01" is never dispatched under rollout "again"
    And rollout "again" is stuck
    And channel "stable" is stranded

  Scenario: A quarantine outlives the rollout that rolled back
    Given channel "stable" has policy rollback-and-halt
    And host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    And 8 days pass
    Then "stable@a1" is Pruned
    And ref "a1" is quarantined on channel "stable"

  Scenario: Hosts dispatched before the quarantine finish, and waiting hosts are blocked from then on
    Given channel "stable" has policy rollback-and-halt
    And host "stable-02" fails its activation under ref "a1"
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" while wave 1 is activating
    Then "stable@a1" is Superseded
    And ref "a1" is quarantined on channel "stable"
    And host "stable-03" is Converged under "stable@a1"
    And every host of "stable@b2" is Converged

  Scenario: A dispatch that was not acked is not sent again once its ref is quarantined
    Given channel "stable" has policy rollback-and-halt
    And a rollback takes 10 minutes
    And host "stable-02" fails its activation
    And host "stable-03" never answers
    When "stable" moves to ref "a1"
    And these events happen while host "stable-02" under "stable@a1" is failed:
      | event           | rollout   | channel | ref | host      | wave | successor |
      | RolloutOpened   | again     | stable  | a1  |           |      |           |
      | SuccessorOpened | stable@a1 |         |     |           |      | again     |
      | HostJoined      | again     |         |     | stable-03 | 0    |           |
    Then ref "a1" is quarantined on channel "stable"
    And no host of rollout "again" is dispatched after that
    And rollout "again" is stuck
    And channel "stable" is stranded
