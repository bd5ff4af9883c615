Feature: Answers of the machine that are otherwise

  Scenario: Another state
    Then in Active the machine answers like this:
      | event           | becomes    | effects         |
      | HostJoined      |            |                 |
      | RolloutTerminal | Superseded | SchedulePruning |

  Scenario: An effect too few
    Then in Failed the machine answers like this:
      | event            | from   | to       | becomes  | effects         |
      | HostStateChanged | Failed | Reverted | Reverted | SchedulePruning |

  Scenario: Accepted instead of refused
    Given the machine is v0.2
    Then in Converging the machine answers like this:
      | event        | from | to | error     |
      | WaveAdvanced | 2    | 1  | Invariant |

  Scenario: Another rollout
    Then in Opening the machine answers like this:
      | event      | rollout | becomes |
      | HostJoined | r2      | Active  |

  Scenario: No such state
    Then in Opened the machine answers like this:
      | event      | becomes |
      | HostJoined | Active  |

  Scenario: No such effect
    Then in Active the machine answers like this:
      | event           | becomes  | effects       |
      | RolloutTerminal | Terminal | ScheduleProne |

  Scenario: An event that says more
    Then in Active the machine answers like this:
      | event        | to |
      | WaveAdvanced | 1  |

  Scenario: A story beside it that expects nothing
    Given channel "stable" with 1 host
    When "stable" moves to ref "a1"
    Then in Opening the machine answers like this:
      | event      | becomes |
      | HostJoined | Active  |
