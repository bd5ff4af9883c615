Feature: The step from one wave to the next

  The cursor, current_wave, says how far a rollout may go. It moves forward in the instant in which
  every host of the wave has converged, and it never moves back.

  Background:
    Given channel "stable" with waves of 2 and 3 hosts soaking 10 minutes

  Scenario: The next wave is dispatched in the instant in which the last host of this one converges
    Given on host "stable-02" activation takes 1 hour
    When "stable" moves to ref "a1"
    And time passes until host "stable-02" is converged
    Then "stable@a1" is at wave 1
    And 5 hosts of "stable@a1" are dispatched
    And host "stable-03" is Pending
    When 10 minutes pass
    Then host "stable-03" is Soaking

  Scenario: One slow host delays the next wave, and nothing else
    Given on host "stable-02" activation takes 3 hours
    When "stable" moves to ref "a1"
    And 2 hours pass
    Then host "stable-01" is Converged
    And host "stable-02" is Activating
    And "stable@a1" is Active
    And 3 hosts of "stable@a1" are Pending

  Scenario: A wave that soaks is not complete: its last host keeps the rollout Converging
    Given convergence takes 1 second
    And on host "stable-02" convergence takes 1 hour
    When "stable" moves to ref "a1"
    And 1 hour passes
    Then host "stable-01" is Converged
    And host "stable-02" is Soaking
    And "stable@a1" is Converging
    And "stable@a1" is at wave 0

  Scenario: A host that never answers delays its wave and all later ones
    Given host "stable-01" never answers
    When "stable" moves to ref "a1"
    Then "stable@a1" is stuck waiting for host "stable-01"
    And host "stable-01" is Pending
    And host "stable-02" is Converged
    And "stable@a1" is Active
    And host "stable-03" is never dispatched

  Scenario Outline: An empty wave causes no delay: <waves>
    Given channel "edge" with waves of <waves> hosts soaking 10 minutes
    When "edge" moves to ref "a1"
    Then "edge@a1" goes through <states>
    And "edge@a1" is at wave <last>

    Examples:
      | waves      | last | states                                                    |
      | 1, 0 and 1 | 2    | Opening, Active, Converging, Active, Converging, Terminal |
      | 0 and 1    | 1    | Opening, Active, Converging, Active, Converging, Terminal |
      | 1 and 0    | 0    | Opening, Active, Converging, Terminal                     |

  Scenario: A host that joins the current wave late keeps the next one from starting
    When "stable" moves to ref "a1"
    And these events happen once "stable@a1" is Converging:
      | event      | rollout   | host | wave |
      | HostJoined | stable@a1 | late | 0    |
    Then "stable@a1" is stuck waiting for host "late"
    And hosts "stable-01" and "stable-02" are Converged
    And host "stable-03" is never dispatched

  Scenario: A host that joins a wave that has passed does not move the cursor back
    When "stable" moves to ref "a1"
    And these events happen while wave 1 is soaking:
      | event      | rollout   | host | wave |
      | HostJoined | stable@a1 | late | 0    |
    Then "stable@a1" is at wave 1
    And "stable@a1" is stuck waiting for host "late"

  Scenario Outline: A wave that goes back is <what> by <machine>
    Given the machine is <machine>
    And the run lasts 1 day
    When "stable" moves to ref "a1"
    And these events happen while wave 1 is activating:
      | event        | rollout   | from | to |
      | WaveAdvanced | stable@a1 | 1    | 0  |
    And 1 second passes
    Then WaveAdvanced of "stable@a1" <verdict>
    And "stable@a1" is <state>
    And "stable@a1" is at wave 1

    Examples:
      | machine | what                        | verdict                                | state      |
      | rfc0008 | refused                     | is refused with Invariant              | Active     |
      | v0.2    | taken for one that is ready | has the effect RecordRolloutTransition | Converging |

  Scenario: The shipped planner moves a cursor of its own, without the log: the rollout is never Converging
    Given the control plane is shipped
    When "stable" moves to ref "a1"
    Then "stable@a1" goes through Opening, Active and Terminal
    And WaveAdvanced never happens to "stable@a1"
    And the invariant fold-is-live does not hold of "stable@a1"
    And the invariant evidence-kept does not hold of "stable@a1"
