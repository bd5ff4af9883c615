Feature: Retention

  Background:
    Given channel "stable" with 1 host soaking 1 hour

  Scenario: A Superseded rollout is pruned when its retention has ended
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" while host "stable-01" is soaking
    Then "stable@a1" is Pruned in the end
