Feature: Messages that are lost, doubled, late or overtaken

  An agent numbers its messages and sends each until it is acknowledged. So no message is missed,
  none counts twice and none counts out of order; it only takes longer.

  Background:
    Given channel "stable" with waves of 2 and 1 hosts soaking 10 minutes
    And an ack takes 10 seconds
    And activation takes 1 minute
    And a probe takes 20 seconds
    And convergence takes 1 second
    And a rollback takes 1 minute

  Scenario Outline: A message that is <spoilt> counts <later>
    When "stable" moves to ref "a1"
    And the next ActivationCompleted of host "stable-02" is <spoilt> while host "stable-02" is activating
    And time passes until host "stable-02" is activating
    Then "stable@a1" is Converging <soaks> seconds later
    And "stable@a1" is Terminal within 30 minutes

    Examples:
      | spoilt             | later            | soaks |
      | late by 20 seconds | 20 seconds later | 80    |
      | lost               | 30 seconds later | 90    |
      | late by 20 minutes | 30 seconds later | 90    |
      | overtaken          | at once          | 60    |

  Scenario: Messages that all arrive twice move each host once
    When "stable" moves to ref "a1"
    And the messages of hosts "stable-01" and "stable-02" are doubled after 45 seconds for 1 day at once
    Then "stable@a1" becomes Terminal 20 minutes and 2 seconds later
    And HostStateChanged happens 9 times to "stable@a1"

  Scenario: A failure whose message is lost stops the rollout when the message arrives, and not before
    Given host "stable-02" fails its probes
    When "stable" moves to ref "a1"
    And the next Failed of host "stable-02" is lost while host "stable-02" is soaking
    And time passes until host "stable-02" is soaking
    Then "stable@a1" is Failed 110 seconds later

  Scenario: A rollback whose message is lost reverts the rollout when the message arrives
    Given channel "stable" has policy rollback-and-halt
    And host "stable-02" fails its activation
    When "stable" moves to ref "a1"
    And the next RollbackComplete of host "stable-02" is lost while host "stable-02" is failed
    And time passes until host "stable-02" is failed
    Then host "stable-02" is Failed
    And "stable@a1" is Reverted 90 seconds later
    And InsertQuarantineFromRollout is emitted once for "stable@a1"

  Scenario: A dispatch whose ack is lost is sent again, and the host switches once
    Given on host "stable-02" activation takes 8 minutes
    When "stable" moves to ref "a1"
    And the messages of host "stable-02" are lost for 5 minutes at once
    Then host "stable-02" becomes Converged 10 minutes and 1 second later
    And HostStateChanged happens 9 times to "stable@a1"

  Scenario: A message that arrives after its rollout was superseded is only logged
    When "stable" moves to ref "a1"
    And the messages of host "stable-02" are lost for 10 minutes while host "stable-02" is activating
    And "stable" moves to ref "b2" 5 minutes later
    Then host "stable-02" is Activating under "stable@a1"
    And every host of "stable@b2" is Converged
