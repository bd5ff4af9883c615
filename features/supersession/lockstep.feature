Feature: The lockstep of RolloutOpened and SuccessorOpened

  A rollout opens and its predecessor is superseded at one instant, so that one rollout stands for a channel. The control
  plane writes RolloutOpened first, tools the reverse; either will do, and anything else is reported.

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

  Scenario: What happens on another channel in between does not disturb it
    When these events happen:
      | event           | rollout   | channel | ref | host  | wave | successor |
      | RolloutOpened   | stable@a1 | stable  | a1  |       |      |           |
      | RolloutOpened   | edge@e1   | edge    | e1  |       |      |           |
      | RolloutOpened   | stable@b2 | stable  | b2  |       |      |           |
      | HostJoined      | edge@e1   |         |     | web-1 | 0    |           |
      | SuccessorOpened | stable@a1 |         |     |       |      | stable@b2 |
    Then "stable@a1" goes through Opening and Superseded
    And "edge@e1" is stuck

  Scenario: A host that joins the new rollout before the old one is told breaks it
    When these events happen:
      | event           | rollout   | channel | ref | host  | wave | successor |
      | RolloutOpened   | stable@a1 | stable  | a1  |       |      |           |
      | RolloutOpened   | stable@b2 | stable  | b2  |       |      |           |
      | HostJoined      | stable@b2 |         |     | web-1 | 0    |           |
      | SuccessorOpened | stable@a1 |         |     |       |      | stable@b2 |
    Then RolloutOpened of "stable@b2" is refused with SupersessionExpected
    And SuccessorOpened of "stable@a1" is refused with Invariant
    And "stable@a1" is Superseded
    And the invariant one-standing does not hold of channel "stable"
    And "stable@b2" is stuck

  Scenario: A successor on another channel is none
    When these events happen:
      | event           | rollout   | channel | ref | successor |
      | RolloutOpened   | stable@a1 | stable  | a1  |           |
      | RolloutOpened   | edge@b2   | edge    | b2  |           |
      | SuccessorOpened | stable@a1 |         |     | edge@b2   |
    Then SuccessorOpened of "stable@a1" is refused with Invariant
    And "stable@a1" is Superseded

  Scenario: Where two rollouts stand by mistake, the next one supersedes both
    When these events happen:
      | event           | rollout   | channel | ref | successor | later    |
      | RolloutOpened   | stable@a1 | stable  | a1  |           |          |
      | RolloutOpened   | stable@b2 | stable  | b2  |           | 1 minute |
      | RolloutOpened   | stable@c3 | stable  | c3  |           | 1 minute |
      | SuccessorOpened | stable@a1 |         |     | stable@c3 |          |
      | SuccessorOpened | stable@b2 |         |     | stable@c3 |          |
    Then RolloutOpened of "stable@b2" is refused with SupersessionExpected
    And only "stable@c3" stands for channel "stable"

  Scenario: A rollout that was never opened is not superseded
    Given channel "stable" with no hosts
    When "stable" moves through refs "a1" and "b2" between two polls
    And these events happen:
      | event           | rollout   | successor |
      | SuccessorOpened | stable@a1 | stable@b2 |
    Then SuccessorOpened of "stable@a1" is refused with UnknownRollout
    And "stable@b2" is Opening
