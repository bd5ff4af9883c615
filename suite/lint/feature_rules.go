package lint

import "rollsim/story"

// fleet is how the examples of rules begin.
const fleet = `Feature: Waves

  Background:
    Given channel "stable" with waves of 1 and 5 hosts soaking 30 minutes

`

// featureRules are the rules of features. The first is that of files which cannot be read at all.
var featureRules = []Rule{
	{
		Code: "RS001", Name: "unreadable-feature", Severity: Error,
		Summary: "Gherkin cannot read the file.",
		Why: `Every line of a feature begins with a keyword that Gherkin knows, with a | or with a #; only below a heading, before its
first step, there may be free text. A file that breaks this does not run at all.`,
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
		Summary: "A sentence is worded like no step, or like several.",
		Why: `A scenario with such a sentence fails. The message shows the sentences that come nearest; "rollsim steps --search WORD"
finds others.`,
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
		Summary: "A sentence names a state, event, effect, machine, policy or invariant that there is " +
			"not, or a time that cannot be.",
		Why: `The sentence is understood, and one of its words is none of those that can stand there.`,
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
		Why: `Channels and hosts come from the sentences that describe the fleet; hosts that are only counted are called after their
channel, stable-01, stable-02 and on. A rollout is called after its channel and ref, and is there once the channel has moved
to the ref. What is in store for a host under a ref that never comes is never put to the test.`,
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
		Summary: "A sentence is followed by a table that does not belong there, or by none where it " +
			"needs one.",
		Why: `"rollsim steps" tells for each sentence which columns its table has. A column with a ? may be left out; the order does not
matter.`,
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
		Summary: "A sentence tells what cannot be, or not at this place of the story.",
		Why: `The fleet is described before the first Then: what was looked at cannot change afterwards. A channel is declared once, a
moment says of which rollout it is, an event has what it needs.`,
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
		Why:     `It tells a story and looks at nothing, so that it could never find anything wrong. Nothing is even simulated before a Then.`,
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
		Why:     `A file that tests nothing must not pass for a test.`,
		Bad:     fleet,
		Good: fleet + `  Scenario: All hosts converge
    When "stable" moves to ref "a1"
    Then rollout "stable@a1" is Terminal
`,
		feature: noScenario,
	},
	{
		Code: "RS009", Name: "no-examples", Severity: Error,
		Summary: "A scenario outline has no examples, or examples have no row.",
		Why:     `An outline runs once for each row of its examples: without one it does not run, and nobody notices.`,
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
		Summary: "An outline says <name>, and its examples have no column of that name.",
		Why:     `Then <name> stays in the sentence as it is, which is hardly what was meant.`,
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
		Summary: "Examples have a column that nothing in the outline speaks of.",
		Why: `Its cells are not looked at, whatever they say. A column that only tells rows apart belongs into the name of the outline, so
that a failure shows it.`,
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
		Why:     `Reports then name both alike, and nobody can tell which of them failed. Name each for its result.`,
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
		Summary: "Two scenarios, or two rows of examples, say the same word for word.",
		Why:     `The second tests nothing that the first does not. As a rule it was copied and was to be changed.`,
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
		Summary: "A tag is nearly one that means something, or chooses a machine or seed that there " +
			"is not.",
		Why: `@machine:NAME and @seed:N choose what a scenario runs with; @wip, @slow and @known-defect say what to make of its result. Any
other tag is yours, for --tags. One that is mistyped does nothing.`,
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
		Summary: "Two tags at one place choose different machines, or different seeds.",
		Why: `A scenario runs once, with one machine and one seed. A tag of a scenario wins over one of its feature; of two at the same
place none does, and the file does not run. For two machines write an outline with "Given the machine is <machine>".`,
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
		Summary: "A line of a description is worded like a step, and its keyword is mistyped.",
		Why: `What stands between a heading and the first step is a description, and free text. A step whose keyword is mistyped ends up
there, and is never carried out.`,
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
		Summary: "Something stands after the last | of a row.",
		Why: `Gherkin passes it over in silence, as it does a last cell whose | is missing. Write a | after each cell, and a remark on a
line of its own that begins with #.`,
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
}

var unreadableFeature = &featureRules[0]
