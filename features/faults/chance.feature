Feature: Everything that can go wrong, by chance

  Other features show each fault alone. Here all kinds happen together, at times drawn from one seed
  after another. Once they have ended every rollout ends too, and no invariant is violated on the
  way.

  Background:
    Given each of the seeds 1 to 20
    And these channels:
      | channel | waves   | soak       | policy            | after |
      | edge    | 1 and 2 | 10 minutes | halt              |       |
      | stable  | 1 and 3 | 10 minutes | rollback-and-halt | edge  |
    And a budget of two for channels "edge" and "stable"

  Scenario: Faults of every kind delay the rollouts and change nothing else
    Given these faults come by chance:
      | fault               | chance | for        | until   |
      | message-dropped     | 20%    |            | 2 hours |
      | message-delayed     | 20%    | 1 minute   | 2 hours |
      | message-duplicated  | 20%    | 45 seconds | 2 hours |
      | message-reordered   | 20%    |            | 2 hours |
      | host-offline        | 5%     | 10 minutes | 2 hours |
      | agent-restart       | 20%    | 30 seconds | 2 hours |
      | poll-failed         | 20%    |            | 2 hours |
      | poll-stale          | 20%    |            | 2 hours |
      | control-plane-crash | 1%     | 5 minutes  | 2 hours |
    When the channels move like this:
      | channel | ref | when             |
      | edge    | a1  |                  |
      | stable  | a1  | at once          |
      | stable  | b2  | 30 minutes later |
    Then "edge@a1" is Terminal
    And every host of "stable@b2" is Converged
    And no host of "stable@a1" is dispatched before "edge@a1" is Terminal
    And no host of "stable@b2" is dispatched before "edge@a1" is Terminal
    And every invariant holds

  Scenario: Whatever state its hosts reach, each rollout ends, is superseded by the next one and is pruned
    Given 20% of activations fail
    And 20% of activations are deferred
    And 20% of probes fail
    When "edge" moves to ref "a1"
    And "edge" moves to ref "b2" 15 minutes later
    And "edge" moves to ref "c3"
    Then "edge@a1" has been Superseded
    And "edge@b2" has been Superseded
    And only "edge@c3" stands for channel "edge"
    And every rollout is pruned in the end
    And every invariant holds
