Feature: Operators and gates over a crash

  An operator's action waits until the control plane is back. Gates count again from the log, with
  the same result.

  Background:
    Given channel "stable" with 3 hosts soaking 10 minutes
    And an ack takes 10 seconds
    And activation takes 1 minute
    And convergence takes 1 second

  Scenario: A clearance waits until it is back, and retention counts from there
    Given host "stable-01" fails its activation
    When "stable" moves to ref "a1"
    And the control plane crashes for 1 hour 1 day after "stable@a1" is Failed
    And the operator clears "stable@a1" 20 minutes later
    Then "stable@a1" becomes Terminal 40 minutes later
    And "stable@a1" becomes Pruned 7 days later
    And RetentionExpired happens once to "stable@a1"

  Scenario: A lift waits until it is back, and the hosts go then
    Given the quarantine of channel "stable" holds ref "a1"
    When "stable" moves to ref "a1"
    And the control plane crashes for 1 hour 10 minutes later
    And the operator lifts the quarantine of ref "a1" on channel "stable" 20 minutes later
    Then host "stable-01" becomes Activating 40 minutes and 10 seconds later
    And "stable@a1" is Terminal within 1 hour

  Scenario: A budget is not exceeded just after a restart
    Given a budget of one for channel "stable"
    When "stable" moves to ref "a1"
    And the control plane crashes for 1 minute 5 seconds later
    And the control plane crashes for 1 minute while host "stable-02" is soaking
    Then at most 1 host of "stable@a1" is ever in flight
    And every host of "stable@a1" is Converged

  Scenario: A channel that waited continues to wait after the crash, and goes when the other is Terminal
    Given channel "edge" with 1 host soaking 1 hour
    And channel "stable" waits for channel "edge"
    When "edge" moves to ref "e1"
    And "stable" moves to ref "a1" at once
    And the control plane crashes for 10 minutes 20 minutes later
    Then "edge@e1" is Terminal before host "stable-01" is dispatched
    And "stable@a1" is Terminal
