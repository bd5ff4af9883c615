Feature: News that cannot be true

  An event that contradicts what is known of a rollout and its hosts is refused, so that a gap in a
  log is noticed. A repetition is not a contradiction.

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes

  Scenario Outline: A move from <from> to <to> is refused while the host is Soaking, because <why>
    When "stable" moves to ref "a1"
    And these events happen once host "stable-01" is soaking:
      | event            | rollout   | host   | from   | to   |
      | HostStateChanged | stable@a1 | <host> | <from> | <to> |
    Then HostStateChanged of "stable@a1" is refused with Invariant
    And "stable@a1" is Terminal

    Examples:
      | why                      | host      | from       | to        |
      | that is not where it was | stable-01 | Activating | Failed    |
      | no host goes that way    | stable-01 | Soaking    | Deferred  |
      | it has not joined        | stable-09 | Soaking    | Converged |

  Scenario Outline: RolloutTerminal is refused while <what>
    Given host "stable-03" defers its activation and reboots 6 hours later
    When "stable" moves to ref "a1"
    And RolloutTerminal happens to "stable@a1" <moment>
    And 1 second passes
    Then RolloutTerminal of "stable@a1" is refused with Invariant
    And "stable@a1" is <state>

    Examples:
      | state      | what                     | moment                             |
      | Active     | hosts are being switched | while wave 1 is activating         |
      | Converging | one waits for its reboot | once host "stable-02" is converged |

  Scenario: A repeated RolloutTerminal is accepted
    When "stable" moves to ref "a1"
    And RolloutTerminal happens to "stable@a1" once "stable@a1" is Terminal
    Then RolloutTerminal of "stable@a1" has no effect
    And "stable@a1" is Terminal
    And SchedulePruning is emitted once for "stable@a1"

  Scenario: A host that joins another wave than before is refused
    When "stable" moves to ref "a1"
    And these events happen once "stable@a1" is Active:
      | event      | rollout   | host      | wave |
      | HostJoined | stable@a1 | stable-01 | 1    |
    Then HostJoined of "stable@a1" is refused with Invariant
    And "stable@a1" is Terminal

  Scenario: A host that joins the same wave again counts once
    When "stable" moves to ref "a1"
    And these events happen once "stable@a1" is Active:
      | event      | rollout   | host      | wave |
      | HostJoined | stable@a1 | stable-01 | 0    |
    Then "stable@a1" is Terminal
    And 3 hosts of "stable@a1" are Converged
