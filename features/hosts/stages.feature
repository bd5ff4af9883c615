Feature: How long the stages of a host take

  One sentence is about all of them. A sentence about one of them is an exception, wherever it stands.

  Background:
    Given channel "stable" with 1 host soaking 1 hour

  Scenario: A host that takes no time converges when its soak has ended
    Given every stage takes 0 seconds
    When "stable" moves to ref "a1"
    Then host "stable-01" is Converged 1 hour later

  Scenario: A stage with a sentence of its own takes longer
    Given activation takes 10 minutes
    And every stage takes 0 seconds
    When "stable" moves to ref "a1"
    Then host "stable-01" is Soaking 10 minutes later
    And host "stable-01" is Converged 50 minutes later
