Feature: Compliance controls under the shipped control plane

  Background:
    Given the control plane is shipped, with all its defects mended
    And channel "stable" with waves of 1 and 2 hosts soaking 5 minutes
    And activation takes 30 seconds

  Scenario: A control that recovers lets the next wave go
    Given host "stable-01" fails a control under ref "a1" for 50 seconds
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal
    And host "stable-01" is never Failed

  Scenario: A control that never recovers fails the host and protects the next wave
    Given host "stable-01" fails a control for good
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed
    And no hosts of wave 1 of "stable@a1" are dispatched
