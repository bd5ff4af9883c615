package lint

// scenarioRules are the rules of scenarios. The first one is about files that cannot be loaded.
var scenarioRules = []Rule{
	{
		Code: "RS101", Name: "wrong-scenario", Severity: Error,
		Summary: "The scenario cannot be loaded.",
		Why: `Scenario files are checked strictly. Errors are unknown or missing fields, values of the
wrong type, hosts, channels, refs or rollouts that the scenario does not have, and times after the
horizon. docs/scenarios.md and the schema describe every field.`,
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
		Summary: "A scenario does not begin with a comment.",
		Why: `The comment says what the scenario shows. Without it a reviewer cannot decide whether a
change of the golden is right.`,
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
		Why: `"rollsim check" compares the trace of the scenario with the golden and fails without one.
Record it with "rollsim check --update FILE", and read it before you commit it. The golden of
scenarios/NAME.yaml is golden/NAME.golden. The golden of any other NAME.yaml is NAME.golden in the
same folder.`,
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
		Why: `Nothing happens on such a channel. Usually a line of the timeline is missing, or names
another channel.`,
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
		Summary: "The timeline moves a channel to the ref that it already has.",
		Why:     `Without a change of the ref no rollout opens, so the line has no effect.`,
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
		Why: `The control plane sees only the last of several refs that are set between two polls. No
poll is possible between two moves at the same instant, so the first ref is never used. To show
that refs coalesce, give each move its own time.`,
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
		Why:     `Such a budget never delays a host, so the scenario shows nothing about budgets.`,
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
		Summary: "A host has the same fate twice, or two fates that exclude each other.",
		Why: `A host that never answers does nothing else, and a host whose activation fails never runs
its probes. Give each fate its own ref.`,
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
		Why: `Nothing is compared with such a golden. Usually its scenario was renamed or deleted:
rename or delete the golden, too. The rule needs all scenarios of a folder to be checked together.`,
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
	{
		Code: "RS110", Name: "no-effect", Severity: Warning,
		Summary: "A field has no effect under the control plane of the scenario.",
		Why: `The control planes read different fields. Only the shipped one reads phases, manifests and
when they were signed. It does not read the poll interval and the retention of a channel, budgets
with a percentage, and the quarantine. Remove the field, or choose the other control plane.`,
		Bad: `# One host converges.
control_plane: shipped
channels:
  - name: stable
    poll_interval: 5m
    waves: [{hosts: 1, soak: 10m}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
`,
		Good: `# One host converges.
control_plane: shipped
phases: {poll: 5s}
channels:
  - name: stable
    waves: [{hosts: 1, soak: 10m}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
`,
		scenario: noEffect,
	},
	{
		Code: "RS111", Name: "idle-deviation", Severity: Warning,
		Summary: "An entry of deviations allows nothing that another entry does not allow.",
		Why: `One entry that allows a deviation is enough, so such an entry limits nothing: neither to
its hosts, nor to how many happen at once. Remove it, or the wider entry.`,
		Bad: `# A crash delays the rollout.
channels:
  - name: stable
    waves: [{hosts: 1, soak: 10m}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
deviations:
  - {kinds: [all]}
  - {kinds: [control-plane-crash], at_most: 1}
`,
		Good: `# A crash delays the rollout.
channels:
  - name: stable
    waves: [{hosts: 1, soak: 10m}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
deviations:
  - {kinds: [messages]}
  - {kinds: [control-plane-crash], at_most: 1}
`,
		scenario: idleDeviation,
	},
}

var (
	wrongScenario = &scenarioRules[0]
	orphanGolden  = &scenarioRules[8]
)
