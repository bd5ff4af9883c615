Feature: The lockstep of RolloutOpened and SuccessorOpened

  A rollout opens and its predecessor is superseded at one instant, so one rollout stands for a
  channel. The control plane writes RolloutOpened first, tools the reverse. Both orders are
  accepted, and anything else is reported.

  Scenario: With the new rollout first, the old one is superseded, even from Opening
    When these events happen:
      | event           | rollout   | channel | ref | successor |
      | RolloutOpened   | stable@a1 | stable  | a1  |           |
      | RolloutOpened   | stable@b2 | stable  | b2  |           |
      | SuccessorOpened | stable@a1 |         |     | stable@b2 |
    Then "stable@a1" goes through Opening and Superseded
    And "stable@b2" is Opening

  Scenario: With the old rollout first it is superseded too
    When these events happen:
      | event           | rollout   | channel | ref | successor |
      | RolloutOpened   | stable@a1 | stable  | a1  |           |
      | SuccessorOpened | stable@a1 |         |     | stable@b2 |
      | RolloutOpened   | stable@b2 | stable  | b2  |           |
    Then "stable@a1" goes through Opening and Superseded
    And SuccessorOpened of "stable@a1" has the effects RecordRolloutTransition and SchedulePruning

  Scenario: Without a SuccessorOpened both stand, and the new one is reported
    Given channel "stable" with no hosts
    When these events happen:
      | event         | rollout   | channel | ref | later    |
      | RolloutOpened | stable@a1 | stable  | a1  |          |
      | RolloutOpened | stable@b2 | stable  | b2  | 1 minute |
    Then RolloutOpened of "stable@b2" is refused with SupersessionExpected
    And "stable@a1" is Opening
    And "stable@b2" is Opening
    And the invariant one-standing does not hold of channel "stable"

  Scenario: A minute too late, SuccessorOpened supersedes the old rollout, and both are reported
    When these events happen:
      | event           | rollout   | channel | ref | successor | later    |
      | RolloutOpened   | stable@a1 | stable  | a1  |           |          |
      | RolloutOpened   | stable@b2 | stable  | b2  |           | 1 minute |
      | SuccessorOpened | stable@a1 |         |     | stable@b2 | 1 minute |
    Then RolloutOpened of "stable@b2" is refused with SupersessionExpected
    And SuccessorOpened of "stable@a1" is refused with Invariant
    And "stable@a1" is Superseded

  Scenario: A rollout is superseded by one that never opens, and that is reported
    When these events happen:
      | event           | rollout   | channel | ref | host  | wave | successor |
      | RolloutOpened   | stable@a1 | stable  | a1  |       |      |           |
      | HostJoined      | stable@a1 |         |     | web-1 | 0    |           |
      | SuccessorOpened | stable@a1 |         |     |       |      | stable@b2 |
    And 1 minute passes
    Then SuccessorOpened of "stable@a1" is refused with Invariant
    And "stable@a1" goes through Opening, Active and Superseded

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

  Scenario: A host that joins the new rollout before the SuccessorOpened breaks the lockstep
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

  Scenario: A rollout of another channel is not a successor
    When these events happen:
      | event           | rollout   | channel | ref | successor |
      | RolloutOpened   | stable@a1 | stable  | a1  |           |
      | RolloutOpened   | edge@b2   | edge    | b2  |           |
      | SuccessorOpened | stable@a1 |         |     | edge@b2   |
    Then SuccessorOpened of "stable@a1" is refused with Invariant
    And "stable@a1" is Superseded

  Scenario: If two rollouts stand by mistake, the next ref supersedes both
    Given channel "stable" with no hosts
    When these events happen:
      | event         | rollout   | channel | ref | later    |
      | RolloutOpened | stable@a1 | stable  | a1  |          |
      | RolloutOpened | stable@b2 | stable  | b2  | 1 minute |
    And "stable" moves to ref "c3"
    Then RolloutOpened of "stable@b2" is refused with SupersessionExpected
    And "stable@a1" is Superseded
    And "stable@b2" is Superseded
    And only "stable@c3" stands for channel "stable"

  Scenario: A rollout that was never opened is not superseded
    Given channel "stable" with no hosts
    When "stable" moves through refs "a1" and "b2" between two polls
    And these events happen:
      | event           | rollout   | successor |
      | SuccessorOpened | stable@a1 | stable@b2 |
    Then SuccessorOpened of "stable@a1" is refused with UnknownRollout
    And "stable@b2" is Opening
