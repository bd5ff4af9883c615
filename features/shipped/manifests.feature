Feature: Manifests and closures under the shipped control plane

  Background:
    Given the control plane is shipped, with all its defects mended
    And the first heartbeat comes 12 seconds after the start
    And channel "stable" with 2 hosts soaking 10 minutes
    And channel "edge" with 1 host soaking 10 minutes

  Scenario: A host that runs the release already need not switch
    Given hosts "stable-01" and "stable-02" run the closure of ref "a1" at the start
    When "stable" moves to ref "a1"
    Then every host of "stable@a1" is Converged 1 minute after "stable@a1" is Active

  Scenario: A release that changes one host of two
    Given ref "b2" does not change host "stable-01"
    When "stable" moves to ref "a1"
    And "stable" moves to ref "b2" 20 minutes after the start
    Then host "stable-01" is Converged under "stable@b2" 1 minute after "stable@b2" is Active
    And host "stable-02" is not Converged under "stable@b2" 5 minutes after "stable@b2" is Active
    And "stable@b2" is Terminal

  Scenario: A release without a manifest for one channel goes out on the other
    Given ref "b2" has no manifest for channel "stable"
    When all channels move to ref "a1"
    And all channels move to ref "b2" 1 hour later
    Then "edge@b2" is Terminal
    And "stable@b2" is never opened

  Scenario: A manifest that was signed two hours ago is refused and reported
    Given ref "a1" is signed 2 hours before the start
    When "stable" moves to ref "a1"
    Then "stable@a1" is Terminal
