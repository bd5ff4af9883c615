Feature: The gate that is named

  Gates are asked in one order, and the first that blocks is logged: quarantine, channel-edges,
  wave-promotion, host-edge, disruption-budget. So the log names the first thing to look at.

  Background:
    Given channel "edge" with no hosts
    And channel "stable" with these waves:
      | hosts        | soak       |
      | canary       | 10 minutes |
      | db-01, db-02 | 10 minutes |

  @vacuous:the-second-gate-is-not-asked
  Scenario Outline: Of <first> and <second>, <first> is named
    Given <one>
    And <other>
    When "stable" moves to ref "a1"
    Then host "<host>" is held back by the <first>
    And host "<host>" is never held back by the <second>
    And "stable@a1" is <end>

    Examples:
      | first          | second            | host   | one                                               | other                                         | end      |
      | quarantine     | channel-edges     | canary | the quarantine of channel "stable" holds ref "a1" | channel "stable" waits for channel "edge"     | stuck    |
      | channel-edges  | wave-promotion    | db-01  | channel "stable" waits for channel "edge"         | host "canary" never answers                   | stuck    |
      | wave-promotion | host-edge         | db-02  | host "canary" never answers                       | host "db-02" waits for host "db-01"           | stuck    |
      | host-edge      | disruption-budget | db-02  | host "db-02" waits for host "db-01"               | a budget of one for hosts "db-01" and "db-02" | Terminal |
