# language: en
Feature: Words that people use

  Scenario: With and without articles, nouns and quotes
    Given a channel "stable" with waves of 1, 2, and 3 hosts each soaking for half an hour
    And the channel edge with one wave of 1 host
    And acks take between 1 and 3s
    And the activation takes 1 min
    And the seed is 3
    And channel stable has the policy halt
    When channel "stable" moves to a1
    And edge moves to ref 'e1' at the same moment
    And the operator clears rollout stable@a1 5 minutes after everything has settled
    Then rollout "stable@a1" is terminal
    And stable@a1 is Terminal
    And OperatorClearance of stable@a1 is refused

  Rule: Rules, outlines and comments are allowed

    Background:
      Given channel "stable" with 1 host soaking 10 minutes

    @slow
    Scenario Outline: <length> is a length of time
      When "stable" moves to ref "a1"
      And <length> pass
      Then "stable@a1" is <state>

      @day
      Examples: Days
        | length             | state    |
        | 7 days and 1 hour  | Pruned   |
        | a week and an hour | Pruned   |
        | 6d23h              | Terminal |

      # Two tables of examples.
      Examples: Others
        | length          | state    |
        | 90m             | Terminal |
        | 1.5 hours       | Terminal |
        | 1 hour, 30 mins | Terminal |
