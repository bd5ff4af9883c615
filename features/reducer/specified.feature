Feature: What the specified machine answers in each state

  Every cell of the table of rfc0008, one event at a time, for a single record. Each transition into
  Terminal, Reverted, Failed or Superseded starts the retention with SchedulePruning.

  Background:
    Given the machine is rfc0008

  Scenario: An Opening rollout waits for its first host, or its successor
    Then in Opening the machine answers like this:
      | event             | from    | to        | becomes    | effects         | error           |
      | RolloutOpened     |         |           |            |                 | IllegalForState |
      | HostJoined        |         |           | Active     |                 |                 |
      | HostStateChanged  | Soaking | Failed    |            |                 | IllegalForState |
      | HostStateChanged  | Failed  | Reverted  |            |                 | IllegalForState |
      | HostStateChanged  | Soaking | Converged |            |                 | IllegalForState |
      | WaveAdvanced      | 0       | 2         |            |                 | IllegalForState |
      | WaveAdvanced      | 1       | 1         |            |                 | IllegalForState |
      | WaveAdvanced      | 2       | 1         |            |                 | IllegalForState |
      | RolloutTerminal   |         |           |            |                 | IllegalForState |
      | SuccessorOpened   |         |           | Superseded | SchedulePruning |                 |
      | RetentionExpired  |         |           |            |                 | IllegalForState |
      | OperatorClearance |         |           |            |                 | IllegalForState |

  Scenario: An Active rollout follows its hosts and waves; a failure decides only under halt
    Then in Active the machine answers like this:
      | event             | from    | to        | cursor | policy            | becomes    | effects                                         | error           |
      | RolloutOpened     |         |           |        |                   |            |                                                 | IllegalForState |
      | HostJoined        |         |           |        |                   |            |                                                 |                 |
      | HostStateChanged  | Soaking | Failed    |        | halt              | Failed     | SchedulePruning                                 |                 |
      | HostStateChanged  | Soaking | Failed    |        | rollback-and-halt |            |                                                 |                 |
      | HostStateChanged  | Failed  | Reverted  |        |                   | Reverted   | InsertQuarantineFromRollout and SchedulePruning |                 |
      | HostStateChanged  | Soaking | Converged |        |                   |            |                                                 |                 |
      | WaveAdvanced      | 0       | 2         | 1      |                   |            | UpdateCurrentWave                               |                 |
      | WaveAdvanced      | 0       | 1         | 1      |                   |            |                                                 |                 |
      | WaveAdvanced      | 1       | 1         |        |                   | Converging |                                                 |                 |
      | WaveAdvanced      | 2       | 1         |        |                   |            |                                                 | Invariant       |
      | RolloutTerminal   |         |           |        |                   | Terminal   | SchedulePruning                                 |                 |
      | SuccessorOpened   |         |           |        |                   | Superseded | SchedulePruning                                 |                 |
      | RetentionExpired  |         |           |        |                   |            |                                                 | IllegalForState |
      | OperatorClearance |         |           |        |                   |            |                                                 | IllegalForState |

  Scenario: A Converging rollout goes back to Active with its next wave
    Then in Converging the machine answers like this:
      | event             | from    | to        | cursor | policy            | becomes    | effects                                         | error           |
      | RolloutOpened     |         |           |        |                   |            |                                                 | IllegalForState |
      | HostJoined        |         |           |        |                   |            |                                                 |                 |
      | HostStateChanged  | Soaking | Failed    |        | halt              | Failed     | SchedulePruning                                 |                 |
      | HostStateChanged  | Soaking | Failed    |        | rollback-and-halt |            |                                                 |                 |
      | HostStateChanged  | Failed  | Reverted  |        |                   | Reverted   | InsertQuarantineFromRollout and SchedulePruning |                 |
      | HostStateChanged  | Soaking | Converged |        |                   |            |                                                 |                 |
      | WaveAdvanced      | 0       | 2         | 1      |                   | Active     | UpdateCurrentWave                               |                 |
      | WaveAdvanced      | 0       | 1         | 1      |                   | Active     |                                                 |                 |
      | WaveAdvanced      | 1       | 1         |        |                   |            |                                                 |                 |
      | WaveAdvanced      | 2       | 1         |        |                   |            |                                                 | Invariant       |
      | RolloutTerminal   |         |           |        |                   | Terminal   | SchedulePruning                                 |                 |
      | SuccessorOpened   |         |           |        |                   | Superseded | SchedulePruning                                 |                 |
      | RetentionExpired  |         |           |        |                   |            |                                                 | IllegalForState |
      | OperatorClearance |         |           |        |                   |            |                                                 | IllegalForState |

  Scenario: A Terminal rollout can only be superseded or pruned
    Then in Terminal the machine answers like this:
      | event             | from    | to        | becomes    | effects         | error           |
      | RolloutOpened     |         |           |            |                 | IllegalForState |
      | HostJoined        |         |           |            |                 |                 |
      | HostStateChanged  | Soaking | Failed    |            |                 |                 |
      | HostStateChanged  | Failed  | Reverted  |            |                 |                 |
      | HostStateChanged  | Soaking | Converged |            |                 |                 |
      | WaveAdvanced      | 0       | 2         |            |                 | IllegalForState |
      | WaveAdvanced      | 1       | 1         |            |                 | IllegalForState |
      | WaveAdvanced      | 2       | 1         |            |                 | IllegalForState |
      | RolloutTerminal   |         |           |            |                 |                 |
      | SuccessorOpened   |         |           | Superseded | SchedulePruning |                 |
      | RetentionExpired  |         |           | Pruned     |                 |                 |
      | OperatorClearance |         |           |            |                 | IllegalForState |

  Scenario: A Reverted rollout can be cleared, superseded or pruned
    Then in Reverted the machine answers like this:
      | event             | from    | to        | becomes    | effects         | error           |
      | RolloutOpened     |         |           |            |                 | IllegalForState |
      | HostJoined        |         |           |            |                 |                 |
      | HostStateChanged  | Soaking | Failed    |            |                 |                 |
      | HostStateChanged  | Failed  | Reverted  |            |                 |                 |
      | HostStateChanged  | Soaking | Converged |            |                 |                 |
      | WaveAdvanced      | 0       | 2         |            |                 |                 |
      | WaveAdvanced      | 1       | 1         |            |                 |                 |
      | WaveAdvanced      | 2       | 1         |            |                 |                 |
      | RolloutTerminal   |         |           |            |                 |                 |
      | SuccessorOpened   |         |           | Superseded | SchedulePruning |                 |
      | RetentionExpired  |         |           | Pruned     |                 |                 |
      | OperatorClearance |         |           | Terminal   | SchedulePruning |                 |

  Scenario: A Failed rollout can still roll back, be cleared, superseded or pruned
    Then in Failed the machine answers like this:
      | event             | from    | to        | becomes    | effects                                         | error           |
      | RolloutOpened     |         |           |            |                                                 | IllegalForState |
      | HostJoined        |         |           |            |                                                 |                 |
      | HostStateChanged  | Soaking | Failed    |            |                                                 |                 |
      | HostStateChanged  | Failed  | Reverted  | Reverted   | InsertQuarantineFromRollout and SchedulePruning |                 |
      | HostStateChanged  | Soaking | Converged |            |                                                 |                 |
      | WaveAdvanced      | 0       | 2         |            |                                                 |                 |
      | WaveAdvanced      | 1       | 1         |            |                                                 |                 |
      | WaveAdvanced      | 2       | 1         |            |                                                 |                 |
      | RolloutTerminal   |         |           |            |                                                 |                 |
      | SuccessorOpened   |         |           | Superseded | SchedulePruning                                 |                 |
      | RetentionExpired  |         |           | Pruned     |                                                 |                 |
      | OperatorClearance |         |           | Terminal   | SchedulePruning                                 |                 |

  Scenario: A Superseded rollout can only be pruned, and ignores late events
    Then in Superseded the machine answers like this:
      | event             | from    | to        | becomes | error           |
      | RolloutOpened     |         |           |         | IllegalForState |
      | HostJoined        |         |           |         |                 |
      | HostStateChanged  | Soaking | Failed    |         |                 |
      | HostStateChanged  | Failed  | Reverted  |         |                 |
      | HostStateChanged  | Soaking | Converged |         |                 |
      | WaveAdvanced      | 0       | 2         |         |                 |
      | WaveAdvanced      | 1       | 1         |         |                 |
      | WaveAdvanced      | 2       | 1         |         |                 |
      | RolloutTerminal   |         |           |         |                 |
      | SuccessorOpened   |         |           |         |                 |
      | RetentionExpired  |         |           | Pruned  |                 |
      | OperatorClearance |         |           |         | IllegalForState |

  Scenario: A Pruned rollout refuses everything
    Then in Pruned the machine answers like this:
      | event             | from    | to        | error           |
      | RolloutOpened     |         |           | IllegalForState |
      | HostJoined        |         |           | IllegalForState |
      | HostStateChanged  | Soaking | Failed    | IllegalForState |
      | HostStateChanged  | Failed  | Reverted  | IllegalForState |
      | HostStateChanged  | Soaking | Converged | IllegalForState |
      | WaveAdvanced      | 0       | 2         | IllegalForState |
      | WaveAdvanced      | 1       | 1         | IllegalForState |
      | WaveAdvanced      | 2       | 1         | IllegalForState |
      | RolloutTerminal   |         |           | IllegalForState |
      | SuccessorOpened   |         |           | IllegalForState |
      | RetentionExpired  |         |           | IllegalForState |
      | OperatorClearance |         |           | IllegalForState |

  Scenario Outline: An event of another rollout is refused in <state>, before any other answer
    Then in <state> the machine answers like this:
      | event             | from    | to     | rollout | error     |
      | RolloutOpened     |         |        | r2      | Invariant |
      | HostJoined        |         |        | r2      | Invariant |
      | HostStateChanged  | Soaking | Failed | r2      | Invariant |
      | WaveAdvanced      | 0       | 1      | r2      | Invariant |
      | RolloutTerminal   |         |        | r2      | Invariant |
      | SuccessorOpened   |         |        | r2      | Invariant |
      | RetentionExpired  |         |        | r2      | Invariant |
      | OperatorClearance |         |        | r2      | Invariant |

    Examples:
      | state      |
      | Opening    |
      | Active     |
      | Converging |
      | Terminal   |
      | Reverted   |
      | Failed     |
      | Superseded |
      | Pruned     |
