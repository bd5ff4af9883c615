Feature: Sentences about releases and selectors that cannot be carried out

  Scenario: A budget for a tag that no host has
    Given channel "stable" with 2 hosts
    And host "stable-01" has the tag "web"
    And a budget of one for tag "wbe"

  Scenario: A budget for a tag before any
    Given channel "stable" with 2 hosts
    And a budget of one for any of the tags "web" and "slow"

  Scenario: A tag with a comma
    Given channel "stable" with 2 hosts
    And host "stable-01" has the tag "web,slow"

  Scenario: A tag of nobody
    Given channel "stable" with 2 hosts
    And host "web-01" has the tag "web"

  Scenario: A share of nothing
    Given channel "stable" with 2 hosts
    And a budget of 0% for all hosts

  Scenario: A share of more than everything
    Given channel "stable" with 2 hosts
    And a budget of 101% for all hosts

  Scenario: A share of a fraction
    Given channel "stable" with 2 hosts
    And a budget of 2.5% for all hosts

  Scenario: Two budgets for all
    Given channel "stable" with 2 hosts
    And a budget of one for all hosts
    And a budget of two for all hosts

  Scenario: All channels of none
    When all channels move to ref "a1"

  Scenario: Hosts outside the waves of no channel
    Given channel "stable" with 2 hosts
    And channel "edge" has 1 more host outside its waves

  Scenario: Too many hosts outside the waves
    Given channel "stable" with 2 hosts
    And channel "stable" has 9999 more hosts outside its waves

  Scenario: A tag is no budget
    Given channel "stable" with 2 hosts
    And hosts "stable-*" have the tag "web"
    When "stable" moves to ref "a1"
    Then host "stable-02" is held back by the disruption-budget
