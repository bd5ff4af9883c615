Feature: The soak

  A host soaks for as long as its wave says, counted from its dispatch, and converges only when that
  time has passed and its probes pass.

  Background:
    Given channel "stable" with these waves:
      | hosts          | soak       |
      | canary         | 10 minutes |
      | web-01, web-02 | 1 hour     |
    And an ack takes 0 seconds
    And activation takes 1 minute
    And a probe takes 20 seconds
    And convergence takes 1 second

  Scenario: It counts from the dispatch, not from the switch, and each wave has its own
    When "stable" moves to ref "a1"
    Then these transitions happen:
      | rollout   | from       | to         | later               |
      | stable@a1 | Opening    | Active     |                     |
      | stable@a1 | Active     | Converging | 1 minute            |
      | stable@a1 | Converging | Active     | 9 minutes 1 second  |
      | stable@a1 | Active     | Converging | 1 minute            |
      | stable@a1 | Converging | Terminal   | 59 minutes 1 second |

  Scenario: When the switch takes longer than the soak, the host converges as soon as its probes pass
    Given on host "canary" activation takes 30 minutes
    When "stable" moves to ref "a1"
    And time passes until host "canary" is soaking
    And 20 seconds pass
    Then host "canary" is Soaking
    When 1 second passes
    Then host "canary" is Converged

  Scenario: A dispatch that is sent again does not start it again
    Given an ack takes 90 seconds
    When "stable" moves to ref "a1"
    And time passes until "stable@a1" is Converging
    Then "stable@a1" is Active 7 minutes and 31 seconds later

  Scenario: Until the soak has ended nothing of the next wave is dispatched, even if all probes pass
    When "stable" moves to ref "a1"
    And 10 minutes pass
    Then host "canary" is Soaking
    And hosts "web-01" and "web-02" are Pending
    And "stable@a1" is at wave 0

  Scenario: A slow host continues to soak while the others of its wave converge
    Given on host "web-02" activation takes 2 hours
    When "stable" moves to ref "a1"
    And time passes until host "web-01" is converged
    Then host "web-02" is Activating
    And "stable@a1" is Active
    When time passes until host "web-02" is soaking
    Then "stable@a1" is Converging
