Feature: A rollout over a crash of the control plane

  A control plane that crashes loses its memory and rebuilds it from its own log. While it is down
  nothing is polled, planned or dispatched; agents continue, and repeat the messages that it missed.

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And an ack takes 10 seconds
    And activation takes 1 minute
    And convergence takes 1 second

  Scenario Outline: A crash <moment> delays the rollout, and each host still moves once
    When "stable" moves to ref "a1"
    And the control plane crashes for 10 minutes <moment>
    Then "stable@a1" is Terminal
    And HostStateChanged happens 9 times to "stable@a1"
    And every invariant holds

    Examples:
      | moment                              |
      | at once                             |
      | once host "stable-01" is activating |
      | once wave 0 is soaking              |
      | once host "stable-01" is converged  |
      | once host "stable-03" is activating |
      | once "stable@a1" is Terminal        |

  Scenario: Hosts that converge while it is down count when it is back, and the next wave starts then
    When "stable" moves to ref "a1"
    And the control plane crashes for 30 minutes while wave 0 is soaking
    Then host "stable-01" becomes Converged 30 minutes later, give or take 30 seconds
    And "stable@a1" is Active within 1 second
    And host "stable-02" is dispatched after host "stable-01" is Converged

  Scenario: A dispatch that was not acked before the crash is sent again after it
    When "stable" moves to ref "a1"
    And host "stable-01" goes silent for 5 minutes at once
    And the control plane crashes for 10 minutes 40 seconds later
    Then host "stable-01" becomes Activating 10 minutes and 10 seconds later
    And host "stable-01" is dispatched twice under "stable@a1"
    And "stable@a1" is Terminal within 1 hour

  Scenario: A dispatch that was acked while it was down is not sent again: the agent repeats its ack
    Given channel "edge" with 1 host soaking 10 minutes
    When "edge" moves to ref "a1"
    And the control plane crashes for 30 seconds 5 seconds later
    Then host "edge-01" becomes Activating 35 seconds later
    And no host of "edge@a1" is dispatched after that

  Scenario: A wave that switched and soaked while it was down is reported in one instant, and was never Converging
    Given channel "edge" with 1 host soaking 10 minutes
    When "edge" moves to ref "a1"
    And the control plane crashes for 1 hour while host "edge-01" is activating
    Then "edge@a1" goes through Opening, Active and Terminal
    And host "edge-01" has been Soaking
