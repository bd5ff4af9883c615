Feature: A retention over a crash

  A retention counts from the end of its rollout, whatever happens to the control plane in the
  meantime. A rollout whose retention ends while the control plane is down is pruned when it is
  back.

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And host "stable-02" fails its probes under ref "bad"

  Scenario Outline: A crash does not make the retention of a rollout that is <end> any longer
    Given channel "stable" has policy <policy>
    When "stable" moves to ref "<ref>"
    And the control plane crashes for 1 hour 3 days after "stable@<ref>" is <end>
    Then "stable@<ref>" becomes Pruned 4 days later
    And RetentionExpired happens once to "stable@<ref>"

    Examples:
      | end      | policy            | ref  |
      | Terminal | halt              | good |
      | Failed   | halt              | bad  |
      | Reverted | rollback-and-halt | bad  |

  Scenario: A rollout whose retention ended while it was down is pruned in the instant in which it is back
    When "stable" moves to ref "good"
    And the control plane crashes for 1 day 6 days and 12 hours after "stable@good" is Terminal
    Then "stable@good" becomes Pruned 1 day later
    And RetentionExpired happens once to "stable@good"

  Scenario: A retention that started again before the crash counts from there, and the one before stays void
    When "stable" moves to ref "bad"
    And "stable" moves to ref "b2" 3 days after "stable@bad" is Failed
    And the control plane crashes for 1 hour 1 day after "stable@bad" is Superseded
    Then "stable@bad" becomes Pruned 6 days later
    And RetentionExpired happens once to "stable@bad"

  Scenario: Crashes one after the other leave one retention
    When "stable" moves to ref "good"
    And the control plane crashes for 1 hour 1 day after "stable@good" is Terminal
    And the control plane crashes for 1 hour 1 day later
    And the control plane crashes for 1 hour 1 day later
    Then "stable@good" becomes Pruned 4 days later
    And RetentionExpired happens once to "stable@good"

  Scenario: A rollout that was pruned too soon before the crash refuses the end of its retention after it
    When "stable" moves to ref "good"
    And RetentionExpired happens to "stable@good" 3 days after "stable@good" is Terminal
    And the control plane crashes for 1 hour 1 day later
    Then "stable@good" is Pruned
    And the invariant retention-kept does not hold of "stable@good"
    And RetentionExpired happens twice to "stable@good"
    And RetentionExpired of "stable@good" is refused with IllegalForState

  @vacuous:nothing-is-left-to-rebuild
  Scenario: A rollout that was pruned before the crash is pruned after it
    When "stable" moves to ref "good"
    And 8 days pass
    And the control plane crashes for 1 hour
    And 30 days pass
    Then "stable@good" is Pruned
    And RetentionExpired happens once to "stable@good"
    And RolloutOpened happens once to "stable@good"
