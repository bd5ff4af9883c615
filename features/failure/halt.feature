Feature: The halt of a failed rollout

  Under halt one failing host fails the rollout. From that instant nothing is dispatched, and
  dispatched hosts finish their switch.

  Background:
    Given channel "stable" with waves of 1, 2 and 3 hosts soaking 10 minutes
    And an ack takes 5 seconds
    And activation takes 1 minute

  Scenario: Nothing more is dispatched, and dispatched hosts finish
    Given host "stable-02" fails its probes
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed
    And no host of "stable@a1" is dispatched after that
    And host "stable-02" is Failed
    And hosts "stable-01" and "stable-03" are Converged
    And 3 hosts of "stable@a1" are Pending

  Scenario: A dispatch that was sent before the failure is acked after it, and finishes too
    Given on host "stable-03" an ack takes 50 seconds
    And on host "stable-02" activation takes 10 seconds
    And host "stable-02" fails its activation
    When "stable" moves to ref "a1"
    And time passes until "stable@a1" is Failed
    Then host "stable-03" is Pending
    When time passes until everything has settled
    Then host "stable-03" is Converged
    And "stable@a1" is Failed

  Scenario: A host that has not acked by then is not dispatched again
    Given host "stable-03" never answers
    And host "stable-02" fails its probes
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed
    And no host of "stable@a1" is dispatched after that
    And host "stable-03" is Pending

  Scenario: A host of an earlier wave that fails after its reboot stops the wave that is under way
    Given host "stable-01" defers its activation and reboots 15 minutes later
    And host "stable-01" fails its activation
    And on host "stable-03" activation takes 1 hour
    When "stable" moves to ref "a1"
    Then "stable@a1" goes through Opening, Active, Converging, Active and Failed
    And hosts "stable-02" and "stable-03" are Converged
    And 3 hosts of "stable@a1" are dispatched

  Scenario: A host that fails in the instant in which the next wave would start stops it
    Given host "stable-02" defers its activation and never reboots
    When "stable" moves to ref "a1"
    And these events happen once host "stable-03" is converged:
      | event            | rollout   | host      | from     | to     |
      | HostStateChanged | stable@a1 | stable-02 | Deferred | Failed |
    Then "stable@a1" is Failed
    And "stable@a1" is at wave 1
    And host "stable-04" is never dispatched

  Scenario: A failure in the last wave fails the rollout, although all others have converged
    Given host "stable-06" fails its probes
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed
    And 5 hosts of "stable@a1" are Converged
    And RolloutTerminal never happens to "stable@a1"

  Scenario: Two hosts that fail fail the rollout once
    Given hosts "stable-02" and "stable-03" fail their probes
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed
    And 2 hosts of "stable@a1" are Failed
    And SchedulePruning is emitted once for "stable@a1"

  Scenario: A failure on one channel does not stop another
    Given channel "edge" with 2 hosts soaking 10 minutes
    And host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    And "edge" moves to ref "a1" at once
    Then "stable@a1" is Failed
    And "edge@a1" is Terminal

  @vacuous:the-same-ref-again
  Scenario: Setting the same ref again starts nothing
    Given host "stable-02" fails its probes
    When "stable" moves to ref "a1"
    And "stable" moves to ref "a1"
    Then "stable@a1" is Failed
    And RolloutOpened happens once to "stable@a1"
    And 3 hosts of "stable@a1" are dispatched

  Scenario: The next ref starts again from the first wave, with every host
    Given host "stable-02" fails its probes under ref "a1"
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed
    When "stable" moves to ref "b2"
    Then every host of "stable@b2" is Converged
    And "stable@b2" goes through Opening, Active, Converging, Active, Converging, Active, Converging, Terminal
