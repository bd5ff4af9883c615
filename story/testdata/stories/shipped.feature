Feature: The shipped control plane

  Each sentence about the shipped control plane, and the same story without it or with the defect
  mended.

  Rule: Without all defects

    Background:
      Given the control plane is shipped, with all its defects mended
      And the first heartbeat comes 12 seconds after the start
      And the first tick comes 5 seconds after the start
      And the first poll comes 10 seconds after the start
      And ack takes 2 seconds
      And activation takes 30 seconds

    Scenario: Hosts soak for an hour by default
      Given channel "stable" with 2 hosts
      When all channels move to ref "a1"
      Then every host of "stable@a1" is Converged
      And host "stable-01" has been Soaking
      And every host of "stable@a1" is Soaking 59 minutes after "stable@a1" is Active

    Scenario: The first poll opens the rollout
      Given channel "stable" with 1 host soaking 1 minute
      When "stable" moves to ref "a1"
      Then no rollout stands for channel "stable" 9 seconds after the start
      And "stable@a1" is Active 11 seconds after the start
      And host "stable-01" is Pending 21 seconds after the start
      And host "stable-01" is Activating 23 seconds after the start

    Scenario: Hosts that run the closure already need no switch
      Given channel "stable" with 2 hosts
      And hosts "stable-01" and "stable-02" run the closure of ref "a1" at the start
      When "stable" moves to ref "a1"
      Then "stable@a1" is Terminal
      And every host of "stable@a1" is Converged 1 minute after "stable@a1" is Active

    Scenario: Hosts that a ref does not change need no switch
      Given channel "stable" with 3 hosts soaking 10 minutes
      And ref "b2" does not change hosts "stable-01" and "stable-02"
      When "stable" moves to ref "a1"
      And "stable" moves to ref "b2" 20 minutes after the start
      Then "stable@b2" is Terminal
      And host "stable-01" is Converged under "stable@b2" 1 minute after "stable@b2" is Active
      And host "stable-03" is Soaking under "stable@b2" 2 minutes after "stable@b2" is Active

    Scenario: A channel without a manifest is not planned
      Given channel "stable" with 1 host soaking 1 minute
      And channel "edge" with 1 host soaking 1 minute
      And ref "b2" has no manifest for channel "stable"
      When all channels move to ref "a1"
      And all channels move to ref "b2" 10 minutes later
      Then "edge@b2" is Terminal
      And "stable@b2" is never opened

    @vacuous:no-poll-reads-it
    Scenario: A stale manifest is not read
      Given channel "stable" with 1 host soaking 1 minute
      And ref "b2" has a stale manifest
      When "stable" moves to ref "a1"
      And "stable" moves to ref "b2"
      Then "stable@b2" is never opened
      And "stable@a1" is Terminal

    Scenario: A manifest that was signed long ago is reported
      Given channel "stable" with 1 host soaking 1 minute
      And ref "b2" is signed 2 hours before the start
      When "stable" moves to ref "b2"
      Then "stable@b2" is Terminal

    Scenario: A control that fails for a while keeps the next wave back for a while
      Given channel "stable" with waves of 1 and 1 hosts soaking 1 minute
      And host "stable-01" fails a control under ref "a1" for 50 seconds
      When "stable" moves to ref "a1"
      Then "stable@a1" is Terminal

    Scenario: A control that fails for good fails the host
      Given channel "stable" with 1 host soaking 1 minute
      And host "stable-01" fails a control for good
      When "stable" moves to ref "a1"
      Then "stable@a1" is Failed

    Scenario: An opening that is cut short is repeated
      Given channel "stable" with 3 hosts soaking 1 minute
      When the control plane crashes after 1 host of the next opening for 1 minute
      And "stable" moves to ref "a1" at once
      Then "stable@a1" is Terminal
      And 3 hosts of "stable@a1" are Converged

    Scenario: A database error is reported to the agent
      Given channel "stable" with 1 host soaking 1 minute
      When "stable" moves to ref "a1"
      And the database fails at the next ActivationCompleted of host "stable-01" while host "stable-01" is activating
      Then "stable@a1" is Terminal

    Scenario: A row of the log and its tables are one transaction
      Given channel "stable" with 1 host soaking 1 minute
      When "stable" moves to ref "a1"
      And the log loses a row of the next ActivationCompleted of host "stable-01" while host "stable-01" is activating
      Then "stable@a1" is Terminal

    Scenario: A failed host halts the rollout if no-halt is mended
      Given the control plane is shipped, with no-halt and late-wave-soak mended
      And channel "stable" with 2 hosts soaking 10 minutes
      And a budget of one for channel "stable"
      And hosts "stable-*" fail their activation
      When "stable" moves to ref "a1"
      Then "stable@a1" is Failed
      And 1 host of "stable@a1" is Failed
      And 1 host of "stable@a1" is Pending

    Scenario: A failed host does not halt the rollout otherwise
      Given the control plane is shipped, with late-wave-soak mended
      And channel "stable" with 2 hosts soaking 10 minutes
      And a budget of one for channel "stable"
      And hosts "stable-*" fail their activation
      When "stable" moves to ref "a1"
      Then 2 hosts of "stable@a1" are Failed
      And the invariant halt-kept does not hold of "stable@a1"

    Scenario: An old manifest is refused silently otherwise
      Given the control plane is shipped
      And channel "stable" with 1 host soaking 1 minute
      And ref "a1" is signed 2 hours before the start
      When "stable" moves to ref "a1"
      Then "stable@a1" is stuck
