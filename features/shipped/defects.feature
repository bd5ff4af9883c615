Feature: The defects of the shipped control plane

  The shipped control plane has eighteen known defects. Each has a scenario in which all others are
  mended as far as possible, and one in which it is mended too.

  Scenario Outline: <defect> breaks <invariant>
    Given the scenario "shipped-<defect>"
    Then the invariant <invariant> does not hold of "<subject>"

    Examples:
      | defect            | invariant         | subject   |
      | no-halt           | halt-kept         | stable@a1 |
      | silent-cursor     | fold-is-live      | stable@a1 |
      | empty-wave        | stuck             | stable@a1 |
      | budget-overshoot  | budget-kept       | one       |
      | superseded-edge   | stuck             | stable@a1 |
      | compliance-sticky | stuck             | stable@a1 |
      | late-wave-soak    | evidence-kept     | stable@a1 |
      | stale-queue       | supersession-kept | stable@a1 |
      | reopened          | not-reopened      | stable@a1 |
      | torn-opening      | opening-whole     | stable@a1 |
      | lost-ack          | evidence-kept     | stable@a1 |
      | acknowledged-lost | acknowledged-kept | stable@a1 |
      | stale-snapshot    | acknowledged-kept | stable@a1 |
      | lost-activation   | stuck             | stable@a1 |
      | stale-manifest    | stuck             | stable@a1 |
      | set-back          | halt-kept         | stable@a1 |
      | lossy-log         | fold-is-live      | stable@a1 |

  Scenario Outline: Without <defect> the same story breaks nothing
    Given the scenario "shipped-<defect>-mended"
    Then every invariant holds

    Examples:
      | defect            |
      | silent-cursor     |
      | empty-wave        |
      | budget-overshoot  |
      | compliance-sticky |
      | late-wave-soak    |
      | stale-queue       |
      | reopened          |
      | torn-opening      |
      | lost-ack          |
      | acknowledged-lost |
      | stale-snapshot    |
      | lost-activation   |
      | stale-manifest    |
      | lossy-log         |

  Scenario Outline: Without <defect> the channel is stranded, as specified
    Given the scenario "shipped-<defect>-mended"
    Then channel "<channel>" is stranded at ref "a1"

    Examples:
      | defect          | channel |
      | superseded-edge | edge    |
      | set-back        | stable  |

  Scenario: A failed host stops the rollout if no-halt is mended
    Given the scenario "shipped-no-halt-mended"
    Then "stable@a1" is Failed
    And 1 host of "stable@a1" is dispatched

  Scenario: A failed host stops nothing otherwise
    Given the scenario "shipped-no-halt"
    Then "stable@a1" is Failed
    And 2 hosts of "stable@a1" are dispatched

  Scenario: An empty wave is skipped if empty-wave is mended
    Given the scenario "shipped-empty-wave-mended"
    Then "stable@a1" is Terminal

  Scenario: The rollout is opened a second time after 90 days
    Given the scenario "shipped-reopened"
    Then RolloutOpened happens twice to "stable@a1"

  Scenario: A closure that rolled back is dispatched again
    Given the scenario "shipped-quarantine-inert"
    Then "stable@a1" has been Reverted
    And the invariant quarantine-kept does not hold of "stable@b2"

  Scenario: A closure that rolled back is not dispatched if quarantine-inert is mended
    Given the scenario "shipped-quarantine-inert-mended"
    Then "stable@a1" has been Reverted
    And host "stable-01" is held back by the quarantine under "stable@b2"
