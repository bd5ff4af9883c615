package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"rollsim/internal/shell"
	"rollsim/internal/visible"
	"rollsim/logs/incident"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/suite/check"
	"rollsim/trace"
)

func (env *environment) importCommand() *cli.Command {
	return &cli.Command{
		Name:      "import",
		Usage:     "make a scenario and its golden from one rollout of a log",
		ArgsUsage: "INPUT…",
		Description: "The scenario has the events of the rollout as raw events at their exact\n" +
			"times, and those of the rollouts that its supersession needs: the rollouts\n" +
			"that stood when it was opened, and its successor. The golden is where rollsim\n" +
			"check looks for it.\n" +
			"Several INPUTs are one log, in order.\n\n" +
			"Example: rollsim import event_log.ndjson.gz --rollout stable@a1b2c3d -o scenarios/failed.yaml",
		Flags: []cli.Flag{
			&cli.StringFlag{
				Name:  "rollout",
				Usage: "import rollout `ID`; the first seven digits of its ref are enough",
			},
			&cli.StringFlag{
				Name:    "output",
				Aliases: []string{"o"},
				Usage:   "write the scenario to `FILE`, which ends in .yaml",
			},
			&cli.StringFlag{
				Name:        "machine",
				Usage:       "use machine `M` in the scenario: " + strings.Join(machine.Names(), " or "),
				DefaultText: "the one that the log names, or " + forLogs(),
			},
			&cli.StringFlag{
				Name:        "policy",
				Usage:       "use policy `P` for the channel: halt or rollback-and-halt",
				DefaultText: "that of the log, or halt if the log does not have it",
			},
			forceFlag("the scenario and the golden"),
		},
		Action: env.importRollout,
	}
}

func (env *environment) importRollout(c *cli.Context) error {
	names, err := env.oneLog(c)
	if err != nil {
		return err
	}
	id := reducer.RolloutID(c.String("rollout"))
	output, err := env.output(c, names...)
	if err != nil {
		return err
	}
	if id == "" {
		return env.missingRollout(c, names)
	}
	if !strings.HasSuffix(output, ".yaml") {
		return usage(c, "expected -o FILE.yaml: the name of the scenario")
	}
	opt, err := importOptions(c)
	if err != nil {
		return err
	}
	golden := filepath.FromSlash(check.GoldenPath(filepath.ToSlash(output)))
	if !c.Bool("force") {
		if err := expectNone(output, golden); err != nil {
			return err
		}
	}
	log, err := env.openLog(names, env.newMeter())
	if err != nil {
		return err
	}
	defer log.Close()
	history, err := incident.Read(log, id, opt)
	if err != nil {
		return located(names, err)
	}
	history.Notes = append(history.Notes, log.notes()...)
	test, err := history.Test(filepath.ToSlash(output), origin(names))
	if err != nil {
		return err
	}
	err = env.writeNew(bytesFile(golden, test.Golden), bytesFile(output, test.Scenario))
	if err != nil {
		return err
	}
	env.out.printf("%s: %s; machine %s, policy %v; golden %s\n", output, history.Extent(),
		history.Machine, history.Policy.OnHealthFailure, golden)
	for _, note := range test.Notes {
		env.out.printf("note: %s\n", note)
	}
	env.out.printf("next: rollsim check %s\n", shell.Join(output))
	return nil
}

// importOptions returns --machine and --policy.
func importOptions(c *cli.Context) (incident.Options, error) {
	opt := incident.Options{Machine: c.String("machine")}
	if c.IsSet("machine") {
		if _, err := machine.ByName(opt.Machine); err != nil {
			return opt, usage(c, "--machine: %v", err)
		}
	}
	if c.IsSet("policy") {
		var ok bool
		if opt.Policy, ok = reducer.ParseHealthPolicy(c.String("policy")); !ok {
			return opt, usage(c, "--policy %s: expected halt or rollback-and-halt", c.String("policy"))
		}
	}
	return opt, nil
}

// missingRollout returns the usage error of a command without --rollout, which lists the rollouts
// of the log.
func (env *environment) missingRollout(c *cli.Context, names []string) error {
	log, err := env.openLog(names, env.newMeter())
	if err != nil {
		return err
	}
	defer log.Close()
	all, err := incident.Opened(log)
	if err != nil {
		return located(names, err)
	}
	if len(all) == 0 {
		return located(names, errors.New("the log opens no rollout"))
	}
	const most = 20
	var b strings.Builder
	if more := len(all) - most; more > 0 {
		fmt.Fprintf(&b, "\n  … and %d before these", more)
		all = all[more:]
	}
	for _, r := range all {
		fmt.Fprintf(&b, "\n  %-20s  %s", trace.AppendTime(nil, r.OpenedAt), visible.Name(r.RolloutID))
	}
	return usage(c, "expected --rollout ID: which rollout to import. The log has%s", b.String())
}
