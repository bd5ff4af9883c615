Feature: Bad luck, under many seeds

  Background:
    Given channel "stable" with waves of 1 and 4 hosts soaking 10 minutes

  Scenario: A bad network delays a release and does not break it
    Given each of the seeds 1 to 20
    And 20% of messages are lost
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal
    And in at least 90% of the seeds, "stable@a1" is Terminal within 30 minutes

  Scenario: Polls that fail delay the opening alone
    Given each of the seeds 1 to 20
    And 50% of polls fail
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" 1 hour later
    Then "stable@b2" is Terminal
    And in at least 50% of the seeds, "stable@b2" is Opening within 70 minutes of the start

  Scenario: The draw of one seed
    Given seed 7
    And activation takes between 1 and 40 minutes
    When "stable" moves to ref "a1"
    Then "stable@a1" becomes Converging twice
    And "stable@a1" is Terminal
