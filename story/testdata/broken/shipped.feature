Feature: Sentences about the shipped control plane that cannot be carried out

  Scenario: A defect that does not exist
    Given the control plane is shipped, with no-hold mended

  Scenario: A defect twice
    Given the control plane is shipped, with no-halt and no-halt mended

  Scenario: Something that does not recur
    Given the control plane is shipped
    And the first beat comes 1 second after the start

  Scenario: A phase as long as the interval
    Given the control plane is shipped
    And the first tick comes 15 seconds after the start

  Scenario: A phase of another control plane
    Given the first heartbeat comes 1 second after the start

  Scenario: A manifest that does not exist
    Given channel "stable" with 1 host
    And ref "a1" has an absent manifest

  Scenario: A ref that never comes
    Given the control plane is shipped, with all defects mended
    And channel "stable" with 1 host
    And ref "b1" does not change host "stable-01"
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal

  Scenario: A control of another control plane
    Given channel "stable" with 1 host
    And host "stable-01" fails a control

  Scenario: An opening of another control plane
    Given channel "stable" with 1 host
    When the control plane crashes after 0 hosts of the next opening

  Scenario: An opening that does not come
    Given the control plane is shipped, with all defects mended
    And channel "stable" with 1 host soaking 1 minute
    When "stable" moves to ref "a1"
    And the control plane crashes after 0 hosts of the next opening
    Then "stable@a1" is Terminal

  Scenario: A message that does not come
    Given the control plane is shipped, with all defects mended
    And channel "stable" with 1 host soaking 1 minute
    When "stable" moves to ref "a1"
    And the database fails at the next DispatchAck of host "stable-01" once everything has settled
    Then "stable@a1" is Terminal

  Scenario: A poll whose time nobody knows
    Given the control plane is shipped, with all defects mended
    And channel "stable" with 1 host
    When "stable" moves to ref "a1"
    And time passes until the next poll
    Then "stable@a1" is Active

  Scenario: A defect that is not mended
    Given the control plane is shipped
    And channel "stable" with waves of 1 and 1 hosts soaking 10 minutes
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal
