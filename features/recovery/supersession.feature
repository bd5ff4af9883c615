Feature: A supersession over a crash

  The first poll after the restart sees a ref that changed while the control plane was down. A
  rollout that was superseded before the crash is superseded after it, and its hosts stay with the
  new rollout.

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And activation takes 1 minute

  Scenario: A ref that changes while it is down supersedes at the first poll after the restart
    When "stable" moves to ref "a1"
    And the control plane crashes for 30 minutes while wave 0 is soaking
    And "stable" moves to ref "b2" 10 minutes later
    Then "stable@a1" becomes Superseded within 21 minutes
    And "stable@a1" goes through Opening, Active, Converging, Active and Superseded
    And "stable@b2" is Terminal within 1 hour

  @vacuous:no-poll-sees-the-ref
  Scenario: Of the refs that change while it is down only the last one is rolled out
    When "stable" moves to ref "a1"
    And the control plane crashes for 30 minutes while wave 0 is soaking
    And "stable" moves to ref "b2" 10 minutes later
    And "stable" moves to ref "c3" 10 minutes later
    Then "stable@b2" is never opened
    And "stable@a1" is Superseded
    And "stable@c3" is Terminal

  @vacuous:no-poll-sees-the-ref
  Scenario: A ref that was replaced before it is back is never seen
    When "stable" moves to ref "a1"
    And the control plane crashes for 30 minutes while wave 0 is soaking
    And "stable" moves to ref "b2" 10 minutes later
    And "stable" moves back to ref "a1" 10 minutes later
    Then 1 rollout is opened for channel "stable"
    And "stable@a1" is Terminal

  Scenario: A crash just after the supersession leaves the hosts with the new rollout
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" while wave 0 is soaking
    And the control plane crashes for 20 minutes once "stable@b2" is Active
    Then host "stable-01" is Soaking under "stable@a1"
    And no host of "stable@a1" is dispatched after "stable@a1" is Superseded
    And every host of "stable@b2" is Converged
    And every invariant holds

  Scenario: A stranded channel is stranded after the crash too
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    And "stable" moves back to ref "a1"
    And the control plane crashes for 20 minutes 5 minutes later
    Then channel "stable" is stranded at ref "a1"
    And 2 rollouts are opened for channel "stable"
