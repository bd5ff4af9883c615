Feature: The disruption budget

  A budget limits how many of some hosts may be in flight at once, whatever their channels. A host
  uses a place from its dispatch until it has converged, failed or been deferred.

  Background:
    Given channel "stable" with 3 hosts soaking 10 minutes
    And an ack takes 10 seconds
    And activation takes 1 minute

  Scenario: Under a budget of one the hosts go one after the other, each when the one before has converged
    Given a budget of one for channel "stable"
    When "stable" moves to ref "a1"
    Then every host of "stable@a1" is Converged
    And at most 1 host of "stable@a1" is ever in flight
    And hosts "stable-02" and "stable-03" are held back by the disruption-budget
    And host "stable-01" is Converged before host "stable-02" is dispatched
    And host "stable-02" is Converged before host "stable-03" is dispatched

  Scenario: Under a budget of two the third host goes when the first of the two is done
    Given a budget of two for channel "stable"
    And on host "stable-02" activation takes 1 hour
    When "stable" moves to ref "a1"
    And time passes until host "stable-03" is activating
    Then host "stable-01" is Converged
    And host "stable-02" is Activating
    And at most 2 hosts of "stable@a1" are ever in flight

  Scenario: A host that was dispatched and has not acked uses a place
    Given a budget of one for channel "stable"
    And on host "stable-01" an ack takes 30 minutes
    When "stable" moves to ref "a1"
    And 29 minutes pass
    Then host "stable-01" is Pending
    And hosts "stable-02" and "stable-03" are Pending

  Scenario: A host that waits for a reboot frees its place
    Given a budget of one for channel "stable"
    And host "stable-01" defers its activation and reboots 6 hours later
    When "stable" moves to ref "a1"
    And time passes until host "stable-03" is converged
    Then host "stable-02" is Converged
    And host "stable-01" is Deferred
    And at most 1 host of "stable@a1" is ever in flight

  Scenario: A host that is back from its reboot may exceed the budget: only a dispatch is refused
    Given a budget of one for channel "stable"
    And host "stable-01" defers its activation and reboots 15 minutes later
    And on host "stable-02" activation takes 1 hour
    When "stable" moves to ref "a1"
    Then host "stable-02" is Activating while host "stable-01" is soaking
    And host "stable-01" is Converged before host "stable-03" is dispatched
    And the invariant budget-kept holds

  Scenario Outline: A host that fails under <policy> frees its place for hosts of other rollouts
    Given channel "edge" with 2 hosts soaking 10 minutes
    And channel "stable" has policy <policy>
    And a budget of one for channels "stable" and "edge"
    And host "stable-01" fails its activation
    When "stable" moves to ref "a1"
    And "edge" moves to ref "a1" at once
    Then "stable@a1" is <end>
    And 1 host of "stable@a1" is dispatched
    And every host of "edge@a1" is Converged

    Examples:
      | policy            | end      |
      | halt              | Failed   |
      | rollback-and-halt | Reverted |

  Scenario: If a host counts in two budgets, both must have a place
    Given a budget of two for channel "stable"
    And a budget of one for hosts "stable-01" and "stable-02"
    When "stable" moves to ref "a1"
    And time passes until host "stable-01" is activating
    Then host "stable-02" is Pending
    And host "stable-03" is Activating
    And at most 1 of hosts "stable-01" and "stable-02" is ever in flight
    And at most 2 hosts of "stable@a1" are ever in flight

  Scenario: A budget over two channels releases the first host that asks, and then the other one
    Given channel "edge" with 1 host soaking 10 minutes
    And a budget of one for hosts "stable-01" and "edge-01"
    When "stable" moves to ref "a1"
    And "edge" moves to ref "a1" at once
    Then host "stable-01" is Converged before host "edge-01" is dispatched
    And "edge@a1" is Terminal

  Scenario: A host that never answers keeps its place, and all others wait
    Given a budget of one for channel "stable"
    And host "stable-01" never answers
    When "stable" moves to ref "a1"
    Then "stable@a1" is stuck waiting for host "stable-02", which is held back by disruption-budget
    And 1 host of "stable@a1" is dispatched

  Scenario: The next ref takes over the place of the rollout that it supersedes
    Given a budget of one for channel "stable"
    And host "stable-01" never answers under ref "a1"
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    Then every host of "stable@b2" is Converged
    And at most 1 host of "stable@b2" is ever in flight

  Scenario: A host that continues to soak under a superseded rollout keeps its place until it has converged
    Given channel "edge" with waves of 1 and 1 hosts soaking 30 minutes
    And a budget of one for channel "edge"
    When "edge" moves to ref "a1"
    And "edge" moves to ref "b2" once host "edge-02" is soaking
    Then host "edge-02" under "edge@a1" is Converged before host "edge-01" under "edge@b2" is dispatched
    And every host of "edge@b2" is Converged

  Scenario: A host that is in flight when its rollout is pruned frees its place
    Given channel "edge" with 1 host soaking 10 minutes
    And channel "stable" keeps ended rollouts for 20 minutes
    And a budget of one for hosts "stable-02" and "edge-01"
    And host "stable-01" fails its activation
    And on host "stable-02" activation takes 2 hours
    When "stable" moves to ref "a1"
    And "edge" moves to ref "a1" while host "stable-02" under "stable@a1" is activating
    Then "stable@a1" is Pruned before host "edge-01" is dispatched
    And host "stable-02" is Activating
    And "edge@a1" is Terminal
