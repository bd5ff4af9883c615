Feature: Expectations that do not hold

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And activation takes 1 minute
    And the ack takes 2 seconds

  Scenario: Another state
    When "stable" moves to ref "a1"
    Then "stable@a1" is Superseded

  Scenario: A state that comes later
    When "stable" moves to ref "a1"
    Then "stable@a1" is Pruned

  Scenario: A state that was there before
    When "stable" moves to ref "a1"
    And 8 days pass
    Then "stable@a1" is Terminal

  Scenario: Never before the present
    When "stable" moves to ref "a1"
    Then "stable@a1" has been Failed

  Scenario: Too late
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal
    And "stable@a1" is pruned 6 days later

  Scenario: Not at all later
    When "stable" moves to ref "a1"
    Then "stable@a1" becomes Failed within 1 hour

  Scenario: Never, and yet it is
    When "stable" moves to ref "a1"
    Then "stable@a1" is never Converging

  Scenario: The other way round
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    Then "stable@b2" is Active before "stable@a1" is Superseded

  Scenario: Another wave
    When "stable" moves to ref "a1"
    Then "stable@a1" is at wave 2

  Scenario: Opened after all
    When "stable" moves to ref "a1"
    Then "stable@a1" is never opened

  Scenario: Two stand
    When these events happen:
      | event         | rollout   | channel | ref |
      | RolloutOpened | stable@a1 | stable  | a1  |
      | RolloutOpened | stable@b2 | stable  | b2  |
    Then only "stable@b2" stands for channel "stable"

  Scenario: Another path
    When "stable" moves to ref "a1"
    Then "stable@a1" goes through Opening, Active and Terminal

  Scenario: A transition that is another one
    When "stable" moves to ref "a1"
    Then these transitions happen:
      | rollout   | from    | to     |
      | stable@a1 | Opening | Active |
      | stable@a1 | Active  | Failed |

  Scenario: A transition too few
    When "stable" moves to ref "a1"
    Then these transitions happen:
      | rollout   | from    | to     |
      | stable@a1 | Opening | Active |

  Scenario: A transition too many
    When "stable" moves to ref "a1"
    Then these transitions happen:
      | rollout   | from       | to         |
      | stable@a1 | Opening    | Active     |
      | stable@a1 | Active     | Converging |
      | stable@a1 | Converging | Active     |
      | stable@a1 | Active     | Converging |
      | stable@a1 | Converging | Terminal   |
      | stable@a1 | Terminal   | Pruned     |

  Scenario: A transition at another time
    When "stable" moves to ref "a1"
    Then these transitions happen:
      | rollout   | from       | to         | later      |
      | stable@a1 | Opening    | Active     |            |
      | stable@a1 | Active     | Converging | 62 seconds |
      | stable@a1 | Converging | Active     | 10 minutes |

  Scenario: Another state of a host
    When "stable" moves to ref "a1"
    Then host "stable-02" is Failed

  Scenario: Not every host
    When "stable" moves to ref "a1"
    And time passes until wave 1 is soaking
    Then every host of "stable@a1" is Converged

  Scenario: Another number of hosts
    When "stable" moves to ref "a1"
    And time passes until wave 1 is soaking
    Then 3 hosts of "stable@a1" are Soaking

  Scenario: Dispatched after that
    When "stable" moves to ref "a1"
    And time passes until wave 0 is soaking
    Then no host of "stable@a1" is dispatched after that

  Scenario: Dispatched ever
    When "stable" moves to ref "a1"
    Then host "stable-02" is never dispatched

  Scenario: Not dispatched
    Given host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    Then host "stable-02" is dispatched under "stable@a1"

  Scenario: Another count of events
    When "stable" moves to ref "a1"
    Then WaveAdvanced happens twice to "stable@a1"

  Scenario: Another effect
    When "stable" moves to ref "a1"
    Then RolloutTerminal of "stable@a1" has the effects SchedulePruning

  Scenario: Accepted
    When "stable" moves to ref "a1"
    Then RolloutTerminal of "stable@a1" is refused with IllegalForState

  Scenario: Refused for another reason
    When "stable" moves to ref "a1"
    And the operator clears "stable@a1"
    Then OperatorClearance of "stable@a1" is refused with Unimplemented

  Scenario: Not quarantined
    When "stable" moves to ref "a1"
    Then ref "a1" is quarantined on channel "stable"

  Scenario: Quarantined
    Given channel "stable" has policy rollback-and-halt
    And host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    Then ref "a1" is not quarantined on channel "stable"

  Scenario: Not stuck
    When "stable" moves to ref "a1"
    Then "stable@a1" is stuck

  Scenario: Stuck for another host
    Given host "stable-03" defers its activation and never reboots
    When "stable" moves to ref "a1"
    Then "stable@a1" is stuck waiting for host "stable-02"

  Scenario: Not stranded
    When "stable" moves to ref "a1"
    Then channel "stable" is stranded

  Scenario: Pruned after all
    When "stable" moves to ref "a1"
    Then nothing is ever pruned

  Scenario: Not pruned in the end
    Given the machine is v0.2
    When "stable" moves to ref "a1"
    Then every rollout is pruned in the end

  Scenario: Not under every seed
    Given each of the seeds 1 to 200
    And 2% of probes fail
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal

  Scenario: A seed and many seeds
    Given seed 3
    And each of the seeds 1 to 3
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal

  Scenario: Seeds the wrong way round
    Given each of the seeds 20 to 1
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal

  Scenario: Impossible under v0.2
    Given the machine is v0.2
    And channel "stable" has policy rollback-and-halt
    And host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    Then "stable@a1" is Reverted

  Scenario: Pruned under v0.2
    Given the machine is v0.2
    When "stable" moves to ref "a1"
    Then "stable@a1" is pruned 7 days later

  Scenario: Effects that v0.2 never emits
    Given the machine is v0.2
    When "stable" moves to ref "a1"
    Then SchedulePruning is emitted once for "stable@a1"

  Scenario: Reverted under halt
    Given host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    Then "stable@a1" is Reverted before host "stable-02" is dispatched

  Scenario: A host is Reverted under halt
    Given host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    Then host "stable-01" is Reverted

  Scenario: Failed under rollback-and-halt
    Given channel "stable" has policy rollback-and-halt
    And host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed

  Scenario: Another order
    When "stable" moves to ref "a1"
    Then host "stable-02" is dispatched before host "stable-01" is converged

  Scenario: Nothing held back
    When "stable" moves to ref "a1"
    Then host "stable-02" is held back by the disruption-budget

  Scenario: More in flight
    When "stable" moves to ref "a1"
    Then at most one of hosts "stable-*" is ever in flight

  Scenario: Another record
    When "stable" moves to ref "a1"
    Then the record of "stable@a1" is:
      | state    | current_wave | terminal_at |
      | Terminal | 0            | none        |

  Scenario: Other effects
    When "stable" moves to ref "a1"
    Then these effects are emitted:
      | effect                  | rollout   | from    | to     |
      | RecordRolloutTransition | stable@a1 | Opening | Failed |

  Scenario: Other answers
    When "stable" moves to ref "a1"
    Then these answers are given:
      | event         | rollout   | error     |
      | RolloutOpened | stable@a1 | Invariant |

  Scenario: Stuck for another reason
    Given host "stable-02" never answers
    When "stable" moves to ref "a1"
    Then "stable@a1" is stuck waiting for host "stable-02", which is Deferred

  Scenario: Many hosts at another time
    When "stable" moves to ref "a1"
    Then every host of "stable@a1" is Converged within 15 minutes

  Scenario: Not quarantined
    When "stable" moves to ref "a1"
    Then ref "a1" is quarantined on channel "stable"

  Scenario: A known defect that is mended
    When "stable" moves to ref "a1"
    Then known defect: "stable@a1" is Terminal
