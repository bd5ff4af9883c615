Feature: What the former machine answers in each state

  Every cell of the table of v0.1, which once shipped, one event at a time, for a single record. It
  differs from v0.2 in HostJoined, which moves the wave cursor to a later wave.

  Background:
    Given the machine is v0.1

  Scenario: An Opening rollout waits for its first host, and takes its wave
    Then in Opening the machine answers like this:
      | event             | from    | to        | cursor | becomes    | effects           | error           |
      | RolloutOpened     |         |           |        |            |                   | IllegalForState |
      | HostJoined        |         |           | 6      | Active     | UpdateCurrentWave |                 |
      | HostJoined        |         |           | 7      | Active     |                   |                 |
      | HostStateChanged  | Soaking | Failed    |        |            |                   | IllegalForState |
      | HostStateChanged  | Failed  | Reverted  |        |            |                   | IllegalForState |
      | HostStateChanged  | Soaking | Converged |        |            |                   | IllegalForState |
      | WaveAdvanced      | 0       | 2         |        |            |                   | IllegalForState |
      | WaveAdvanced      | 1       | 1         |        |            |                   | IllegalForState |
      | WaveAdvanced      | 2       | 1         |        |            |                   | IllegalForState |
      | RolloutTerminal   |         |           |        |            |                   | IllegalForState |
      | SuccessorOpened   |         |           |        | Superseded |                   |                 |
      | RetentionExpired  |         |           |        |            |                   | IllegalForState |
      | OperatorClearance |         |           |        |            |                   | IllegalForState |

  Scenario: An Active rollout fails whatever the policy, and treats a wave that goes back as complete
    Then in Active the machine answers like this:
      | event             | from    | to        | cursor | policy            | becomes    | effects           | error           |
      | RolloutOpened     |         |           |        |                   |            |                   | IllegalForState |
      | HostJoined        |         |           | 6      |                   |            | UpdateCurrentWave |                 |
      | HostJoined        |         |           | 7      |                   |            |                   |                 |
      | HostStateChanged  | Soaking | Failed    |        | halt              | Failed     |                   |                 |
      | HostStateChanged  | Soaking | Failed    |        | rollback-and-halt | Failed     |                   |                 |
      | HostStateChanged  | Failed  | Reverted  |        |                   | Reverted   |                   |                 |
      | HostStateChanged  | Soaking | Converged |        |                   |            |                   |                 |
      | WaveAdvanced      | 0       | 2         | 1      |                   |            | UpdateCurrentWave |                 |
      | WaveAdvanced      | 0       | 1         | 1      |                   |            |                   |                 |
      | WaveAdvanced      | 1       | 1         |        |                   | Converging |                   |                 |
      | WaveAdvanced      | 2       | 1         |        |                   | Converging |                   |                 |
      | RolloutTerminal   |         |           |        |                   | Terminal   |                   |                 |
      | SuccessorOpened   |         |           |        |                   | Superseded |                   |                 |
      | RetentionExpired  |         |           |        |                   |            |                   | IllegalForState |
      | OperatorClearance |         |           |        |                   |            |                   | IllegalForState |

  Scenario: A Converging rollout fails whatever the policy, and goes back to Active with its next wave
    Then in Converging the machine answers like this:
      | event             | from    | to        | cursor | policy            | becomes    | effects           | error           |
      | RolloutOpened     |         |           |        |                   |            |                   | IllegalForState |
      | HostJoined        |         |           | 6      |                   |            | UpdateCurrentWave |                 |
      | HostJoined        |         |           | 7      |                   |            |                   |                 |
      | HostStateChanged  | Soaking | Failed    |        | halt              | Failed     |                   |                 |
      | HostStateChanged  | Soaking | Failed    |        | rollback-and-halt | Failed     |                   |                 |
      | HostStateChanged  | Failed  | Reverted  |        |                   | Reverted   |                   |                 |
      | HostStateChanged  | Soaking | Converged |        |                   |            |                   |                 |
      | WaveAdvanced      | 0       | 2         | 1      |                   | Active     | UpdateCurrentWave |                 |
      | WaveAdvanced      | 0       | 1         | 1      |                   | Active     |                   |                 |
      | WaveAdvanced      | 1       | 1         |        |                   |            |                   |                 |
      | WaveAdvanced      | 2       | 1         |        |                   |            |                   |                 |
      | RolloutTerminal   |         |           |        |                   | Terminal   |                   |                 |
      | SuccessorOpened   |         |           |        |                   | Superseded |                   |                 |
      | RetentionExpired  |         |           |        |                   |            |                   | IllegalForState |
      | OperatorClearance |         |           |        |                   |            |                   | IllegalForState |

  Scenario: A Terminal rollout can only be superseded or pruned
    Then in Terminal the machine answers like this:
      | event             | from    | to        | cursor | becomes    | effects           | error           |
      | RolloutOpened     |         |           |        |            |                   | IllegalForState |
      | HostJoined        |         |           | 6      |            | UpdateCurrentWave |                 |
      | HostJoined        |         |           | 7      |            |                   |                 |
      | HostStateChanged  | Soaking | Failed    |        |            |                   |                 |
      | HostStateChanged  | Failed  | Reverted  |        |            |                   |                 |
      | HostStateChanged  | Soaking | Converged |        |            |                   |                 |
      | WaveAdvanced      | 0       | 2         |        |            |                   | IllegalForState |
      | WaveAdvanced      | 1       | 1         |        |            |                   | IllegalForState |
      | WaveAdvanced      | 2       | 1         |        |            |                   | IllegalForState |
      | RolloutTerminal   |         |           |        |            |                   |                 |
      | SuccessorOpened   |         |           |        | Superseded |                   |                 |
      | RetentionExpired  |         |           |        | Pruned     |                   |                 |
      | OperatorClearance |         |           |        |            |                   | IllegalForState |

  Scenario: A Reverted rollout cannot be cleared
    Then in Reverted the machine answers like this:
      | event             | from    | to        | cursor | becomes    | effects           | error           |
      | RolloutOpened     |         |           |        |            |                   | IllegalForState |
      | HostJoined        |         |           | 6      |            | UpdateCurrentWave |                 |
      | HostJoined        |         |           | 7      |            |                   |                 |
      | HostStateChanged  | Soaking | Failed    |        |            |                   |                 |
      | HostStateChanged  | Failed  | Reverted  |        |            |                   |                 |
      | HostStateChanged  | Soaking | Converged |        |            |                   |                 |
      | WaveAdvanced      | 0       | 2         |        |            |                   |                 |
      | WaveAdvanced      | 1       | 1         |        |            |                   |                 |
      | WaveAdvanced      | 2       | 1         |        |            |                   |                 |
      | RolloutTerminal   |         |           |        |            |                   |                 |
      | SuccessorOpened   |         |           |        | Superseded |                   |                 |
      | RetentionExpired  |         |           |        | Pruned     |                   |                 |
      | OperatorClearance |         |           |        |            |                   | Unimplemented   |

  Scenario: A Failed rollout stays so when its host rolls back, and cannot be cleared
    Then in Failed the machine answers like this:
      | event             | from    | to        | cursor | becomes    | effects           | error           |
      | RolloutOpened     |         |           |        |            |                   | IllegalForState |
      | HostJoined        |         |           | 6      |            | UpdateCurrentWave |                 |
      | HostJoined        |         |           | 7      |            |                   |                 |
      | HostStateChanged  | Soaking | Failed    |        |            |                   |                 |
      | HostStateChanged  | Failed  | Reverted  |        |            |                   |                 |
      | HostStateChanged  | Soaking | Converged |        |            |                   |                 |
      | WaveAdvanced      | 0       | 2         |        |            |                   |                 |
      | WaveAdvanced      | 1       | 1         |        |            |                   |                 |
      | WaveAdvanced      | 2       | 1         |        |            |                   |                 |
      | RolloutTerminal   |         |           |        |            |                   |                 |
      | SuccessorOpened   |         |           |        | Superseded |                   |                 |
      | RetentionExpired  |         |           |        | Pruned     |                   |                 |
      | OperatorClearance |         |           |        |            |                   | Unimplemented   |

  Scenario: A Superseded rollout can only be pruned, and ignores late events
    Then in Superseded the machine answers like this:
      | event             | from    | to        | cursor | becomes | effects           | error           |
      | RolloutOpened     |         |           |        |         |                   | IllegalForState |
      | HostJoined        |         |           | 6      |         | UpdateCurrentWave |                 |
      | HostJoined        |         |           | 7      |         |                   |                 |
      | HostStateChanged  | Soaking | Failed    |        |         |                   |                 |
      | HostStateChanged  | Failed  | Reverted  |        |         |                   |                 |
      | HostStateChanged  | Soaking | Converged |        |         |                   |                 |
      | WaveAdvanced      | 0       | 2         |        |         |                   |                 |
      | WaveAdvanced      | 1       | 1         |        |         |                   |                 |
      | WaveAdvanced      | 2       | 1         |        |         |                   |                 |
      | RolloutTerminal   |         |           |        |         |                   |                 |
      | SuccessorOpened   |         |           |        |         |                   |                 |
      | RetentionExpired  |         |           |        | Pruned  |                   |                 |
      | OperatorClearance |         |           |        |         |                   | IllegalForState |

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

  Scenario: An event of another rollout is applied as if it were the record's
    Then in Active the machine answers like this:
      | event             | from    | to     | cursor | rollout | becomes    | effects           | error           |
      | RolloutOpened     |         |        |        | r2      |            |                   | IllegalForState |
      | HostJoined        |         |        | 6      | r2      |            | UpdateCurrentWave |                 |
      | HostJoined        |         |        | 7      | r2      |            |                   |                 |
      | HostStateChanged  | Soaking | Failed |        | r2      | Failed     |                   |                 |
      | WaveAdvanced      | 0       | 2      | 1      | r2      |            | UpdateCurrentWave |                 |
      | RolloutTerminal   |         |        |        | r2      | Terminal   |                   |                 |
      | SuccessorOpened   |         |        |        | r2      | Superseded |                   |                 |
      | RetentionExpired  |         |        |        | r2      |            |                   | IllegalForState |
      | OperatorClearance |         |        |        | r2      |            |                   | IllegalForState |

  Scenario Outline: In <state>, too, a SuccessorOpened of another rollout is applied
    Then in <state> the machine answers like this:
      | event           | rollout | becomes   | error   |
      | SuccessorOpened | r2      | <becomes> | <error> |

    Examples:
      | state      | becomes    | error           |
      | Opening    | Superseded |                 |
      | Converging | Superseded |                 |
      | Terminal   | Superseded |                 |
      | Reverted   | Superseded |                 |
      | Failed     | Superseded |                 |
      | Superseded |            |                 |
      | Pruned     |            | IllegalForState |
