Feature: Where a story stands

  Background:
    Given channel "stable" with waves of 1 and 1 hosts soaking 10 minutes
    And the ack takes 2 seconds
    And activation takes 60 seconds
    And the probe takes 20 seconds
    And convergence takes 1 second

  # Wave 0: dispatched 0, Activating 2 s, Soaking 1 m 2 s, Converged 10 m 1 s. Wave 1: dispatched 10 m 1 s, Activating 10 m 3 s,
  # Soaking 11 m 3 s, Converged 20 m 2 s.

  Scenario: A happening that does not say when comes once everything has settled
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2"
    Then these transitions happen:
      | rollout   | from       | to         | later                |
      | stable@a1 | Opening    | Active     |                      |
      | stable@a1 | Active     | Converging | 1 minute 2 seconds   |
      | stable@a1 | Converging | Active     | 8 minutes 59 seconds |
      | stable@a1 | Active     | Converging | 1 minute 2 seconds   |
      | stable@a1 | Converging | Terminal   | 8 minutes 59 seconds |
      | stable@a1 | Terminal   | Superseded | 58 seconds           |
      | stable@b2 | Opening    | Active     | 0 seconds            |
      | stable@b2 | Active     | Converging | 62s                  |
      | stable@b2 | Converging | Active     | 8m59s                |
      | stable@b2 | Active     | Converging | 1m2s                 |
      | stable@b2 | Converging | Terminal   | 8m 59s               |

  Scenario: An expectation looks at what has settled, before retention ends
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal
    And "stable@a1" has been Converging

  Scenario: Where time passes, the story stands exactly there
    When "stable" moves to ref "a1"
    And 1 minute passes
    Then host "stable-01" is Activating
    When 2 seconds pass
    Then host "stable-01" is Soaking
    And "stable@a1" is Converging
    When 8 minutes and 58 seconds pass
    Then host "stable-01" is Soaking
    When 1 second passes
    Then host "stable-01" is Converged

  Scenario: What comes next happens exactly then
    When "stable" moves to ref "a1"
    And 90 seconds pass
    And "stable" moves to ref "b2"
    Then "stable@a1" is Superseded 30 seconds later
    And "stable@a1" goes through Opening, Active, Converging and Superseded

  Scenario: Time passes until something is true
    When "stable" moves to ref "a1"
    And time passes until wave 1 is activating
    Then "stable@a1" is at wave 1
    And "stable@a1" is Active
    When time passes until everything has settled
    Then "stable@a1" is Terminal

  Scenario: Later counts from the happening before
    When "stable" moves to ref "a1" 1 hour later
    And "stable" moves to ref "b2" 90 seconds later
    Then "stable@a1" becomes Superseded 30 seconds later

  @vacuous:no-poll-sees-the-ref
  Scenario: At once is the same instant
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" at once
    Then "stable@a1" is never opened
    And "stable@b2" is Terminal

  Scenario: At the same moment is after what that moment brought
    Given host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    And the operator clears "stable@a1" once "stable@a1" is Failed
    And RetentionExpired happens to "stable@a1" at the same moment
    Then "stable@a1" goes through Opening, Active, Converging, Failed, Terminal and Pruned
    And the invariant retention-kept does not hold of "stable@a1"
    And RetentionExpired of "stable@a1" is refused with IllegalForState

  Scenario: Some time after a moment
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" 5 minutes after host "stable-01" is soaking
    Then "stable@a1" is Superseded within 1 minute

  Scenario: That is what the sentence before was about
    When "stable" moves to ref "a1"
    Then "stable@a1" has been Active
    And "stable@a1" becomes Converging 62 seconds later
    And "stable@a1" becomes Terminal about 20 minutes later
    And "stable@a1" is pruned 7 days later
    And "stable@a1" is Pruned

  Scenario: A story goes on after an expectation
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal
    When host "stable-02" fails its probes under ref "b2"
    And "stable" moves to ref "b2"
    Then "stable@a1" is Superseded
    And "stable@b2" is Failed
    And "stable@a1" is Pruned in the end

  Scenario: A late reboot is still to come, however long it takes
    Given host "stable-02" defers its activation and reboots 3 days later
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal
    And host "stable-02" is Converged

  Scenario: The run may end before retention does
    Given the run lasts 2 hours
    And the machine is v0.2
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal

  Scenario: What happens once time has passed until something comes after it
    Given host "stable-01" fails its probes
    When "stable" moves to ref "a1"
    And time passes until "stable@a1" is Failed
    And the operator clears "stable@a1"
    Then "stable@a1" goes through Opening, Active, Converging, Failed and Terminal

  Scenario: What happens after something was expected comes after it
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal within 1 hour
    When RetentionExpired happens to "stable@a1"
    Then "stable@a1" is Pruned
    And RetentionExpired happens twice to "stable@a1"
    And RetentionExpired of "stable@a1" is refused with IllegalForState
    And the invariant retention-kept does not hold of "stable@a1"

  Scenario: Moments of hosts that only raw events know
    When these events happen:
      | event            | rollout | channel | ref | host  | wave | from    | to         | later  |
      | RolloutOpened    | r1      | east    | a1  |       |      |         |            |        |
      | HostJoined       | r1      |         |     | web-1 | 0    |         |            |        |
      | HostStateChanged | r1      |         |     | web-1 |      | Pending | Activating | 1 hour |
    And these events happen 5 minutes after host "web-1" under rollout "r1" is activating:
      | event            | rollout | host  | from       | to     |
      | HostStateChanged | r1      | web-1 | Activating | Failed |
    Then these transitions happen:
      | rollout | from    | to     | later |
      | r1      | Opening | Active |       |
      | r1      | Active  | Failed | 1h5m  |
