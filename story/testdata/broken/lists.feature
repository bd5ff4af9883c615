Feature: How many of the entries found a message lists

  Background:
    Given channel "stable" with 1 host
    And host "stable-01" never answers

  Scenario: Ten entries are listed whole
    Given the run lasts 9 minutes 50 seconds
    When "stable" moves to ref "a1"
    Then host "stable-01" is dispatched once

  Scenario: Eleven are not
    Given the run lasts 10 minutes 50 seconds
    When "stable" moves to ref "a1"
    Then host "stable-01" is dispatched once
