Feature: Hosts that go silent, are lost or restart

  A host that cannot be reached continues to work and reports when it is back; until then the
  control plane keeps its last known state. Only a host that is lost for good keeps its rollout
  waiting for ever.

  Background:
    Given channel "stable" with waves of 2 and 1 hosts soaking 10 minutes
    And an ack takes 10 seconds
    And activation takes 1 minute
    And a probe takes 20 seconds
    And convergence takes 1 second

  Scenario: A host that is silent when it is dispatched is dispatched again until it is back
    When "stable" moves to ref "a1"
    And host "stable-02" goes silent for 20 minutes at once
    And 20 minutes pass
    Then host "stable-02" is Pending
    And host "stable-01" is Converged
    When 15 seconds pass
    Then host "stable-02" is Activating
    And "stable@a1" is Terminal within 1 hour

  Scenario: A host that goes silent in the middle of its switch has soaked when it is back
    When "stable" moves to ref "a1"
    And host "stable-02" goes silent while host "stable-02" is activating
    And host "stable-02" returns 1 hour later
    Then host "stable-02" is Activating 59 minutes after host "stable-02" is Activating
    And host "stable-02" has been Soaking
    And host "stable-03" is dispatched after host "stable-02" is Converged
    And "stable@a1" is Terminal

  Scenario: A host that fails while it is silent stops nothing until it is back
    Given host "stable-03" fails its activation
    When "stable" moves to ref "a1"
    And host "stable-03" goes silent while host "stable-03" is activating
    And host "stable-03" returns 1 day later
    Then "stable@a1" is Failed
    And host "stable-03" is Failed
    And "stable@a1" is Active before "stable@a1" is Failed

  Scenario: A host that is silent while its rollout is superseded takes the new ref when it is back
    When "stable" moves to ref "a1"
    And host "stable-02" goes silent while host "stable-02" is activating
    And "stable" moves to ref "b2" 10 minutes later
    And host "stable-02" returns 1 hour later
    Then host "stable-02" is Activating under "stable@a1"
    And "stable@a1" is Superseded
    And every host of "stable@b2" is Converged

  Scenario Outline: A host that is lost <when> keeps its rollout waiting
    When "stable" moves to ref "a1"
    And host "stable-02" is lost for good <moment>
    Then "stable@a1" is stuck waiting for host "stable-02", which is lost
    And host "stable-02" is <state>
    And host "stable-03" is never dispatched

    Examples:
      | when                        | moment                               | state      |
      | when it is dispatched       | at once                              | Pending    |
      | in the middle of its switch | while host "stable-02" is activating | Activating |
      | while it soaks              | while host "stable-02" is soaking    | Soaking    |

  Scenario: A host that is lost after it converged has no effect until the next ref
    When "stable" moves to ref "a1"
    And host "stable-01" is lost for good once host "stable-01" is converged
    Then "stable@a1" is Terminal
    When "stable" moves to ref "b2"
    Then "stable@b2" is stuck waiting for host "stable-01"

  Scenario: A host that is lost while it rolls back leaves its rollout halted and stuck
    Given channel "stable" has policy rollback-and-halt
    And host "stable-02" fails its activation
    When "stable" moves to ref "a1"
    And host "stable-02" is lost for good while host "stable-02" is failed
    Then "stable@a1" is stuck waiting for host "stable-02", which is lost
    And "stable@a1" is never Reverted

  Scenario: An agent that restarts in the middle of a switch starts it again, and nothing has failed
    When "stable" moves to ref "a1"
    And the agent of host "stable-02" restarts taking 30 seconds 40 seconds after host "stable-02" is activating
    Then "stable@a1" is Converging 90 seconds later
    And "stable@a1" is Terminal within 1 hour

  Scenario Outline: A clock that is <skew> changes the times that the host writes, and nothing else
    When the clock of host "stable-02" is <skew>
    And "stable" moves to ref "a1" at once
    Then these transitions happen:
      | rollout   | from       | to         | later                |
      | stable@a1 | Opening    | Active     |                      |
      | stable@a1 | Active     | Converging | 70 seconds           |
      | stable@a1 | Converging | Active     | 8 minutes 51 seconds |
      | stable@a1 | Active     | Converging | 70 seconds           |
      | stable@a1 | Converging | Terminal   | 8 minutes 51 seconds |

    Examples:
      | skew           |
      | 2 hours ahead  |
      | 2 hours behind |
