Feature: A rollout opens and its predecessor is superseded in lockstep

  Both events carry the same time. The control plane writes RolloutOpened first, tools the reverse; either will do.

  Scenario: In Opening, before any host has joined
    When these events happen:
      | event           | rollout   | channel | ref | successor |
      | RolloutOpened   | stable@a1 | stable  | a1  |           |
      | RolloutOpened   | stable@b2 | stable  | b2  |           |
      | SuccessorOpened | stable@a1 |         |     | stable@b2 |
    Then "stable@a1" goes through Opening and Superseded
    And "stable@b2" is Opening

  Scenario: The predecessor first
    When these events happen:
      | event           | rollout   | channel | ref | successor |
      | RolloutOpened   | stable@a1 | stable  | a1  |           |
      | SuccessorOpened | stable@a1 |         |     | stable@b2 |
      | RolloutOpened   | stable@b2 | stable  | b2  |           |
    Then "stable@a1" goes through Opening and Superseded
    And SuccessorOpened of "stable@a1" has the effects RecordRolloutTransition and SchedulePruning

  Scenario: A successor opens and its predecessor is never told
    Given channel "stable" with no hosts
    When these events happen:
      | event         | rollout   | channel | ref | later    |
      | RolloutOpened | stable@a1 | stable  | a1  |          |
      | RolloutOpened | stable@b2 | stable  | b2  | 1 minute |
    Then RolloutOpened of "stable@b2" is refused with SupersessionExpected
    And "stable@a1" is Opening
    And "stable@b2" is Opening
    And the invariant one-standing does not hold of channel "stable"

  Scenario: The predecessor is told a minute too late
    When these events happen:
      | event           | rollout   | channel | ref | successor | later    |
      | RolloutOpened   | stable@a1 | stable  | a1  |           |          |
      | RolloutOpened   | stable@b2 | stable  | b2  |           | 1 minute |
      | SuccessorOpened | stable@a1 |         |     | stable@b2 | 1 minute |
    Then RolloutOpened of "stable@b2" is refused with SupersessionExpected
    And SuccessorOpened of "stable@a1" is refused with Invariant
    And "stable@a1" is Superseded

  Scenario: A rollout is superseded by one that never opens
    When these events happen:
      | event           | rollout   | channel | ref | host  | wave | successor |
      | RolloutOpened   | stable@a1 | stable  | a1  |       |      |           |
      | HostJoined      | stable@a1 |         |     | web-1 | 0    |           |
      | SuccessorOpened | stable@a1 |         |     |       |      | stable@b2 |
    And 1 minute passes
    Then SuccessorOpened of "stable@a1" is refused with Invariant
    And "stable@a1" goes through Opening, Active and Superseded

  Scenario: A rollout is superseded once: what is said again has no effect
    When these events happen:
      | event           | rollout   | channel | ref | successor |
      | RolloutOpened   | stable@a1 | stable  | a1  |           |
      | RolloutOpened   | stable@b2 | stable  | b2  |           |
      | SuccessorOpened | stable@a1 |         |     | stable@b2 |
      | SuccessorOpened | stable@a1 |         |     | stable@b2 |
    Then "stable@a1" goes through Opening and Superseded
    And SuccessorOpened of "stable@a1" has no effect
    And SchedulePruning is emitted once for "stable@a1"

  Scenario: Late news of a superseded rollout is taken note of and changes nothing
    When these events happen:
      | event            | rollout   | channel | ref | host  | wave | from       | to         | successor | later    |
      | RolloutOpened    | stable@a1 | stable  | a1  |       |      |            |            |           |          |
      | HostJoined       | stable@a1 |         |     | web-1 | 0    |            |            |           |          |
      | HostStateChanged | stable@a1 |         |     | web-1 |      | Pending    | Activating |           |          |
      | RolloutOpened    | stable@b2 | stable  | b2  |       |      |            |            |           | 1 minute |
      | SuccessorOpened  | stable@a1 |         |     |       |      |            |            | stable@b2 |          |
      | HostStateChanged | stable@a1 |         |     | web-1 |      | Activating | Failed     |           | 1 minute |
      | HostJoined       | stable@a1 |         |     | web-2 | 1    |            |            |           |          |
      | WaveAdvanced     | stable@a1 |         |     |       |      | 0          | 1          |           |          |
      | RolloutTerminal  | stable@a1 |         |     |       |      |            |            |           |          |
    Then "stable@a1" goes through Opening, Active and Superseded
    And HostStateChanged of "stable@a1" has no effect
    And WaveAdvanced of "stable@a1" has no effect
    And RolloutTerminal of "stable@a1" has no effect

  Scenario: A known rollout is not opened again
    When these events happen:
      | event         | rollout   | channel | ref |
      | RolloutOpened | stable@a1 | stable  | a1  |
      | RolloutOpened | stable@a1 | stable  | a1  |
    Then RolloutOpened of "stable@a1" is refused with IllegalForState
    And "stable@a1" is Opening
