Feature: Each state answers each event in one way

  Raw events reach the reducer as they are. What the table of transitions calls illegal is refused, whoever sends it; what it
  takes note of changes nothing.

  Background:
    Given channel "stable" with 3 hosts soaking 10 minutes
    And activation takes 1 minute
    And channel "empty" with no hosts
    And hosts "stable-02" and "stable-03" fail their probes under ref "bad"

  Scenario Outline: In Opening, <event> is refused by <machine>
    Given the machine is <machine>
    When "empty" moves to ref "a1"
    And these events happen:
      | event   | rollout  | channel   | ref   | host   | from   | to   |
      | <event> | empty@a1 | <channel> | <ref> | <host> | <from> | <to> |
    Then <event> of "empty@a1" is refused with IllegalForState
    And "empty@a1" is Opening

    Examples:
      | machine | event             | channel | ref | host  | from    | to         |
      | rfc0008 | RolloutOpened     | empty   | a1  |       |         |            |
      | rfc0008 | HostStateChanged  |         |     | web-1 | Pending | Activating |
      | rfc0008 | WaveAdvanced      |         |     |       | 0       | 1          |
      | rfc0008 | RolloutTerminal   |         |     |       |         |            |
      | rfc0008 | RetentionExpired  |         |     |       |         |            |
      | rfc0008 | OperatorClearance |         |     |       |         |            |
      | v0.2    | RolloutOpened     | empty   | a1  |       |         |            |
      | v0.2    | HostStateChanged  |         |     | web-1 | Pending | Activating |
      | v0.2    | WaveAdvanced      |         |     |       | 0       | 1          |
      | v0.2    | RolloutTerminal   |         |     |       |         |            |
      | v0.2    | RetentionExpired  |         |     |       |         |            |
      | v0.2    | OperatorClearance |         |     |       |         |            |

  Scenario Outline: Late news of a rollout that is <state> has no effect under <machine>
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

  Scenario Outline: A wave of a rollout that is <state> does not advance under <machine>
    Given the machine is <machine>
    And channel "stable" has policy <policy>
    And the run lasts 2 days
    When the channels move like this:
      | channel | ref    |
      | stable  | <ref>  |
      | stable  | <next> |
    And these events happen:
      | event        | rollout      | from | to |
      | WaveAdvanced | stable@<ref> | 0    | 1  |
    Then WaveAdvanced of "stable@<ref>" <answer>
    And "stable@<ref>" is at wave 0

    Examples:
      | machine | policy            | state      | ref  | next | answer                          |
      | rfc0008 | halt              | Terminal   | good | good | is refused with IllegalForState |
      | rfc0008 | halt              | Failed     | bad  | bad  | has no effect                   |
      | rfc0008 | rollback-and-halt | Reverted   | bad  | bad  | has no effect                   |
      | rfc0008 | halt              | Superseded | good | b2   | has no effect                   |
      | v0.2    | halt              | Terminal   | good | good | is refused with IllegalForState |
      | v0.2    | halt              | Failed     | bad  | bad  | has no effect                   |
      | v0.2    | halt              | Superseded | good | b2   | has no effect                   |

  Scenario Outline: An operator who clears a rollout that is <state> is refused by v0.2
    Given the machine is v0.2
    And the run lasts 2 days
    When the channels move like this:
      | channel | ref    | when                    |
      | stable  | <ref>  |                         |
      | stable  | <next> | while wave 0 is soaking |
    And the operator clears "stable@<ref>" once "stable@<ref>" is <state>
    Then OperatorClearance of "stable@<ref>" is refused with <error>

    Examples:
      | state      | ref  | next | error           |
      | Terminal   | good | good | IllegalForState |
      | Failed     | bad  | bad  | Unimplemented   |
      | Superseded | good | b2   | IllegalForState |

  Scenario Outline: <event> is refused while a rollout is <state> under <machine>
    Given the machine is <machine>
    And the run lasts 2 days
    When "stable" moves to ref "good"
    And <event> happens to "stable@good" once "stable@good" is <state>
    Then <event> of "stable@good" is refused with IllegalForState
    And "stable@good" is Terminal

    Examples:
      | machine | state      | event             |
      | rfc0008 | Active     | RetentionExpired  |
      | rfc0008 | Converging | RetentionExpired  |
      | rfc0008 | Active     | OperatorClearance |
      | rfc0008 | Converging | OperatorClearance |
      | v0.2    | Active     | RetentionExpired  |
      | v0.2    | Converging | RetentionExpired  |
      | v0.2    | Active     | OperatorClearance |
      | v0.2    | Converging | OperatorClearance |

  Scenario Outline: A host may join late, once a rollout is <state> under <machine>
    Given the machine is <machine>
    And the run lasts 2 days
    When "stable" moves to ref "good"
    And these events happen once "stable@good" is <state>:
      | event      | rollout     | host  | wave |
      | HostJoined | stable@good | web-1 | 0    |
    Then HostJoined of "stable@good" has no effect
    And "stable@good" is stuck waiting for host "web-1"

    Examples:
      | machine | state      |
      | rfc0008 | Active     |
      | rfc0008 | Converging |
      | v0.2    | Active     |
      | v0.2    | Converging |

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

  Scenario Outline: A wave goes back under <machine> while the rollout is Converging
    Given the machine is <machine>
    And the run lasts 2 days
    When "stable" moves to ref "good"
    And these events happen once "stable@good" is Converging:
      | event        | rollout     | from | to |
      | WaveAdvanced | stable@good | 1    | 0  |
    Then WaveAdvanced of "stable@good" <answer>
    And "stable@good" is Terminal

    Examples:
      | machine | answer                    |
      | rfc0008 | is refused with Invariant |
      | v0.2    | has no effect             |

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

  Scenario Outline: In Pruned, <event> is refused by v0.2
    Given the machine is v0.2
    When "empty" moves to ref "a1"
    And "empty" moves to ref "b2"
    And 8 days pass
    And RetentionExpired happens to "empty@a1"
    And these events happen:
      | event   | rollout  | channel   | ref   | host   | wave   | from   | to   | successor   |
      | <event> | empty@a1 | <channel> | <ref> | <host> | <wave> | <from> | <to> | <successor> |
    Then <event> of "empty@a1" is refused with IllegalForState
    And "empty@a1" is Pruned
    And only "empty@a1" is ever pruned

    Examples:
      | event             | channel | ref | host  | wave | from    | to         | successor |
      | RolloutOpened     | empty   | a1  |       |      |         |            |           |
      | HostJoined        |         |     | web-1 | 0    |         |            |           |
      | HostStateChanged  |         |     | web-1 |      | Pending | Activating |           |
      | WaveAdvanced      |         |     |       |      | 0       | 1          |           |
      | RolloutTerminal   |         |     |       |      |         |            |           |
      | SuccessorOpened   |         |     |       |      |         |            | empty@b2  |
      | RetentionExpired  |         |     |       |      |         |            |           |
      | OperatorClearance |         |     |       |      |         |            |           |
