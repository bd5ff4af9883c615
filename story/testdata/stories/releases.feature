Feature: Releases and selectors

  Sentences about all channels at once, about hosts outside the waves, and about budgets that select
  their hosts.

  @vacuous:no-poll-sees-the-ref
  Scenario: All channels move at once
    Given channel "stable" with 2 hosts
    And channel "edge" with 1 host
    When all channels move to ref "a1"
    And all channels move to ref "b2" 10 minutes later
    And all channels move back to ref "c3" at once
    Then "stable@a1" is Superseded
    And "edge@a1" is Superseded
    And "stable@b2" is never opened
    And "stable@c3" is Terminal
    And "edge@c3" is Terminal

  Scenario: One channel moves alone afterwards
    Given channel "stable" with 1 host
    And channel "edge" with 1 host
    When all channels move to ref "a1"
    And "edge" moves to ref "b2"
    Then "stable@a1" is Terminal
    And 1 rollout is opened for channel "stable"
    And 2 rollouts are opened for channel "edge"

  Scenario: Hosts outside the waves join with wave 0
    Given channel "stable" with waves of 1 and 1 hosts soaking 10 minutes
    And channel "stable" has 2 more hosts outside its waves
    And channel "edge" with no hosts
    And channel "edge" has one more host outside its waves
    When all channels move to ref "a1"
    Then every host of "stable@a1" is Converged
    And host "stable-04" is dispatched before host "stable-02" is dispatched
    And host "stable-03" is never held back
    And host "stable-02" is held back by the wave-promotion
    And host "edge-01" is Converged under "edge@a1"

  Scenario: A budget for all hosts
    Given channel "stable" with 2 hosts
    And channel "edge" with 1 host
    And a budget of one for all hosts
    When all channels move to ref "a1"
    Then at most 1 of hosts "stable-*", "edge-*" is ever in flight
    And "stable@a1" is Terminal
    And "edge@a1" is Terminal

  Scenario: A share of all hosts
    Given channel "stable" with 7 hosts
    And channel "edge" with 1 host
    And a budget of 25% for all hosts
    When all channels move to ref "a1"
    Then at most 2 of hosts "stable-*", "edge-*" are ever in flight
    And host "edge-01" is held back by the disruption-budget

  Scenario: A budget for all hosts with all of the tags
    Given channel "stable" with 4 hosts
    And hosts "stable-01", "stable-02" and "stable-03" have the tag "web"
    And hosts "stable-02", "stable-03" and "stable-04" have the tag slow
    And a budget of one for tags "web" and "slow"
    When "stable" moves to ref "a1"
    Then at most 1 of hosts "stable-02", "stable-03" is ever in flight
    And host "stable-03" is held back by the disruption-budget
    And hosts "stable-01" and "stable-04" are never held back

  Scenario: A budget for all hosts with one tag
    Given channel "stable" with 3 hosts
    And channel "edge" with 1 host
    And hosts "stable-*" have the tag "web"
    And a budget of one for tag "web"
    When all channels move to ref "a1"
    Then at most 1 of hosts "stable-*" is ever in flight
    And host "edge-01" is never held back

  Scenario: A budget for all hosts with any of the tags
    Given channel "stable" with 4 hosts
    And host "stable-01" has the tag "web"
    And hosts "stable-02" and "stable-03" have the tags "database" and "old"
    And a budget of one for any of the tags "web" and "database"
    When "stable" moves to ref "a1"
    Then at most 1 of hosts "stable-01", "stable-02", "stable-03" is ever in flight
    And hosts "stable-02" and "stable-03" are held back by the disruption-budget
    And host "stable-04" is never held back

  Scenario Outline: A share of <share> of <hosts> hosts is <most>
    Given channel "stable" with <hosts> hosts
    And a budget of <share> for channel "stable"
    When "stable" moves to ref "a1"
    Then at most <most> hosts of "stable@a1" are ever in flight
    And <held> hosts of "stable@a1" are dispatched after host "stable-01" is activating

    Examples:
      | share      | hosts | most | held |
      | 50%        | 5     | 2    | 3    |
      | 1%         | 3     | 1    | 2    |
      | 34 percent | 3     | 1    | 2    |
      | 100%       | 3     | 3    | 0    |

  Scenario: A budget of one channel counts its hosts outside the waves
    Given channel "stable" with 1 host
    And channel "stable" has 1 more host outside its waves
    And a budget of one for channel "stable"
    When "stable" moves to ref "a1"
    Then at most 1 host of "stable@a1" is ever in flight
    And host "stable-02" is held back by the disruption-budget
