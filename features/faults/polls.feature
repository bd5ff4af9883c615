Feature: Polls that fail or are stale, and refs that flap

  A failed poll sees nothing, and a stale one sees the earlier ref: nothing changes, and the next
  good poll sees the present ref. Nobody knows how often the ref changed in between.

  Background:
    Given channel "stable" with 2 hosts soaking 10 minutes
    And activation takes 1 minute

  Scenario Outline: While polls <spoilt> a new ref is not seen, and the standing rollout continues
    When "stable" moves to ref "a1"
    And polls <spoilt> for 10 minutes while wave 0 is soaking
    And "stable" moves to ref "b2" at once
    And time passes until "stable@a1" is Superseded
    Then "stable@a1" goes through Opening, Active, Converging, Terminal and Superseded
    And "stable@b2" is Terminal within 1 hour

    Examples:
      | spoilt    |
      | fail      |
      | are stale |

  @vacuous:no-poll-sees-the-ref
  Scenario: Of the refs that change while polls fail only the last one is rolled out
    When "stable" moves to ref "a1"
    And polls fail for 10 minutes while wave 0 is soaking
    And "stable" moves to ref "b2" 2 minutes later
    And "stable" moves to ref "c3" 2 minutes later
    Then "stable@b2" is never opened
    And "stable@a1" is Superseded
    And "stable@c3" is Terminal

  @vacuous:no-poll-sees-the-ref
  Scenario: A ref that is set back before a poll succeeds is never seen as changed
    When "stable" moves to ref "a1"
    And polls fail for 10 minutes while wave 0 is soaking
    And "stable" moves to ref "b2" 2 minutes later
    And "stable" moves back to ref "a1" 2 minutes later
    Then "stable@a1" is Terminal
    And 1 rollout is opened for channel "stable"

  Scenario: A ref that flaps faster than polls is opened only if a poll finds it
    When "stable" flaps between refs "a1", "b2" and "c3" every 20 seconds for 10 minutes
    Then channel "stable" points at ref "a1"
    And "stable@c3" is Superseded before "stable@a1" is Active
    And 2 rollouts are opened for channel "stable"

  Scenario Outline: A ref that flaps for <length> opens each rollout once, and <end>
    When "stable" flaps between refs "a1" and "b2" every 30 minutes for <length>
    Then 2 rollouts are opened for channel "stable"
    And "stable@a1" is Superseded
    And channel "stable" <is>

    Examples:
      | length     | end                                   | is                      |
      | 90 minutes | ends well, as it ends on b2           | points at ref "b2"      |
      | 2 hours    | strands its channel, as it ends on a1 | is stranded at ref "a1" |
