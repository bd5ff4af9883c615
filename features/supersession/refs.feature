Feature: One ref after another

  Each ref that a poll sees opens a rollout and supersedes the one before. A ref between two polls
  is never seen, and a ref that is set again is not a new one.

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And activation takes 2 minutes

  Scenario: Each ref of a chain supersedes the one before it
    When the channels move like this:
      | channel | ref | when                       |
      | stable  | a1  |                            |
      | stable  | b2  | while wave 0 is soaking    |
      | stable  | c3  | while wave 1 is activating |
      | stable  | d4  | while wave 0 is activating |
    Then these transitions happen:
      | rollout   | from       | to         |
      | stable@a1 | Opening    | Active     |
      | stable@a1 | Active     | Converging |
      | stable@a1 | Converging | Superseded |
      | stable@b2 | Opening    | Active     |
      | stable@b2 | Active     | Converging |
      | stable@b2 | Converging | Active     |
      | stable@b2 | Active     | Superseded |
      | stable@c3 | Opening    | Active     |
      | stable@c3 | Active     | Superseded |
      | stable@d4 | Opening    | Active     |
      | stable@d4 | Active     | Converging |
      | stable@d4 | Converging | Active     |
      | stable@d4 | Active     | Converging |
      | stable@d4 | Converging | Terminal   |

  Scenario: Of the refs between two polls only the last one is rolled out
    When "stable" moves to ref "a1"
    And "stable" moves through refs "b2", "c3" and "d4" between two polls while wave 0 is soaking
    Then "stable@b2" is never opened
    And "stable@c3" is never opened
    And "stable@a1" is Superseded before "stable@d4" is Active
    And "stable@d4" is Terminal

  @vacuous:no-poll-sees-the-ref
  Scenario: A ref that is set and replaced between two polls is never seen
    When "stable" moves to ref "a1"
    And "stable" moves through refs "b2" and "a1" between two polls
    Then "stable@b2" is never opened
    And "stable@a1" is Terminal
    And SuccessorOpened never happens to "stable@a1"

  @vacuous:the-same-ref-again
  Scenario: A channel that is set to the same ref again continues its rollout
    When "stable" moves to ref "a1"
    And "stable" moves to ref "a1" while wave 0 is soaking
    Then "stable@a1" is Terminal
    And RolloutOpened happens once to "stable@a1"
    And 3 hosts of "stable@a1" are dispatched

  Scenario: Refs that change faster than the first wave leave one rollout that converges
    Given channel "stable" is polled every 1 minute
    When the channels move like this:
      | channel | ref | when           |
      | stable  | a1  |                |
      | stable  | b2  | 1 minute later |
      | stable  | c3  | 1 minute later |
    Then "stable@a1" goes through Opening, Active and Superseded
    And "stable@b2" goes through Opening, Active and Superseded
    And host "stable-01" is Pending under "stable@b2"
    And every host of "stable@c3" is Converged

  Scenario: Channels move without regard to one another, also on the same ref
    Given channel "edge" with 1 host soaking 10 minutes
    When "stable" moves to ref "a1"
    And "edge" moves to ref "a1" at once
    And "edge" moves to ref "b2" while wave 0 is soaking
    Then "edge@a1" is Superseded
    And "edge@b2" is Terminal
    And "stable@a1" is Terminal
