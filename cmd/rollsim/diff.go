package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"rollsim/logs/whatif"
	"rollsim/machine"
	"rollsim/machine/external"
	"rollsim/reducer"
	"rollsim/report"
	"rollsim/scenario"
)

func (env *environment) diffCommand() *cli.Command {
	return &cli.Command{
		Name:      "diff",
		Usage:     "compare the answers of two machines, or under two policies, to a recorded log",
		ArgsUsage: "INPUT…",
		Description: "Two sides answer the rollout events of the log. For each rollout with\n" +
			"different answers, rollsim shows the first such event and how much differs\n" +
			"after it. --machine twice sets the machines of the two sides; once, or not at\n" +
			"all, both have the same machine. --policy and --retention change the policy\n" +
			"of the second side only.\n" +
			"An INPUT is a log; several are one log, in order. Every file of a folder is a\n" +
			"log of its own.\n" +
			"The exit code is 1 if answers differ, and 2 if a log cannot be read. The\n" +
			"other logs of a folder are compared nevertheless.\n\n" +
			"Examples: rollsim diff event_log.ndjson.gz --machine v0.2 --machine rfc0008\n" +
			"          rollsim diff last-quarter/ --machine v0.2 --machine 'exec:./reducer-next'\n" +
			"          rollsim diff event_log.ndjson.gz --machine rfc0008 --policy edge=halt",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{
				Name: "machine",
				Usage: "fold the log through machine `M`, given up to twice: " +
					strings.Join(machine.Names(), ", ") + ", or " + external.Prefix +
					"CMD for one in another process",
				DefaultText: "the one that the log names, or " + forLogs(),
			},
			answerFlag(),
			&cli.StringSliceFlag{
				Name: "policy",
				Usage: "set the policy of a channel on the second side: `CHANNEL=POLICY`, where POLICY is " +
					"halt or rollback-and-halt",
			},
			&cli.StringSliceFlag{
				Name:  "retention",
				Usage: "set the retention of a channel on the second side: `CHANNEL=TIME`, such as edge=72h",
			},
			&cli.BoolFlag{Name: "all", Usage: "list every rollout instead of the first few of each kind"},
			jsonFlag("what-if.md"),
		},
		Action: env.diff,
	}
}

func (env *environment) diff(c *cli.Context) error {
	if c.NArg() == 0 {
		return usage(c, "expected a log or a folder of logs")
	}
	a, b, labels, err := env.diffSides(c)
	if err != nil {
		return err
	}
	inputs, err := env.logs(c.Args().Slice())
	if err != nil {
		return err
	}
	var compared []report.DiffLog
	diverged, unreadable := false, false
	unknown := maps.Clone(b.Policies)
	meter := env.newMeter()
	for _, files := range inputs {
		log := report.DiffLog{Files: files}
		log.Result, log.Unreadable = env.compare(files, a, b, meter)
		compared = append(compared, log)
		switch {
		case log.Unreadable == nil:
			diverged = diverged || len(log.Result.Diverged) > 0
			for _, id := range log.Result.Channels {
				delete(unknown, id)
			}
		case len(inputs) == 1, reducer.IsMachineFailure(log.Unreadable):
			return log.Unreadable
		default:
			unreadable = true
		}
	}
	if ids := slices.Sorted(maps.Keys(unknown)); len(ids) > 0 && !unreadable {
		return usage(c, "the log has no rollout of channel %s", ids[0])
	}
	if c.Bool("json") {
		err = report.DiffJSON(env.out.w, compared, labels)
	} else {
		err = report.Diff(env.out.w, compared, labels, c.Bool("all"))
	}
	switch {
	case err == nil && unreadable:
		err = errUnusable
	case err == nil && diverged:
		err = errDiffers
	}
	return err
}

// compare compares two sides on one log.
func (env *environment) compare(
	files []string, a, b whatif.Side, progress *meter,
) (*whatif.Result, error) {
	log, err := env.openLog(files, progress)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	result, err := whatif.Compare(log, a, b)
	if err != nil {
		return nil, located(files, err)
	}
	result.Notes = append(result.Notes, log.notes()...)
	if m, err := machine.ByName(result.B); err == nil && len(b.Policies) > 0 && !m.UsesPolicy() {
		result.Notes = append(result.Notes, noPolicyNote(m))
	}
	return result, nil
}

// noPolicyNote returns the note for a machine that ignores policies. It names one that does not.
func noPolicyNote(m *reducer.Table) string {
	note := m.Name() + " ignores policies"
	others := machine.Tables()
	if i := slices.IndexFunc(others, (*reducer.Table).UsesPolicy); i >= 0 {
		note += "; use --machine " + others[i].Name()
	}
	return note
}

// diffSides returns the two sides of the options, and their labels.
func (env *environment) diffSides(c *cli.Context) (
	a, b whatif.Side, labels report.DiffLabels, err error,
) {
	changes, texts, err := policyChanges(c)
	if err != nil {
		return a, b, labels, err
	}
	names := c.StringSlice("machine")
	switch {
	case len(names) > 2:
		return a, b, labels, usage(c, "--machine: expected at most two, got %d", len(names))
	case len(names) < 2 && len(changes) == 0:
		return a, b, labels, usage(c, "expected --machine twice, or --policy or --retention for the "+
			"second side")
	}
	labels = report.DiffLabels{A: "as recorded"}
	if len(names) > 0 {
		if a.Machine, err = env.openMachine(c, "--machine", names[0]); err != nil {
			return a, b, labels, err
		}
		b.Machine = a.Machine
		labels = report.DiffLabels{A: names[0], B: names[0]}
	}
	if len(names) > 1 {
		if b.Machine, err = env.openMachine(c, "--machine", names[1]); err != nil {
			return a, b, labels, err
		}
		labels.B = names[1]
	}
	if b.Policies = changes; len(changes) > 0 {
		labels.B = strings.TrimSpace(labels.B + " with " + strings.Join(texts, " "))
	}
	return a, b, labels, nil
}

// policyChanges returns the changes of --policy and --retention, and their texts.
func policyChanges(c *cli.Context) (
	changes map[reducer.ChannelID]whatif.Change, texts []string, err error,
) {
	changes = make(map[reducer.ChannelID]whatif.Change)
	for _, option := range []string{"policy", "retention"} {
		for _, s := range c.StringSlice(option) {
			name, value, ok := strings.Cut(s, "=")
			if !ok || name == "" {
				return nil, nil, usage(c, "--%s %s: expected CHANNEL=VALUE", option, s)
			}
			change := changes[reducer.ChannelID(name)]
			if err := setChange(&change, option, value); err != nil {
				return nil, nil, usage(c, "--%s %s: %v", option, s, err)
			}
			changes[reducer.ChannelID(name)] = change
			texts = append(texts, s)
		}
	}
	return changes, texts, nil
}

func setChange(change *whatif.Change, option, value string) error {
	if option == "policy" {
		p, ok := reducer.ParseHealthPolicy(value)
		if !ok || change.OnHealthFailure != 0 {
			return fmt.Errorf("expected halt or rollback-and-halt, once a channel")
		}
		change.OnHealthFailure = p
		return nil
	}
	d, err := scenario.ParseDuration(value)
	switch {
	case err != nil:
		return err
	case d%time.Second != 0:
		return fmt.Errorf("expected a whole number of seconds")
	case change.RetentionSeconds.Set:
		return fmt.Errorf("expected one retention a channel")
	}
	change.RetentionSeconds = reducer.Some(int64(d / time.Second))
	return nil
}
