Feature: Accidents of the shipped control plane

  Background:
    Given the control plane is shipped, with all its defects mended
    And channel "stable" with 3 hosts soaking 5 minutes
    And activation takes 30 seconds

  Scenario: It crashes in the middle of an opening
    When the control plane crashes after 1 host of the next opening for 1 minute
    And "stable" moves to ref "a1" at once
    Then every host of "stable@a1" is Converged

  Scenario: A statement of its database fails
    When "stable" moves to ref "a1"
    And the database fails at the next ActivationCompleted of host "stable-01" while host "stable-01" is activating
    Then every host of "stable@a1" is Converged

  Scenario: Its log loses a row
    When "stable" moves to ref "a1"
    And the log loses a row of the next ActivationCompleted of host "stable-01" while host "stable-01" is activating
    Then every host of "stable@a1" is Converged
    And the invariant fold-is-live holds

  Scenario: One of its defects alone
    Given the control plane is shipped, with no-halt and late-wave-soak mended
    And a budget of one for channel "stable"
    And hosts "stable-*" fail their activation
    When "stable" moves to ref "a1"
    Then "stable@a1" is Failed
    And all but one host of "stable@a1" are Pending
