Feature: The life of a rollout

  A channel points at a ref and its hosts switch to it: that is a rollout. It is Opening until a
  host joins, Active while a wave switches, Converging while that wave soaks, and Terminal once
  every host has converged.

  Scenario: A new ref opens a rollout, which its hosts join at once
    Given channel "stable" with waves of 1 and 2 hosts
    When "stable" moves to ref "a1"
    And time passes until "stable@a1" is opened
    Then "stable@a1" goes through Opening and Active
    And host "stable-01" is dispatched under "stable@a1"
    And 3 hosts of "stable@a1" are Pending

  Scenario: Once its hosts soak the rollout is Converging, and once they have converged it is Terminal
    Given channel "stable" with 2 hosts soaking 10 minutes
    And an ack takes 5 seconds
    And activation takes 1 minute
    And on host "stable-02" activation takes 3 minutes
    And convergence takes 1 second
    When "stable" moves to ref "a1"
    Then these transitions happen:
      | rollout   | from       | to         | later            |
      | stable@a1 | Opening    | Active     |                  |
      | stable@a1 | Active     | Converging | 3 min 5 seconds  |
      | stable@a1 | Converging | Terminal   | 6 min 56 seconds |
    And every host of "stable@a1" is Converged

  Scenario: Each wave takes the rollout from Active to Converging, and the next one back
    Given channel "stable" with waves of 1, 5 and 20 hosts soaking 30 minutes
    When "stable" moves to ref "a1"
    Then these transitions happen:
      | rollout   | from       | to         |
      | stable@a1 | Opening    | Active     |
      | stable@a1 | Active     | Converging |
      | stable@a1 | Converging | Active     |
      | stable@a1 | Active     | Converging |
      | stable@a1 | Converging | Active     |
      | stable@a1 | Active     | Converging |
      | stable@a1 | Converging | Terminal   |
    And every host of "stable@a1" is Converged

  Scenario: The instant in which the last host converges is the one in which the rollout ends
    Given channel "stable" with 2 hosts soaking 10 minutes
    And on host "stable-02" activation takes 1 hour
    When "stable" moves to ref "a1"
    And time passes until host "stable-02" is converged
    Then "stable@a1" is Terminal
    And RolloutTerminal happens once to "stable@a1"

  Scenario: The next poll sees a new ref, and no sooner
    Given channel "stable" with 1 host soaking 10 minutes
    And channel "stable" is polled every 5 minutes
    When "stable" moves to ref "a1" 6 minutes later
    Then "stable@a1" becomes Active 4 minutes later

  Scenario: A channel without hosts opens its rollout, which stays in Opening
    Given channel "empty" with no hosts
    When "empty" moves to ref "a1"
    Then "empty@a1" goes through Opening
