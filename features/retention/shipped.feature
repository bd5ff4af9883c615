@machine:v0.2
Feature: Retention as shipped

  The shipped machine declares SchedulePruning and never emits it, so nothing is ever pruned. It
  would prune a rollout if it received RetentionExpired.

  Background:
    Given channel "stable" with 2 hosts soaking 10 minutes
    And activation takes 2 minutes
    And host "stable-02" fails its probes under ref "bad"
    And host "stable-02" fails its activation under ref "broken"

  Scenario Outline: A rollout that goes through <path> is not pruned in a month
    When the channels move like this:
      | channel | ref    | when   |
      | stable  | <ref>  |        |
      | stable  | <next> | <when> |
    And 30 days pass
    Then "stable@<ref>" goes through <path>
    And SchedulePruning is never emitted for "stable@<ref>"
    And nothing is ever pruned

    Examples:
      | ref    | next   | when                       | path                                              |
      | good   | good   |                            | Opening, Active, Converging, Terminal             |
      | bad    | bad    |                            | Opening, Active, Converging, Failed               |
      | broken | broken |                            | Opening, Active, Failed                           |
      | good   | b2     | while wave 0 is activating | Opening, Active, Superseded                       |
      | good   | b2     | while wave 0 is soaking    | Opening, Active, Converging, Superseded           |
      | good   | b2     |                            | Opening, Active, Converging, Terminal, Superseded |
      | bad    | b2     |                            | Opening, Active, Converging, Failed, Superseded   |

  Scenario: A rollout that was superseded before any host had joined is not pruned either
    Given channel "empty" with no hosts
    When "empty" moves to ref "a1"
    And "empty" moves to ref "b2"
    And 30 days pass
    Then "empty@a1" goes through Opening and Superseded
    And SchedulePruning is never emitted for "empty@a1"
    And nothing is ever pruned

  Scenario Outline: RetentionExpired would prune from <state>
    When the channels move like this:
      | channel | ref    |
      | stable  | <ref>  |
      | stable  | <next> |
    And 8 days pass
    And RetentionExpired happens to "stable@<ref>"
    Then RetentionExpired of "stable@<ref>" has the effect RecordRolloutTransition
    And "stable@<ref>" goes through <path>
    And only "stable@<ref>" is ever pruned

    Examples:
      | state      | ref  | next | path                                                      |
      | Terminal   | good | good | Opening, Active, Converging, Terminal, Pruned             |
      | Failed     | bad  | bad  | Opening, Active, Converging, Failed, Pruned               |
      | Superseded | good | b2   | Opening, Active, Converging, Terminal, Superseded, Pruned |
