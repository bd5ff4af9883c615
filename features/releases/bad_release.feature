Feature: A bad release

  A release that is wrong for some hosts: how far it gets, how it is stopped, and how the next one
  repairs it.

  Background:
    Given channel "stable" with waves of 1 and 4 hosts soaking 30 minutes
    And activation takes 1 minute
    And a rollback takes 2 minutes

  Scenario: Under halt nothing follows a failure, and the rollout stays Failed until it is pruned
    Given host "stable-01" fails its probes under ref "bad"
    When "stable" moves to ref "bad"
    Then "stable@bad" is neither Terminal nor Reverted
    And fewer than 2 hosts of "stable@bad" are dispatched
    And "stable@bad" stays Failed for 7 days

  Scenario: Under rollback the host returns soon, and the release is in quarantine
    Given channel "stable" has policy rollback-and-halt
    And host "stable-01" fails its activation under ref "bad"
    When "stable" moves to ref "bad"
    Then host "stable-01" is Reverted within 3 minutes of host "stable-01" is failed
    And host "stable-01" goes through Pending, Activating, Failed and Reverted
    And ref "bad" is quarantined on channel "stable"

  Scenario: A repaired release reaches every host, those of the bad one first
    Given host "stable-01" fails its probes under ref "bad"
    When "stable" moves to ref "bad"
    And "stable" moves to ref "good"
    Then every host of "stable@good" is Converged
    And "stable@bad" has ended
    And host "stable-01" is dispatched before hosts "stable-02" to "stable-05" under "stable@good"

  Scenario: A failure of half the second wave fails the release, and the others finish
    Given hosts "stable-02" to "stable-03" fail their probes under ref "bad"
    When "stable" moves to ref "bad"
    Then between 50 and 60% of the hosts of "stable@bad" are Converged
    And 40% of the hosts of "stable@bad" are Failed
    And every host of "stable@bad" is Converged or Failed

  @vacuous:the-hosts-never-see-the-bad-release
  Scenario: A bad release that is replaced in time fails nobody else
    Given hosts "stable-02" to "stable-05" fail their probes under ref "bad"
    When "stable" moves to ref "bad"
    And "stable" moves to ref "good" while wave 0 is soaking
    Then "stable@bad" is not Failed
    And hosts "stable-02" to "stable-05" are never dispatched under "stable@bad"
    And every host of "stable@good" is Converged

  Scenario: An operator clears it, and the hosts that were held back stay where they are
    Given host "stable-01" fails its probes under ref "bad"
    When "stable" moves to ref "bad"
    And the operator clears "stable@bad" 1 hour after "stable@bad" is Failed
    Then "stable@bad" has ended
    And hosts "stable-02" to "stable-05" are not in flight
    And all but 1 host of "stable@bad" are Pending

  Scenario: The failure is known within minutes of the switch
    Given host "stable-01" fails its probes under ref "bad"
    When "stable" moves to ref "bad"
    Then "stable@bad" is Failed at most 5 minutes after wave 0 is soaking
    And "stable@bad" is Failed at least 1 minute after wave 0 is soaking

  Scenario Outline: With <chance> of failing probes the release fails under each of many seeds
    Given each of the seeds 1 to 10
    And <chance> of probes fail
    When "stable" moves to ref "bad"
    Then "stable@bad" is Failed or Terminal
    And at least 1 host of "stable@bad" is not in flight

    Examples:
      | chance |
      | 50%    |
      | 90%    |

  Scenario: A host that never answers under the bad release answers the next one
    Given host "stable-02" never answers under ref "bad"
    When "stable" moves to ref "bad"
    And "stable" moves to ref "good" 1 day later
    Then hosts "stable-*" are dispatched once under "stable@good"
    And every host of "stable@good" is Converged
