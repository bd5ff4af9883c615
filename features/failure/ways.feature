Feature: The ways in which a host fails

  A switch fails, at once or after a deferred reboot; or it completes, and the probes fail for a
  minute. The policy decides the effect on the rollout: halt fails it, rollback-and-halt reverts it
  once the host has rolled back.

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And an ack takes 5 seconds
    And activation takes 1 minute
    And a probe takes 20 seconds

  Scenario Outline: Under <policy>, a host that fails its <stage> takes the rollout from <last> to <end>
    Given channel "stable" has policy <policy>
    And host "stable-03" fails its <stage>
    When "stable" moves to ref "a1"
    Then "stable@a1" goes through Opening, Active, Converging, <states> and <end>
    And host "stable-03" is <end>

    Examples:
      | policy            | stage      | last       | states             | end      |
      | halt              | activation | Active     | Active             | Failed   |
      | halt              | probes     | Converging | Active, Converging | Failed   |
      | rollback-and-halt | activation | Active     | Active             | Reverted |
      | rollback-and-halt | probes     | Converging | Active, Converging | Reverted |

  Scenario Outline: Under <policy>, a host that reboots into failing its <stage> ends the rollout as <end> at last
    Given channel "stable" has policy <policy>
    And host "stable-01" defers its activation and reboots 6 hours later
    And host "stable-01" fails its <stage>
    When "stable" moves to ref "a1"
    And time passes until host "stable-03" is converged
    Then host "stable-01" is Deferred
    When time passes until everything has settled
    Then host "stable-01" is <end>
    And "stable@a1" is <end>
    And hosts "stable-02" and "stable-03" are Converged

    Examples:
      | policy            | stage      | end      |
      | halt              | activation | Failed   |
      | halt              | probes     | Failed   |
      | rollback-and-halt | activation | Reverted |
      | rollback-and-halt | probes     | Reverted |

  Scenario: Each channel has a policy of its own, for the same ref
    Given channel "edge" with 1 host soaking 10 minutes
    And channel "edge" has policy rollback-and-halt
    And hosts "stable-01" and "edge-01" fail their probes
    When "stable" moves to ref "a1"
    And "edge" moves to ref "a1" at once
    Then "stable@a1" is Failed
    And "edge@a1" is Reverted

  Scenario: A failed switch needs no probe
    Given host "stable-01" fails its activation
    When "stable" moves to ref "a1"
    And time passes until host "stable-01" is activating
    Then "stable@a1" is Failed 1 minute later

  Scenario: Probes must fail for a minute before the host fails
    Given host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    And time passes until host "stable-01" is soaking
    Then "stable@a1" is Failed 80 seconds later
