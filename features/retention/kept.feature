Feature: How long an ended rollout is kept

  A rollout that is Terminal, Failed, Reverted or Superseded is kept for the retention of its
  channel, 7 days by default, and is then pruned, once. A rollout that has not ended is kept however
  long it takes.

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And host "stable-02" fails its probes under ref "bad"

  Scenario Outline: A rollout that is <state> is pruned 7 days after it entered that state
    Given channel "stable" has policy <policy>
    When the channels move like this:
      | channel | ref    | when                    |
      | stable  | <ref>  |                         |
      | stable  | <next> | while wave 0 is soaking |
    Then "stable@<ref>" is <state>
    And "stable@<ref>" is pruned 7 days later
    And RetentionExpired happens once to "stable@<ref>"

    Examples:
      | state      | policy            | ref  | next |
      | Terminal   | halt              | good | good |
      | Failed     | halt              | bad  | bad  |
      | Reverted   | rollback-and-halt | bad  | bad  |
      | Superseded | halt              | good | b2   |

  Scenario: It is kept until the last moment
    When "stable" moves to ref "good"
    And time passes until "stable@good" is Terminal
    And 6 days 23 hours 59 minutes 59 seconds pass
    Then "stable@good" is Terminal
    When 1 second passes
    Then "stable@good" is Pruned

  Scenario: Each channel has a retention of its own
    Given channel "edge" with 1 host soaking 10 minutes
    And channel "edge" keeps ended rollouts for 3 days
    When "stable" moves to ref "good"
    And "edge" moves to ref "good" at once
    Then "edge@good" is Terminal
    And "edge@good" is pruned 3 days later
    And "stable@good" is Terminal
    And "stable@good" is pruned 7 days later

  Scenario: A retention of zero prunes at once
    Given channel "edge" with 1 host soaking 10 minutes
    And channel "edge" keeps ended rollouts for 0 seconds
    When "edge" moves to ref "good"
    Then "edge@good" has been Terminal
    And "edge@good" is pruned 0 seconds later

  Scenario: A rollout that is under way is kept for as long as that takes
    Given host "stable-01" defers its activation and reboots 30 days later
    When "stable" moves to ref "good"
    And 29 days pass
    Then "stable@good" is Converging
    And "stable@good" is Pruned in the end
    And RetentionExpired happens once to "stable@good"

  Scenario: A rollout without hosts is kept for as long as it waits in Opening
    Given channel "empty" with no hosts
    When "empty" moves to ref "a1"
    And 30 days pass
    Then "empty@a1" is Opening
    And "empty@a1" is never pruned

  Scenario: A rollout is pruned while its hosts are still at work, and what they report is only logged
    Given channel "stable" keeps ended rollouts for 10 minutes
    And on host "stable-03" activation takes 2 hours
    When "stable" moves to ref "bad"
    And time passes until "stable@bad" is Failed
    Then "stable@bad" is pruned 10 minutes later
    And host "stable-03" is Activating
    When time passes until everything has settled
    Then host "stable-03" is Activating

  Scenario: A rollback that completes after its rollout was pruned still quarantines the ref
    Given channel "stable" has policy rollback-and-halt
    And channel "stable" keeps ended rollouts for 5 minutes
    And a rollback takes 8 minutes
    When "stable" moves to ref "bad"
    And "stable" moves to ref "b2" once host "stable-02" is failed
    And time passes until "stable@bad" is Pruned
    Then ref "bad" is not quarantined on channel "stable"
    And ref "bad" is quarantined on channel "stable" in the end
    And host "stable-02" is Failed under "stable@bad"

  Scenario: Rollouts that are superseded one after the other are pruned in that order, and in the end none is left
    When the channels move like this:
      | channel | ref  | when                    |
      | stable  | good |                         |
      | stable  | bad  | 1 hour later            |
      | stable  | c3   | 1 day later             |
      | stable  | d4   | while wave 0 is soaking |
    Then "stable@good" is Pruned before "stable@bad" is Pruned
    And "stable@bad" is Pruned before "stable@c3" is Pruned
    And "stable@c3" is Pruned before "stable@d4" is Pruned
    And every rollout is pruned in the end
