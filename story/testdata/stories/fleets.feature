Feature: Fleets

  Scenario: Waves are shares of the hosts
    Given channel "stable" with 40 hosts in waves of 5%, 25% and 70% soaking 30 minutes
    When "stable" moves to ref "a1"
    And time passes until wave 1 is pending
    Then 40 hosts of "stable@a1" are Pending
    When time passes until wave 2 of "stable@a1" is activating
    Then 12 hosts of "stable@a1" are Converged

  Scenario: Shares are rounded up, at the cost of the later waves
    Given channel "stable" with 7 hosts in waves of 10% and 90% soaking 10 minutes
    When "stable" moves to ref "a1"
    Then wave 1 of "stable@a1" is activating after wave 0 of "stable@a1" is converged
    And 6 hosts of "stable@a1" are dispatched after host "stable-01" is Converged

  Scenario: Hosts are named or counted, wave by wave
    Given channel "stable" with these waves:
      | hosts          | soak       |
      | web-01         | 10 minutes |
      | web-02, web-03 | 1 hour     |
      | 2              | 20 minutes |
    When "stable" moves to ref "a1"
    Then host "web-03" is Soaking 70 minutes after the start
    And host "web-02" is Converged after host "web-01" is Converged
    And hosts "stable-01" and "stable-02" are Converged

  Scenario: Several channels, one waiting for another
    Given these channels:
      | channel | waves   | soak       | policy            | retention | poll       | after |
      | early   | 2       | 10 minutes | halt              |           |            |       |
      | late    | 1 and 5 | 30 minutes | rollback-and-halt | 1 day     | 90 seconds | early |
    When the channels move like this:
      | channel | ref | when    |
      | early   | a1  |         |
      | late    | a1  | at once |
    Then "early@a1" is Terminal before host "late-01" is dispatched
    And host "late-01" is held back by the channel-edges under "late@a1"
    And "late@a1" is Terminal
    And "late@a1" is Pruned 1 day later
    And "early@a1" is Terminal

  Scenario: What a scenario file tells
    Given the scenario "one-wave-converges"
    Then "stable@a1" is Terminal
    And "stable@a1" is Pruned in the end

  Scenario: What is in store for hosts under refs of a scenario file
    Given the scenario "one-wave-converges"
    And host "stable-02" fails its probes under ref "a1"
    Then "stable@a1" is Failed

  Scenario: What a scenario file tells, and more
    Given the scenario "failure-under-v0.2"
    And the machine is rfc0008
    And the run lasts 20 days
    Then "stable@a1" is Reverted
    When "stable" moves to ref "later"
    Then "stable@later" is Reverted

  Rule: What holds hosts back

    Background:
      Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
      And activation takes 1 minute

    Scenario: A wave waits for the one before it
      When "stable" moves to ref "a1"
      Then host "stable-03" is held back by the wave-promotion
      And host "stable-01" is never held back

    Scenario: A budget of hosts
      Given a budget of one for hosts "stable-*"
      When "stable" moves to ref "a1"
      Then at most one of hosts "stable-*" is ever in flight
      And host "stable-03" is held back by the disruption-budget
      And host "stable-01" is never held back by the disruption-budget
      And the invariant budget-kept holds
      And "stable@a1" is Terminal

    Scenario: A budget of a channel
      Given a budget of two for channel "stable"
      When "stable" moves to ref "a1"
      Then at most 2 hosts of "stable@a1" are ever in flight

    Scenario: A budget over two channels
      Given channel "edge" with 1 host soaking 10 minutes
      And a budget of 1 for channels "stable" and "edge"
      When "stable" moves to ref "a1"
      And "edge" moves to ref "a1" at once
      Then at most one of hosts "stable-01" and "edge-01" is ever in flight
      And host "edge-01" is held back by the disruption-budget

    Scenario: A host waits for another one
      Given host "stable-03" waits for host "stable-02"
      When "stable" moves to ref "a1"
      Then host "stable-03" is dispatched after host "stable-02" is Converged
      And host "stable-03" is held back by host-edge under "stable@a1"

    Scenario: A channel waits for another one
      Given channel "edge" with 1 host soaking 10 minutes
      And channel "stable" waits for channel "edge"
      When "stable" moves to ref "a1"
      And "edge" moves to ref "a1" 2 hours later
      Then "edge@a1" is Terminal before "stable@a1" is Converging

    Scenario: What is quarantined is not dispatched, until an operator lifts it
      Given the quarantine of channel "stable" holds ref "a1"
      When "stable" moves to ref "a1"
      Then host "stable-01" is Pending
      And host "stable-01" is held back by the quarantine
      And ref "a1" is quarantined on channel "stable"
      When the operator lifts the quarantine of ref "a1" on channel "stable" 1 hour later
      Then "stable@a1" is Terminal
      And ref "a1" is not quarantined on channel "stable"
      And ref "a1" is quarantined on channel "stable" 30 minutes after the start

    Scenario: The shipped control plane does not halt a failed rollout, and counts the soak from the opening
      Given the control plane is shipped
      And the machine is v0.2
      And a budget of one for hosts "stable-*"
      And host "stable-02" fails its activation
      When "stable" moves to ref "a1"
      Then host "stable-03" under "stable@a1" is dispatched after "stable@a1" is Failed
      And the invariant halt-kept does not hold of "stable@a1"
      And the invariant evidence-kept does not hold of "stable@a1"
      And the invariant fold-is-live does not hold of "stable@a1"
      And "stable@a1" is never pruned

    Scenario: Without a control plane only raw events happen
      Given the control plane is absent
      When "stable" moves to ref "a1"
      Then every host of "stable@a1" is Pending
      And "stable@a1" is stuck

  Rule: Chance

    Background:
      Given channel "stable" with waves of 1 and 20 hosts soaking 10 minutes

    Scenario: A seed other than the first
      Given seed 7
      And activation takes between 1 minute and 10 minutes
      When "stable" moves to ref "a1"
      Then host "stable-01" is Soaking within 11 minutes

    Scenario: How long things take
      Given the ack takes 2 seconds
      And activation takes 40 seconds, seldom over 3 minutes
      And a reboot takes 10 minutes on average
      And on host "stable-02" activation takes 20 minutes
      And on hosts "stable-03" and "stable-04" the probe takes between 5 seconds and 10 seconds
      When "stable" moves to ref "a1"
      Then host "stable-02" becomes Soaking 20 minutes after host "stable-02" is activating
      And "stable@a1" is Terminal

    Scenario: Turns for the worse
      Given 100% of probes fail on hosts "stable-01" and "stable-02"
      And host "stable-01" always converges
      When "stable" moves to ref "a1"
      Then host "stable-01" is Converged
      And host "stable-02" is Failed

    Scenario: A dispatch that is never acked
      Given 100% of dispatches are never acked on host "stable-04"
      When "stable" moves to ref "a1"
      Then "stable@a1" is stuck waiting for host "stable-04", which is never acked

    Scenario: The same under each of many seeds
      Given each of the seeds 1 to 20
      And 5% of activations are deferred
      And a budget of two for channel "stable"
      When "stable" moves to ref "a1"
      Then the invariant budget-kept holds
      And every host of "stable@a1" is Converged
