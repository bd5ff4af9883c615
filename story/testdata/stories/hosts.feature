Feature: What is in store for hosts

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And activation takes 1 minute

  Scenario: In a table
    Given these hosts misbehave:
      | hosts                | does                         | ref | reboots |
      | stable-01            | fails its probes             | b2  |         |
      | stable-02, stable-03 | defers its activation        | a1  | 2 hours |
      | stable-01            | never completes its rollback | b2  |         |
    When "stable" moves to ref "a1"
    Then hosts "stable-02" and "stable-03" have been Deferred
    And "stable@a1" is Terminal
    When "stable" moves to ref "b2"
    Then host "stable-01" is Failed

  Scenario: Two hosts fail to switch
    Given hosts "stable-02" and "stable-03" fail their activation
    When "stable" moves to ref "a1"
    Then hosts "stable-0[23]" are Failed

  Scenario: A failure keeps the others from being dispatched
    Given host "stable-01" fails its activation
    When "stable" moves to ref "a1"
    Then no host of "stable@a1" is dispatched after "stable@a1" is Failed

  Scenario: A reboot comes as reboots come
    Given host "stable-02" defers its activation
    When "stable" moves to ref "a1"
    Then host "stable-02" has been Deferred
    And "stable@a1" is Terminal

  Scenario: A reboot comes in its time
    Given host "stable-02" defers its activation under ref "a1" and reboots 2 hours later
    When "stable" moves to ref "a1"
    And time passes until host "stable-02" is deferred
    Then host "stable-02" becomes Soaking 2 hours later

  Scenario: A reboot comes when a sentence says so
    Given host "stable-02" defers its activation and never reboots
    When "stable" moves to ref "a1"
    And time passes until host "stable-02" is deferred
    And host "stable-02" reboots 2 hours later
    Then host "stable-02" has been Soaking
    And "stable@a1" is Terminal
    And host "stable-02" is Deferred 1 hour after host "stable-02" is deferred

  Scenario: A host that never answers
    Given host "stable-02" never answers
    When "stable" moves to ref "a1"
    Then "stable@a1" is stuck waiting for host "stable-02", which is never acked
    And "stable@a1" is stuck

  Scenario: A host held back by a budget that another one never gives back
    Given a budget of one for hosts "stable-*"
    And host "stable-02" never answers
    When "stable" moves to ref "a1"
    Then "stable@a1" is stuck waiting for host "stable-03", which is held back by the disruption-budget
