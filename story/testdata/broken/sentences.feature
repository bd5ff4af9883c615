Feature: Sentences that cannot be

  Background:
    Given channel "stable" with waves of 1 and 2 hosts soaking 10 minutes

  Scenario: Worded like nothing
    When "stable" movs to ref "b2"
    Then "stable@b2" is Terminal

  Scenario: Worded like nothing at all
    When the moon is full

  Scenario: No steps

  Scenario: A channel that does not exist
    When "stabel" moves to ref "a1"

  Scenario: A host that does not exist
    Given host "stable-04" fails its probes

  Scenario: A rollout that does not exist
    When "stable" moves to ref "a1"
    Then "stable@a2" is Terminal

  Scenario: A rollout that does not exist yet
    When the operator clears "stable@a1"

  Scenario: A state that does not exist
    When "stable" moves to ref "a1"
    Then "stable@a1" is Supersded

  Scenario: An unknown state of a host
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" while wave 1 is soakin

  Scenario: A moment that does not exist
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" once the moon is full

  Scenario: A moment that never comes
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" while wave 7 is soaking
    Then "stable@a1" is Superseded

  Scenario: A moment that is past
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal
    When "stable" moves to ref "b2" while wave 1 is soaking
    Then "stable@a1" is Superseded

  Scenario: A moment of no rollout
    When "stable" moves to ref "a1" while wave 1 is soaking

  Scenario: An unknown policy
    Given channel "stable" has policy rollback-and-hlat

  Scenario: An unknown machine
    Given the machine is v0.3

  @machine:v0.3
  Scenario: A tag for a machine that does not exist
    When "stable" moves to ref "a1"

  @seed:lucky
  Scenario: A tag for a seed that does not exist
    When "stable" moves to ref "a1"

  Scenario: An unknown event
    When RetentionExpird happens to "stable@a1"

  Scenario: An event that needs more
    When HostJoined happens to "stable@a1"

  Scenario: A row that lacks something
    When these events happen:
      | event      | rollout   | host   |
      | HostJoined | stable@a1 | web-01 |

  Scenario: A row that has too much
    When these events happen:
      | event            | rollout   | host   |
      | RetentionExpired | stable@a1 | web-01 |

  Scenario: A table without a column
    When the channels move like this:
      | channel |
      | stable  |

  Scenario: A column that does not exist
    When the channels move like this:
      | channel | ref | whn |
      | stable  | a1  |     |

  Scenario: A missing table
    When the channels move like this:

  Scenario: A table too many
    When "stable" moves to ref "a1"
      | channel | ref |
      | stable  | a1  |

  Scenario: A text too many
    When "stable" moves to ref "a1"
      """
      at once
      """

  Scenario: A duration of a century
    When 100000 days pass

  Scenario: The fleet changes after the story has begun
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal
    Given channel "edge" with 1 host

  Scenario: A fate changes what was seen
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal
    Given host "stable-01" fails its probes under ref "a1"

  Scenario: A host in two waves
    Given channel "edge" with these waves:
      | hosts     |
      | stable-01 |

  Scenario: A channel twice
    Given a channel "stable" with 1 host

  Scenario: Longer than the run
    Given the run lasts 1 hour
    When "stable" moves to ref "a1"
    And 2 hours pass
    Then "stable@a1" is Terminal

  Scenario: A host of another rollout
    Given channel "edge" with 1 host
    When "stable" moves to ref "a1"
    And "edge" moves to ref "a1"
    Then host "edge-01" is Converged under "stable@a1"

  Scenario: A scenario file when there is a fleet already
    Given the scenario "one-wave-converges"
    Then "stable@a1" is Terminal

  Scenario: A fault that does not come
    When "stable" moves to ref "a1"
    And the agent of host "stable-01" restarts once "stable@a1" is Terminal
    Then "stable@a1" is Terminal

  Scenario: A host that never went silent
    When "stable" moves to ref "a1"
    And host "stable-01" returns 10 minutes later
    Then "stable@a1" is Terminal

  Scenario: A reboot of a host that does not wait for it
    When "stable" moves to ref "a1"
    And host "stable-01" reboots while wave 0 is soaking
    Then "stable@a1" is Terminal

  Scenario: A message that is never sent
    When "stable" moves to ref "a1"
    And the next DispatchAck of host "stable-01" is lost while wave 0 is soaking
    Then "stable@a1" is Terminal

  Scenario: An unknown gate
    When "stable" moves to ref "a1"
    Then host "stable-02" is held back by the wave-promotoin

  Scenario: A budget of nothing
    Given a budget of 0 for channel "stable"

  Scenario: Hosts that wait for each other
    Given host "stable-02" waits for host "stable-03"
    And host "stable-03" waits for host "stable-02"

  Scenario: Waves that are not all
    Given channel "edge" with 20 hosts in waves of 5% and 25%

  Scenario: A fault that chance brings and nothing ends
    Given these faults come by chance:
      | fault        | chance |
      | host-offline | 1%     |

  Scenario: A fault that a table cannot bring
    When these faults happen:
      | fault           | host      |
      | message-dropped | stable-01 |

  Scenario: An unknown misdeed
    Given these hosts misbehave:
      | hosts     | does              |
      | stable-01 | fails its probess |

  Scenario: A pattern that no host fits
    Given hosts "web-*" never answer

  Scenario: A dispatch cannot be waited for
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" once host "stable-02" is dispatched

  Scenario: A lift of what is not quarantined
    When "stable" moves to ref "a1"
    And the operator lifts the quarantine of ref "a1" on channel "stable"
    Then "stable@a1" is Terminal

  Scenario Outline: A placeholder of which no examples know
    When "stable" moves to ref "<rev>"
    Then "stable@<rev>" is Terminal

    Examples:
      | ref |
      | a1  |

  Scenario Outline: An outline without examples
    When the channels move like this:
      | channel | ref   |
      | stable  | <ref> |
    Then "stable@<ref>" is Terminal

  Scenario: A state in a table that does not exist
    When "stable" moves to ref "a1"
    Then these transitions happen:
      | rollout   | from    | to    |
      | stable@a1 | Opening | Actve |

  Scenario: A rollout in a table that does not exist
    When "stable" moves to ref "a1"
    Then these answers are given:
      | event         | rollout   |
      | RolloutOpened | stable@a2 |

  Scenario: Two fates of which only one can come
    Given host "stable-02" fails its probes
    And host "stable-02" never answers under ref "a1"
    And hosts "stable-*" always converge

  Scenario: A state of hosts for a rollout
    When "stable" moves to ref "a1"
    Then "stable@a1" is Converged

  Scenario: A state of rollouts for a host
    When "stable" moves to ref "a1"
    Then host "stable-01" is Terminal

  Scenario: An event that reaches its own record
    When "stable" moves to ref "a1"
    And RolloutTerminal of "stable@a1" reaches the record of "stable@a1"

  Scenario: An event that reaches a record that does not exist
    When "stable" moves to ref "a1"
    And RolloutTerminal of "stable@b2" reaches the record of "stable@a2"

  Scenario: A row of an event that reaches its own record
    When "stable" moves to ref "a1"
    And these events happen:
      | event           | rollout   | reaches   |
      | RolloutTerminal | stable@a1 | stable@a1 |

  Scenario: An event that needs more reaches the record of another rollout
    When "stable" moves to ref "a1"
    And HostJoined of "stable@b2" reaches the record of "stable@a1"
