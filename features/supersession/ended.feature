Feature: A new ref after a rollout has ended

  However a rollout ended, it stands for its channel until the next ref supersedes it, or until its
  retention ends.

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes
    And activation takes 1 minute
    And host "stable-02" fails its probes under ref "bad"

  Scenario Outline: A rollout that is <end> stands until the next ref supersedes it
    Given channel "stable" has policy <policy>
    When "stable" moves to ref "<ref>"
    Then "stable@<ref>" is <end>
    And only "stable@<ref>" stands for channel "stable"
    When "stable" moves to ref "b2"
    Then "stable@<ref>" is Superseded
    And only "stable@b2" stands for channel "stable"
    And every host of "stable@b2" is Converged

    Examples:
      | end      | policy            | ref  |
      | Terminal | halt              | good |
      | Failed   | halt              | bad  |
      | Reverted | rollback-and-halt | bad  |

  Scenario Outline: The record of a rollout that was <end> says when it was Terminal: <terminal>
    Given convergence takes 1 second
    When "stable" moves to ref "<ref>"
    And "stable" moves to ref "b2" 1 hour later
    Then the record of "stable@<ref>" is:
      | state      | terminal_at | superseded_at |
      | Superseded | <terminal>  | 1 hour        |

    Examples:
      | end      | ref  | terminal                 |
      | Terminal | good | 20 minutes and 2 seconds |
      | Failed   | bad  | none                     |

  Scenario: A rollout that an operator cleared is superseded like any other
    When "stable" moves to ref "bad"
    And the operator clears "stable@bad" once "stable@bad" is Failed
    And "stable" moves to ref "b2"
    Then "stable@bad" goes through Opening, Active, Converging, Active, Converging, Failed, Terminal and Superseded
    And "stable@b2" is Terminal

  Scenario: A rollout without hosts waits in Opening until it is superseded
    Given channel "empty" with no hosts
    When "empty" moves to ref "a1"
    And "empty" moves to ref "b2"
    Then "empty@a1" goes through Opening and Superseded
    And "empty@b2" is Opening

  Scenario Outline: <machine> supersedes what has ended in the same way
    Given the machine is <machine>
    And the run lasts 1 day
    When the channels move like this:
      | channel | ref  |
      | stable  | good |
      | stable  | bad  |
      | stable  | b2   |
    Then "stable@good" goes through Opening, Active, Converging, Active, Converging, Terminal and Superseded
    And "stable@bad" goes through Opening, Active, Converging, Active, Converging, Failed and Superseded

    Examples:
      | machine |
      | rfc0008 |
      | v0.2    |
