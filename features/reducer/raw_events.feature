Feature: Raw events, which reach the reducer as they are

  A raw event can come from anywhere: the machine answers first, and the fleet of records and hosts
  adds what one record cannot know.

  Background:
    Given channel "stable" with 3 hosts soaking 10 minutes
    And activation takes 1 minute
    And hosts "stable-02" and "stable-03" fail their probes under ref "bad"

  Scenario Outline: A rollout that is known is not opened again under <machine>, whatever its state
    Given the machine is <machine>
    And the run lasts 2 days
    When these events happen:
      | event         | rollout | channel | ref |
      | RolloutOpened | r1      | east    | a1  |
      | RolloutOpened | r1      | east    | a1  |
    And "stable" moves to ref "bad"
    And these events happen once "stable@bad" is Failed:
      | event         | rollout    | channel | ref |
      | RolloutOpened | stable@bad | stable  | bad |
    Then RolloutOpened of rollout "r1" is refused with IllegalForState
    And RolloutOpened of "stable@bad" is refused with IllegalForState

    Examples:
      | machine |
      | rfc0008 |
      | v0.2    |

  Scenario Outline: A late event of a rollout that is <state> has no effect under <machine>
    Given the machine is <machine>
    And channel "stable" has policy <policy>
    And the run lasts 2 days
    When the channels move like this:
      | channel | ref    |
      | stable  | <ref>  |
      | stable  | <next> |
    And these events happen:
      | event            | rollout      | host  | wave | from    | to         |
      | HostJoined       | stable@<ref> | web-1 | 9    |         |            |
      | HostStateChanged | stable@<ref> | web-1 |      | Pending | Activating |
      | RolloutTerminal  | stable@<ref> |       |      |         |            |
    Then HostJoined of "stable@<ref>" has no effect
    And HostStateChanged of "stable@<ref>" has no effect
    And RolloutTerminal of "stable@<ref>" has no effect
    And host "web-1" is Activating under "stable@<ref>"
    And "stable@<ref>" is <state>

    Examples:
      | machine | policy            | state      | ref  | next |
      | rfc0008 | halt              | Terminal   | good | good |
      | rfc0008 | halt              | Failed     | bad  | bad  |
      | rfc0008 | rollback-and-halt | Reverted   | bad  | bad  |
      | rfc0008 | halt              | Superseded | good | b2   |
      | v0.2    | halt              | Terminal   | good | good |
      | v0.2    | halt              | Failed     | bad  | bad  |
      | v0.2    | halt              | Superseded | good | b2   |

  Scenario Outline: A host that joins a later wave does not move the rollout there under <machine>
    Given the machine is <machine>
    When these events happen:
      | event         | rollout | channel | ref | host  | wave |
      | RolloutOpened | r1      | east    | a1  |       |      |
      | HostJoined    | r1      |         |     | web-1 | 0    |
      | HostJoined    | r1      |         |     | web-2 | 7    |
    Then rollout "r1" is at wave 0
    And HostJoined of rollout "r1" has no effect
    And rollout "r1" is stuck

    Examples:
      | machine |
      | rfc0008 |
      | v0.2    |

  Scenario: A host that is reported as Activating before its dispatch is not dispatched, and its wave waits for it
    When "stable" moves to ref "a1"
    And these events happen once "stable@a1" is Active:
      | event            | rollout   | host      | from    | to         |
      | HostStateChanged | stable@a1 | stable-03 | Pending | Activating |
    Then 2 hosts of "stable@a1" are dispatched
    And "stable@a1" is stuck waiting for host "stable-03"

  Scenario Outline: When the last host converges, <machine> ends the rollout, even from Active
    Given the machine is <machine>
    And the run lasts 2 days
    When these events happen:
      | event            | rollout | channel | ref | host  | wave | from       | to         |
      | RolloutOpened    | r1      | east    | a1  |       |      |            |            |
      | HostJoined       | r1      |         |     | web-1 | 0    |            |            |
      | HostStateChanged | r1      |         |     | web-1 |      | Pending    | Activating |
      | HostStateChanged | r1      |         |     | web-1 |      | Activating | Soaking    |
      | HostStateChanged | r1      |         |     | web-1 |      | Soaking    | Converged  |
    Then rollout "r1" goes through Opening, Active and Terminal
    And RolloutTerminal of rollout "r1" has the effects <effects>

    Examples:
      | machine | effects                                     |
      | rfc0008 | RecordRolloutTransition and SchedulePruning |
      | v0.2    | RecordRolloutTransition                     |

  Scenario Outline: <event> of a rollout that was not opened is reported, and opens none
    When these events happen:
      | event   | rollout   | host   | wave   | from   | to   |
      | <event> | stable@a1 | <host> | <wave> | <from> | <to> |
    Then <event> of "stable@a1" is refused with UnknownRollout
    And 0 rollouts are opened

    Examples:
      | event             | host      | wave | from    | to         |
      | HostJoined        | stable-01 | 0    |         |            |
      | HostStateChanged  | stable-01 |      | Pending | Activating |
      | WaveAdvanced      |           |      | 0       | 1          |
      | RolloutTerminal   |           |      |         |            |
      | RetentionExpired  |           |      |         |            |
      | OperatorClearance |           |      |         |            |

  Scenario Outline: A rollout that is Superseded is not superseded again under <machine>
    Given the machine is <machine>
    And the run lasts 2 days
    When these events happen:
      | event           | rollout | channel | ref | successor | later  |
      | RolloutOpened   | r1      | east    | a1  |           |        |
      | RolloutOpened   | r2      | east    | b2  |           | 1 hour |
      | SuccessorOpened | r1      |         |     | r2        |        |
      | RolloutOpened   | r3      | east    | c3  |           | 1 hour |
      | SuccessorOpened | r2      |         |     | r3        |        |
      | SuccessorOpened | r1      |         |     | r3        |        |
    Then SuccessorOpened of rollout "r1" has no effect
    And rollout "r1" goes through Opening and Superseded
    And rollout "r3" is Opening

    Examples:
      | machine |
      | rfc0008 |
      | v0.2    |

  Scenario: An event of another rollout is refused, whatever it is, and changes nothing
    When "stable" moves to ref "a1"
    And RolloutTerminal of "stable@b2" reaches the record of "stable@a1" once "stable@a1" is Active
    And these events happen once "stable@a1" is Converging:
      | event        | rollout   | from | to | reaches   |
      | WaveAdvanced | stable@b2 | 0    | 5  | stable@a1 |
    Then RolloutTerminal of "stable@a1" is refused with Invariant
    And WaveAdvanced of "stable@a1" is refused with Invariant
    And "stable@a1" goes through Opening, Active, Converging and Terminal
    And every host of "stable@a1" is Converged
