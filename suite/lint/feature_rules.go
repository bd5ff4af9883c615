package lint

import "rollsim/story"

// fleet is the beginning of the examples.
const fleet = `Feature: Waves

  Background:
    Given channel "stable" with waves of 1 and 5 hosts soaking 30 minutes

`

// featureRules are the rules of features. The first one is about files that cannot be read.
var featureRules = []Rule{
	{
		Code: "RS001", Name: "unreadable-feature", Severity: Error,
		Summary: "Gherkin cannot read the file.",
		Why: `Every line of a feature begins with a Gherkin keyword, a | or a #. Free text is allowed
only between a heading and its first step. A file that breaks this does not run at all.`,
		Bad: fleet + `  Scenario: All hosts converge
    When "stable" moves to ref "a1"
    Their rollout "stable@a1" is Terminal
`,
		Good: fleet + `  Scenario: All hosts converge
    When "stable" moves to ref "a1"
    Then rollout "stable@a1" is Terminal
`,
	},
	{
		Code: "RS002", Name: "undefined-step", Severity: Error,
		Summary: "A sentence matches no step, or several.",
		Why: `A scenario with such a sentence fails. The message shows the nearest sentences, and
"rollsim steps --search WORD" finds others.`,
		Bad: fleet + `  Scenario: All hosts converge
    When "stable" is moved to ref "a1"
    Then rollout "stable@a1" is Terminal
`,
		Good: fleet + `  Scenario: All hosts converge
    When "stable" moves to ref "a1"
    Then rollout "stable@a1" is Terminal
`,
		feature: ofFlaw(story.FlawUndefined, story.FlawAmbiguous),
	},
	{
		Code: "RS003", Name: "unknown-value", Severity: Error,
		Summary: "A sentence names an unknown state, event, effect, machine, policy or invariant, or " +
			"an impossible time.",
		Why: `The sentence matches a step, but one of its words is not a value that the step accepts.
The message names the accepted values or the nearest one.`,
		Bad: fleet + `  Scenario: All hosts converge
    When "stable" moves to ref "a1"
    Then rollout "stable@a1" is Terminated
`,
		Good: fleet + `  Scenario: All hosts converge
    When "stable" moves to ref "a1"
    Then rollout "stable@a1" is Terminal
`,
		feature: ofFlaw(story.FlawValue),
	},
	{
		Code: "RS004", Name: "unknown-name", Severity: Error,
		Summary: "A sentence names a channel, host, ref or rollout that the story does not have.",
		Why: `The sentences that describe the fleet declare channels and hosts. Hosts given by a count
are named after their channel: stable-01, stable-02. A rollout is named after its channel and ref,
and exists once the channel has moved to the ref. The fate of a host under a ref that the
channel never moves to is never tested.`,
		Bad: fleet + `  Scenario: A failing host fails the rollout
    Given host "stable-7" fails its probes
    When "stable" moves to ref "a1"
    Then rollout "stable@a1" is Failed
`,
		Good: fleet + `  Scenario: A failing host fails the rollout
    Given host "stable-06" fails its probes
    When "stable" moves to ref "a1"
    Then rollout "stable@a1" is Failed
`,
		feature: ofFlaw(story.FlawName),
	},
	{
		Code: "RS005", Name: "wrong-table", Severity: Error,
		Summary: "A sentence has a table that it does not use, or lacks the table that it needs.",
		Why: `"rollsim steps" shows the columns of the table for each sentence. A column with a ? is
optional, and the order of the columns is free.`,
		Bad: fleet + `  Scenario: The second ref supersedes the first
    When the channels move like this:
      | channel | reference |
      | stable  | a1        |
      | stable  | b2        |
    Then rollout "stable@a1" is Superseded
`,
		Good: fleet + `  Scenario: The second ref supersedes the first
    When the channels move like this:
      | channel | ref |
      | stable  | a1  |
      | stable  | b2  |
    Then rollout "stable@a1" is Superseded
`,
		feature: ofFlaw(story.FlawTable),
	},
	{
		Code: "RS006", Name: "impossible-story", Severity: Error,
		Summary: "A sentence describes something impossible, or is at the wrong place in the story.",
		Why: `The sentences that describe the fleet come before the first Then, because the simulation
starts there. A channel is declared once, a moment names its rollout, and an event has all the
fields that it needs.`,
		Bad: fleet + `  Scenario: All hosts converge
    When "stable" moves to ref "a1"
    Then rollout "stable@a1" is Terminal
    Given channel "edge" with 2 hosts
`,
		Good: fleet + `  Scenario: All hosts converge
    Given channel "edge" with 2 hosts
    When "stable" moves to ref "a1"
    Then rollout "stable@a1" is Terminal
`,
		feature: ofFlaw(story.FlawStory),
	},
	{
		Code: "RS007", Name: "nothing-expected", Severity: Error,
		Summary: "A scenario has no Then.",
		Why: `A scenario without a Then checks nothing, so it can never fail. Nothing is simulated
before the first Then.`,
		Bad: fleet + `  Scenario: All hosts converge
    When "stable" moves to ref "a1"
`,
		Good: fleet + `  Scenario: All hosts converge
    When "stable" moves to ref "a1"
    Then rollout "stable@a1" is Terminal
`,
		feature: ofFlaw(story.FlawNoExpectation),
	},
	{
		Code: "RS008", Name: "no-scenario", Severity: Error,
		Summary: "A feature has no scenario.",
		Why:     `A file that tests nothing must not count as a passing test.`,
		Bad:     fleet,
		Good: fleet + `  Scenario: All hosts converge
    When "stable" moves to ref "a1"
    Then rollout "stable@a1" is Terminal
`,
		feature: noScenario,
	},
	{
		Code: "RS009", Name: "no-examples", Severity: Error,
		Summary: "A scenario outline has no examples, or its examples have no rows.",
		Why: `An outline runs once for each row of its examples. Without rows it does not run, and no
report shows that.`,
		Bad: fleet + `  Scenario Outline: Under <ref>, all hosts converge
    When "stable" moves to ref "<ref>"
    Then rollout "stable@<ref>" is Terminal

    Examples:
      | ref |
`,
		Good: fleet + `  Scenario Outline: Under <ref>, all hosts converge
    When "stable" moves to ref "<ref>"
    Then rollout "stable@<ref>" is Terminal

    Examples:
      | ref |
      | a1  |
`,
		feature: noExamples,
	},
	{
		Code: "RS010", Name: "unknown-placeholder", Severity: Error,
		Summary: "An outline uses <name>, but its examples have no column with that name.",
		Why: `The text <name> then stays in the sentence unchanged. Add the column, or correct the
name.`,
		Bad: fleet + `  Scenario Outline: Under <ref>, all hosts converge
    When "stable" moves to ref "<rev>"
    Then <count> hosts of "stable@<ref>" are Converged

    Examples:
      | ref | count |
      | a1  | 6     |
`,
		Good: fleet + `  Scenario Outline: Under <ref>, all hosts converge
    When "stable" moves to ref "<ref>"
    Then <count> hosts of "stable@<ref>" are Converged

    Examples:
      | ref | count |
      | a1  | 6     |
`,
		feature: unknownPlaceholder,
	},
	{
		Code: "RS011", Name: "unused-column", Severity: Warning,
		Summary: "Examples have a column that the outline does not use.",
		Why: `The cells of that column have no effect. If the column only distinguishes the rows, use
it in the name of the outline, so that a failure shows it.`,
		Bad: fleet + `  Scenario Outline: All hosts converge
    When "stable" moves to ref "<ref>"
    Then rollout "stable@<ref>" is Terminal

    Examples:
      | ref | state  |
      | a1  | Failed |
`,
		Good: fleet + `  Scenario Outline: All hosts converge
    When "stable" moves to ref "<ref>"
    Then rollout "stable@<ref>" is <state>

    Examples:
      | ref | state    |
      | a1  | Terminal |
`,
		feature: unusedColumn,
	},
	{
		Code: "RS012", Name: "duplicate-name", Severity: Warning,
		Summary: "Two scenarios of a feature have the same name.",
		Why: `Reports give both the same name, so that it is unclear which of them failed. Name each
one after its result.`,
		Bad: fleet + `  Scenario: It converges
    When "stable" moves to ref "a1"
    Then rollout "stable@a1" is Terminal

  Scenario: It converges
    When "stable" moves to ref "a1"
    Then every host of "stable@a1" is Converged
`,
		Good: fleet + `  Scenario: A healthy rollout ends Terminal
    When "stable" moves to ref "a1"
    Then rollout "stable@a1" is Terminal

  Scenario: In a healthy rollout every host converges
    When "stable" moves to ref "a1"
    Then every host of "stable@a1" is Converged
`,
		feature: duplicateName,
	},
	{
		Code: "RS013", Name: "same-story", Severity: Warning,
		Summary: "Two scenarios, or two rows of examples, have identical steps.",
		Why: `The second one tests nothing new. It is usually a copy that was not changed yet. Change
it or delete it.`,
		Bad: fleet + `  Scenario: A healthy rollout ends Terminal
    When "stable" moves to ref "a1"
    Then rollout "stable@a1" is Terminal

  Scenario: Every host of a healthy rollout converges
    When "stable" moves to ref "a1"
    Then rollout "stable@a1" is Terminal
`,
		Good: fleet + `  Scenario: A healthy rollout ends Terminal
    When "stable" moves to ref "a1"
    Then rollout "stable@a1" is Terminal

  Scenario: Every host of a healthy rollout converges
    When "stable" moves to ref "a1"
    Then every host of "stable@a1" is Converged
`,
		feature: sameStory,
	},
	{
		Code: "RS014", Name: "wrong-tag", Severity: Error,
		Summary: "A tag looks like a mistyped tag of rollsim, or names an unknown machine or an " +
			"invalid seed.",
		Why: `@machine:NAME and @seed:N choose the machine and the seed of a scenario. @wip, @slow and
@known-defect:NAME change whether it runs and how its result counts, and @vacuous:REASON allows it
to be vacuous. All other tags are free for use with --tags. A mistyped tag has no effect.`,
		Bad: fleet + `  @machin:v0.2
  Scenario: All hosts converge
    When "stable" moves to ref "a1"
    Then rollout "stable@a1" is Terminal
`,
		Good: fleet + `  @machine:v0.2
  Scenario: All hosts converge
    When "stable" moves to ref "a1"
    Then rollout "stable@a1" is Terminal
`,
		feature: wrongTag,
	},
	{
		Code: "RS015", Name: "contradictory-tags", Severity: Error,
		Summary: "Two tags at the same place choose different machines or different seeds.",
		Why: `A scenario runs once, with one machine and one seed. A tag of a scenario overrides one of
its feature. With two different tags at the same place the file does not run. To run a scenario
with two machines, write an outline with "Given the machine is <machine>".`,
		Bad: fleet + `  @machine:v0.2 @machine:rfc0008
  Scenario: All hosts converge
    When "stable" moves to ref "a1"
    Then rollout "stable@a1" is Terminal
`,
		Good: fleet + `  Scenario Outline: All hosts converge under <machine>
    Given the machine is <machine>
    When "stable" moves to ref "a1"
    Then rollout "stable@a1" is Terminal

    Examples:
      | machine |
      | v0.2    |
      | rfc0008 |
`,
		feature: contradictoryTags,
	},
	{
		Code: "RS016", Name: "stray-step", Severity: Error,
		Summary: "A line of a description looks like a step with a mistyped keyword.",
		Why: `The text between a heading and the first step is a description. A step with a mistyped
keyword becomes part of it and is never run. Correct the keyword.`,
		Bad: fleet + `  Scenario: A failing host fails the rollout
    Giben host "stable-06" fails its probes
    When "stable" moves to ref "a1"
    Then rollout "stable@a1" is Failed
`,
		Good: fleet + `  Scenario: A failing host fails the rollout
    Given host "stable-06" fails its probes
    When "stable" moves to ref "a1"
    Then rollout "stable@a1" is Failed
`,
		feature: strayStep,
	},
	{
		Code: "RS017", Name: "lost-text", Severity: Warning,
		Summary: "A row has text after its last |.",
		Why: `Gherkin silently ignores that text, also if it is a last cell whose | is missing. End
each cell with a |, and put a comment on a line of its own that begins with #.`,
		Bad: fleet + `  Scenario: The second ref supersedes the first
    When the channels move like this:
      | channel | ref |
      | stable  | a1  | while wave 1 is soaking
      | stable  | b2  |
    Then rollout "stable@a1" is Superseded
`,
		Good: fleet + `  Scenario: The second ref supersedes the first
    When the channels move like this:
      | channel | ref | when                    |
      | stable  | a1  |                         |
      | stable  | b2  | while wave 1 is soaking |
    Then rollout "stable@a1" is Superseded
`,
		feature: lostText,
	},
	{
		Code: "RS018", Name: "vacuous-scenario", Severity: Error,
		Summary: "Nothing happens in a scenario, or an expectation could not fail in any run.",
		Why: `A scenario without a When, a limit of hosts in flight that is no smaller than their number
and a gate that is not configured test nothing. Such a scenario fails when it runs. So does one in
which a happening, a fate or a chance has no effect, which only the run shows. The tag
@vacuous:REASON allows a vacuous scenario.`,
		Bad: fleet + `  Scenario: No budget holds a host back
    When "stable" moves to ref "a1"
    Then host "stable-01" is never held back by the disruption-budget
`,
		Good: fleet + `  Scenario: No budget holds a host back
    Given a budget of one for channel "stable"
    When "stable" moves to ref "a1"
    Then host "stable-01" is never held back by the disruption-budget
    And host "stable-03" is held back by the disruption-budget
`,
		feature: ofFlaw(story.FlawVacuous),
	},
	{
		Code: "RS019", Name: "earlier-name", Severity: Warning,
		Summary: "A sentence uses the earlier name of a gate.",
		Why: `The gate host-edge was called host-edges. The earlier name still works; traces and messages
use the present one.`,
		Bad: fleet + `  Scenario: A host waits for another one
    Given host "stable-03" waits for host "stable-02"
    When "stable" moves to ref "a1"
    Then host "stable-03" is held back by the host-edges
`,
		Good: fleet + `  Scenario: A host waits for another one
    Given host "stable-03" waits for host "stable-02"
    When "stable" moves to ref "a1"
    Then host "stable-03" is held back by the host-edge
`,
		feature: earlierName,
	},
	{
		Code: "RS020", Name: "wrong-phrases", Severity: Error,
		Summary: "A file of phrases has a mistake.",
		Why: `The sentences of a team are in the nearest phrases.yaml from the feature upwards. No feature
that would use a file with a mistake runs: an unknown field, a type that does not exist, a sentence
that no step fits, a phrase that leads back to itself or that is a built-in sentence already.`,
		Bad: `-- phrases.yaml --
phrases:
  - say: a bad release of channel {channel:name}
    as: When
    steps:
      - Given host "{channel}-01" fails its probs
      - When "{channel}" moves to ref "bad"
-- bad.feature --
` + fleet + `  Scenario: A bad release fails
    When a bad release of channel "stable"
    Then rollout "stable@bad" is Failed
`,
		Good: `-- phrases.yaml --
phrases:
  - say: a bad release of channel {channel:name}
    as: When
    steps:
      - Given host "{channel}-01" fails its probes
      - When "{channel}" moves to ref "bad"
-- bad.feature --
` + fleet + `  Scenario: A bad release fails
    When a bad release of channel "stable"
    Then rollout "stable@bad" is Failed
`,
	},
}

var (
	unreadableFeature = &featureRules[0]
	wrongPhrases      = &featureRules[len(featureRules)-1]
)
