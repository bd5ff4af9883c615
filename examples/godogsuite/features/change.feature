Feature: A change of the fleet

  Background:
    Given channel "web" with waves of 1 and 2 hosts soaking 10 minutes

  Scenario: A change with a ticket is rolled out
    Given the ticket "OPS-7" allows ref "a1"
    When "web" moves to ref "a1"
    Then "web@a1" is Terminal
    And the ticket "OPS-7" can be closed

  Scenario: A failed canary stops the change
    Given the ticket "OPS-8" allows ref "bad"
    And host "web-01" fails its probes
    When "web" moves to ref "bad"
    Then "web@bad" is Failed
    And host "web-02" is never dispatched under "web@bad"
