Feature: A failure as specified and as shipped

  The shipped machine, v0.2, reads no policy: a failing host fails the rollout, and a rollback has
  no effect, so no rollout is ever Reverted. The shipped planner does not halt a Failed rollout.

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And activation takes 1 minute
    And host "stable-02" fails its probes

  Scenario Outline: Under <policy>, <machine> ends the rollout as <end>
    Given the machine is <machine>
    And channel "stable" has policy <policy>
    And the run lasts 1 day
    When "stable" moves to ref "a1"
    Then "stable@a1" goes through Opening, Active, Converging, Active, Converging and <end>
    And host "stable-02" is <host>
    And InsertQuarantineFromRollout is emitted <times> for "stable@a1"

    Examples:
      | policy            | machine | end      | host     | times   |
      | halt              | rfc0008 | Failed   | Failed   | 0 times |
      | halt              | v0.2    | Failed   | Failed   | 0 times |
      | rollback-and-halt | rfc0008 | Reverted | Reverted | once    |
      | rollback-and-halt | v0.2    | Failed   | Reverted | 0 times |

  Scenario Outline: A failed rollout whose host rolls back later is <end> under <machine>
    Given the machine is <machine>
    And the run lasts 1 day
    When "stable" moves to ref "a1"
    And these events happen 1 hour after "stable@a1" is Failed:
      | event            | rollout   | host      | from   | to       |
      | HostStateChanged | stable@a1 | stable-02 | Failed | Reverted |
    Then host "stable-02" is Reverted
    And "stable@a1" is <end>
    And HostStateChanged of "stable@a1" <answer>

    Examples:
      | machine | end      | answer                                                                                   |
      | rfc0008 | Reverted | has the effects RecordRolloutTransition, InsertQuarantineFromRollout and SchedulePruning |
      | v0.2    | Failed   | has no effect                                                                            |

  @machine:v0.2
  Scenario: As shipped, a Failed rollout whose host has rolled back stays halted, and its ref is quarantined
    Given channel "edge" with 3 hosts soaking 10 minutes
    And channel "edge" has policy rollback-and-halt
    And a budget of one for channel "edge"
    And host "edge-01" fails its activation
    And the run lasts 1 day
    When "edge" moves to ref "a1"
    Then host "edge-01" is Reverted
    And "edge@a1" is Failed
    And 1 host of "edge@a1" is dispatched
    And ref "a1" is quarantined on channel "edge"

  Scenario: The shipped planner dispatches the rest of the wave in which a host failed
    Given the control plane is shipped
    And channel "edge" with waves of 3 and 1 hosts soaking 10 minutes
    And a budget of one for channel "edge"
    And hosts "edge-01" and "edge-02" fail their activation
    And the run lasts 3 hours
    When "edge" moves to ref "a1"
    Then "edge@a1" is Failed
    And the invariant halt-kept does not hold of "edge@a1"
    And the invariant evidence-kept does not hold of "edge@a1"
    And host "edge-03" is Converged
    And host "edge-04" is never dispatched
