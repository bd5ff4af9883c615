package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"rollsim/internal/shell"
	"rollsim/logs/incident"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/suite/check"
	"rollsim/trace"
)

func (env *environment) importCommand() *cli.Command {
	return &cli.Command{
		Name:      "import",
		Usage:     "make a scenario and its golden of what a log says of one rollout",
		ArgsUsage: "INPUT…",
		Description: "The scenario has the rollout's events as raw events, at their exact times, and " +
			"what else its supersession needs: the\n" +
			"rollouts that stood when it was opened, and the one that supersedes it. The golden is " +
			"written where rollsim check looks\n" +
			"for it. Several INPUTs are one log, in order.\n\n" +
			"Example: rollsim import event_log.ndjson.gz --rollout stable@a1b2c3 -o " +
			"scenarios/stable-failed-in-may.yaml",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "rollout", Usage: "import rollout `ID`; the first seven digits of its " +
				"ref are enough"},
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write the scenario to " +
				"`FILE`, which ends in .yaml"},
			&cli.StringFlag{
				Name: "machine", Usage: "have the scenario decide by machine `M`: " + strings.Join(machine.Names(), " or "),
				DefaultText: "the one that the log names, or " + forLogs(),
			},
			&cli.StringFlag{
				Name: "policy", Usage: "the channel's policy is `P`: halt or rollback-and-halt",
				DefaultText: "what the log tells, else halt",
			},
			&cli.BoolFlag{Name: "force", Usage: "replace the scenario and the golden where there are any"},
		},
		Action: env.importRollout,
	}
}

func (env *environment) importRollout(c *cli.Context) error {
	if c.NArg() == 0 {
		return usage(c, "expected a log")
	}
	id, names := reducer.RolloutID(c.String("rollout")), c.Args().Slice()
	output, err := env.output(c, names...)
	if err != nil {
		return err
	}
	if id == "" {
		return env.whichRollout(c, names)
	}
	if !strings.HasSuffix(output, ".yaml") {
		return usage(c, "expected -o FILE.yaml: where to write the scenario")
	}
	opt := incident.Options{Machine: c.String("machine")}
	if c.IsSet("machine") {
		if _, err := machine.ByName(opt.Machine); err != nil {
			return usage(c, "--machine: %v; a scenario names one of these", err)
		}
	}
	if c.IsSet("policy") {
		var ok bool
		if opt.Policy, ok = reducer.ParseHealthPolicy(c.String("policy")); !ok {
			return usage(c, "--policy %s: expected halt or rollback-and-halt", c.String("policy"))
		}
	}
	golden := filepath.FromSlash(check.GoldenPath(filepath.ToSlash(output)))
	if !c.Bool("force") {
		for _, name := range []string{output, golden} {
			if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("%s is there already; --force replaces it", name)
			}
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
	for _, f := range []struct {
		name string
		data []byte
	}{{golden, test.Golden}, {output, test.Scenario}} {
		if err := os.MkdirAll(filepath.Dir(f.name), 0o755); err != nil {
			return err
		}
		if err := env.writeFile(f.name, func(w io.Writer) error { _, err := w.Write(f.data); return err }); err != nil {
			return err
		}
	}
	env.out.printf(
		"%s: %s; machine %s, policy %v; golden %s\n", output, history.Extent(), history.Machine,
		history.Policy.OnHealthFailure, golden,
	)
	for _, note := range test.Notes {
		env.out.printf("note: %s\n", note)
	}
	env.out.printf("next: rollsim check %s\n", shell.Join(output))
	return nil
}

// whichRollout makes a usage error that lists the rollouts which there are to import.
func (env *environment) whichRollout(c *cli.Context, names []string) error {
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
	// how each went replay tells, under the machine and policies that are asked for
	for _, r := range all {
		fmt.Fprintf(&b, "\n  %-20s  %s", trace.AppendTime(nil, r.OpenedAt), r.RolloutID)
	}
	return usage(c, "expected --rollout ID: which rollout to import. The log has%s", b.String())
}
