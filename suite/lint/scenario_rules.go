package lint

// scenarioRules are the rules of scenarios. The first is that of files which cannot be loaded at
// all.
var scenarioRules = []Rule{
	{
		Code: "RS101", Name: "wrong-scenario", Severity: Error,
		Summary: "The scenario cannot be loaded.",
		Why: `A scenario file is read strictly: a field that is unknown or missing, a value of the wrong kind, a host, channel, ref or
rollout that the scenario does not have, a time after the horizon. Every field is in docs/scenarios.md, and in the schema.`,
		Bad: `# One host converges.
channels:
  - name: stable
    waves: [{hosts: 1, soak: 10}]
timeline:
  - {at: 0s, chanel: stable, ref: a1}
`,
		Good: `# One host converges.
channels:
  - name: stable
    waves: [{hosts: 1, soak: 10m}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
`,
	},
	{
		Code: "RS102", Name: "no-comment", Severity: Warning,
		Summary: "A scenario does not open with a comment.",
		Why:     `The comment says what the scenario shows. Without it nobody who sees the golden change can tell whether the change is right.`,
		Bad: `channels:
  - name: stable
    waves: [{hosts: 1, soak: 10m}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
`,
		Good: `# One host converges.
channels:
  - name: stable
    waves: [{hosts: 1, soak: 10m}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
`,
		scenario: noComment,
	},
	{
		Code: "RS103", Name: "no-golden", Severity: Error,
		Summary: "A scenario has no golden.",
		Why: `The golden is what the scenario is checked against: without one "rollsim check" fails. Record it with
"rollsim check --update FILE", and read it before you commit it. The golden of scenarios/NAME.yaml is golden/NAME.golden,
that of any other NAME.yaml is NAME.golden beside it.`,
		Bad: `-- scenarios/one-host.yaml --
# One host converges.
channels:
  - name: stable
    waves: [{hosts: 1, soak: 10m}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
`,
		Good: `-- scenarios/one-host.yaml --
# One host converges.
channels:
  - name: stable
    waves: [{hosts: 1, soak: 10m}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
-- golden/one-host.golden --
…
`,
		scenario: noGolden,
	},
	{
		Code: "RS104", Name: "idle-channel", Severity: Warning,
		Summary: "A channel never moves to a ref, and no other channel waits for it.",
		Why:     `Nothing ever happens on it. As a rule a line of the timeline is missing, or names another channel.`,
		Bad: `# Both channels roll out.
channels:
  - name: edge
    waves: [{hosts: 1, soak: 10m}]
  - name: stable
    waves: [{hosts: 1, soak: 10m}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
  - {at: 1h, channel: stable, ref: b2}
`,
		Good: `# Both channels roll out.
channels:
  - name: edge
    waves: [{hosts: 1, soak: 10m}]
  - name: stable
    waves: [{hosts: 1, soak: 10m}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
  - {at: 1h, channel: edge, ref: b2}
`,
		scenario: idleChannel,
	},
	{
		Code: "RS105", Name: "same-ref", Severity: Warning,
		Summary: "The timeline moves a channel to the ref at which it is already.",
		Why:     `A channel that stays where it is opens no rollout, so that the line does nothing.`,
		Bad: `# The second ref supersedes the first.
channels:
  - name: stable
    waves: [{hosts: 1, soak: 10m}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
  - {at: 1h, channel: stable, ref: a1}
`,
		Good: `# The second ref supersedes the first.
channels:
  - name: stable
    waves: [{hosts: 1, soak: 10m}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
  - {at: 1h, channel: stable, ref: b2}
`,
		scenario: sameRef,
	},
	{
		Code: "RS106", Name: "unseen-ref", Severity: Warning,
		Summary: "The timeline moves a channel to two refs at the same instant.",
		Why: `Of refs that change between two polls the control plane sees only the last one, and at one instant there is no poll in
between: the first of them is never used. To show that refs coalesce, give each a time of its own.`,
		Bad: `# The second ref supersedes the first.
channels:
  - name: stable
    waves: [{hosts: 1, soak: 10m}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
  - {at: 0s, channel: stable, ref: b2}
`,
		Good: `# The second ref supersedes the first.
channels:
  - name: stable
    waves: [{hosts: 1, soak: 10m}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
  - {at: 5m, channel: stable, ref: b2}
`,
		scenario: unseenRef,
	},
	{
		Code: "RS107", Name: "idle-budget", Severity: Warning,
		Summary: "A budget allows as many hosts at once as it covers.",
		Why:     `It can never hold a host back, so that the scenario shows nothing about budgets.`,
		Bad: `# One host after the other.
channels:
  - name: stable
    waves: [{hosts: 3, soak: 10m}]
budgets:
  - {name: one, hosts: [stable-01], max_in_flight: 1}
timeline:
  - {at: 0s, channel: stable, ref: a1}
`,
		Good: `# One host after the other.
channels:
  - name: stable
    waves: [{hosts: 3, soak: 10m}]
budgets:
  - {name: one, hosts: ["stable-*"], max_in_flight: 1}
timeline:
  - {at: 0s, channel: stable, ref: a1}
`,
		scenario: idleBudget,
	},
	{
		Code: "RS108", Name: "contradictory-fates", Severity: Warning,
		Summary: "A host has a fate twice, or two fates of which only one can come.",
		Why: `A host that never answers does nothing else; one whose activation fails never probes. Give each of the fates a ref of its
own.`,
		Bad: `# A failing host fails the rollout.
channels:
  - name: stable
    waves: [{hosts: 2, soak: 10m}]
fates:
  - {host: stable-02, fate: fails-activation}
  - {host: stable-02, fate: fails-probes}
timeline:
  - {at: 0s, channel: stable, ref: a1}
  - {at: 1h, channel: stable, ref: b2}
`,
		Good: `# A failing host fails the rollout.
channels:
  - name: stable
    waves: [{hosts: 2, soak: 10m}]
fates:
  - {host: stable-02, ref: a1, fate: fails-activation}
  - {host: stable-02, ref: b2, fate: fails-probes}
timeline:
  - {at: 0s, channel: stable, ref: a1}
  - {at: 1h, channel: stable, ref: b2}
`,
		scenario: contradictoryFates,
	},
	{
		Code: "RS109", Name: "orphan-golden", Severity: Warning,
		Summary: "A golden has no scenario.",
		Why: `Nothing is ever checked against it. As a rule its scenario was renamed or deleted: rename the golden, or delete it. It is
looked for where all scenarios of a folder are looked at.`,
		Bad: `-- scenarios/one-host.yaml --
# One host converges.
channels:
  - name: stable
    waves: [{hosts: 1, soak: 10m}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
-- golden/one-host.golden --
…
-- golden/a-host.golden --
…
`,
		Good: `-- scenarios/one-host.yaml --
# One host converges.
channels:
  - name: stable
    waves: [{hosts: 1, soak: 10m}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
-- golden/one-host.golden --
…
`,
	},
}

var (
	wrongScenario = &scenarioRules[0]
	orphanGolden  = &scenarioRules[len(scenarioRules)-1]
)
