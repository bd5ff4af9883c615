Feature: What goes wrong

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And the ack takes 2 seconds
    And activation takes 1 minute

  Scenario: Messages are lost for a time
    When "stable" moves to ref "a1"
    And the messages of host "stable-01" are lost for 10 minutes while wave 0 is soaking
    Then host "stable-01" becomes Converged 10 minutes and 30 seconds later
    And "stable@a1" is Terminal

  Scenario: One message is lost, and comes again
    When "stable" moves to ref "a1"
    And the next ActivationCompleted of host "stable-01" is lost while wave 0 is activating
    And the next message of host "stable-02" is late by 5 minutes at once
    Then host "stable-01" becomes Soaking 90 seconds after host "stable-01" is activating
    And "stable@a1" is Terminal

  Scenario: A doubled message changes nothing
    When "stable" moves to ref "a1"
    And the next DispatchAck of host "stable-01" is doubled after 20 seconds at once
    Then "stable@a1" goes through Opening, Active, Converging, Active, Converging and Terminal

  Scenario: Chance spoils messages and polls
    Given 10% of messages are late by 30 seconds
    And 20% of messages of hosts "stable-02" and "stable-03" are lost
    And 20% of messages are overtaken
    And 20% of messages are doubled
    And 20% of polls fail
    And 20% of polls are stale
    And these faults come by chance:
      | fault               | chance | for        | hosts                | from     | until  |
      | host-offline        | 20%    | 10 minutes | stable-01, stable-02 |          | 1 hour |
      | control-plane-crash | 1%     | 1 minute   |                      | 1 minute | 1 hour |
      | clock-skew          | 50%    | 5 minutes  |                      |          |        |
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal
    And every invariant holds

  Scenario: Polls fail for a time
    When polls fail for 10 minutes
    And "stable" moves to ref "a1" 1 minute later
    Then "stable@a1" is Active 9 minutes later, give or take 1 minute

  Scenario: Polls are stale for a time
    When "stable" moves to ref "a1"
    And polls are stale for 1 hour while wave 0 is soaking
    And "stable" moves to ref "b2" 5 minutes later
    Then channel "stable" points at ref "a1" 60 minutes after the start
    And "stable@a1" is Terminal before "stable@b2" is opened

  Scenario: A host goes silent and works on
    When "stable" moves to ref "a1"
    And host "stable-02" goes silent for 10 minutes while wave 1 is activating
    Then host "stable-02" becomes Soaking 10 minutes later
    And "stable@a1" is Terminal

  Scenario: A host goes silent until it returns
    When "stable" moves to ref "a1"
    And host "stable-02" goes silent while wave 1 is activating
    And host "stable-02" returns 2 hours later
    Then host "stable-02" is Activating 1 hour after wave 1 is activating
    And "stable@a1" is Terminal

  Scenario: A host never returns
    When "stable" moves to ref "a1"
    And host "stable-02" goes silent while wave 1 is activating
    Then "stable@a1" is stuck waiting for host "stable-02"

  Scenario: A host is lost
    When "stable" moves to ref "a1"
    And host "stable-02" is lost for good while wave 1 is activating
    Then "stable@a1" is stuck waiting for host "stable-02", which is Activating

  Scenario: An agent restarts, and its switch with it
    When "stable" moves to ref "a1"
    And the agent of host "stable-01" restarts taking 30 seconds while host "stable-01" is activating
    Then host "stable-01" becomes Soaking 90 seconds later

  Scenario: Clocks are off
    When the clock of host "stable-01" is 5 minutes ahead
    And the clock of host "stable-02" is 1 hour behind
    And "stable" moves to ref "a1"
    Then "stable@a1" is Terminal

  Scenario: The control plane crashes for a time
    When "stable" moves to ref "a1"
    And the control plane crashes for 10 minutes while wave 1 is activating
    Then "stable@a1" is Terminal
    And "stable@a1" goes through Opening, Active, Converging, Active and Terminal

  Scenario: The control plane crashes until it restarts
    When "stable" moves to ref "a1"
    And the control plane crashes while wave 1 is activating
    And "stable" moves to ref "b2" 1 minute later
    And the control plane restarts 5 minutes later
    Then "stable@b2" is opened after wave 1 of "stable@a1" is activating
    And "stable@a1" is Superseded 7 minutes after wave 1 of "stable@a1" is activating

  Scenario: Faults in a table
    When "stable" moves to ref "a1"
    And these faults happen:
      | fault               | host      | for       | when                       |
      | host-offline        | stable-01 | 5 minutes | while wave 0 is soaking    |
      | agent restart       | stable-02 |           | while wave 1 is activating |
      | control-plane-crash |           | 1 minute  | 10 seconds later           |
    Then "stable@a1" is Terminal

  Scenario: One message about one rollout
    Given on host "stable-02" activation takes 20 minutes under ref "b2"
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    And the next Converged of host "stable-01" under "stable@b2" is lost while "stable@b2" is Active
    Then "stable@b2" is Terminal
    And host "stable-02" stays Activating under "stable@b2" for 20 minutes
