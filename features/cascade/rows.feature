Feature: Channels in a row

  A channel that waits for a waiting channel goes last. A channel may wait for several others, and
  independent channels go at once.

  Scenario: A release goes through a row of channels, one after the other
    Given these channels:
      | channel | waves   | soak       | after  |
      | canary  | 1       | 10 minutes |        |
      | early   | 1 and 2 | 10 minutes | canary |
      | late    | 2       | 10 minutes | early  |
    When the channels move like this:
      | channel | ref | when    |
      | late    | a1  |         |
      | early   | a1  | at once |
      | canary  | a1  | at once |
    Then "canary@a1" is Terminal before host "early-01" is dispatched
    And "early@a1" is Terminal before host "late-01" is dispatched
    And "late@a1" is Terminal

  Scenario: A channel that waits for two goes after the slower one
    Given these channels:
      | channel | waves | soak       | after      |
      | west    | 1     | 10 minutes |            |
      | east    | 1     | 10 minutes |            |
      | late    | 1     | 10 minutes | west, east |
    And on host "east-01" activation takes 1 hour
    When the channels move like this:
      | channel | ref | when    |
      | west    | a1  |         |
      | east    | a1  | at once |
      | late    | a1  | at once |
    Then host "east-01" is dispatched before "west@a1" is Terminal
    And "west@a1" is Terminal before "east@a1" is Terminal
    And "east@a1" is Terminal before host "late-01" is dispatched
    And "late@a1" is Terminal
