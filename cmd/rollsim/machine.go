package main

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/urfave/cli/v2"

	"rollsim/internal/plural"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/report"
)

func (env *environment) machineCommand() *cli.Command {
	return &cli.Command{
		Name:      "machine",
		Usage:     "print the transition table of a machine, or the differences of two machines",
		ArgsUsage: "[NAME [NAME]]",
		Description: "The machines are " + strings.Join(machine.Names(), ", ") +
			"; the first is the default.\n\n" +
			"Examples: rollsim machine v0.2 --format markdown\n" +
			"          rollsim machine --diff v0.2 rfc0008",
		Flags: []cli.Flag{
			formatFlag("table", report.MachineFormats()),
			&cli.BoolFlag{Name: "diff", Usage: "show the cells in which two machines differ, and why"},
		},
		Action: env.machine,
	}
}

func (env *environment) machine(c *cli.Context) error {
	names := c.Args().Slice()
	wanted := 1
	if c.Bool("diff") {
		wanted = 2
	} else if len(names) == 0 {
		names = []string{machine.Default().Name()}
	}
	if len(names) != wanted {
		return usage(c, "expected %s, got %d", plural.Count(wanted, "machine name"), len(names))
	}
	machines := make([]*reducer.Table, len(names))
	for i, name := range names {
		m, err := machine.ByName(name)
		if err != nil {
			return usage(c, "%v", err)
		}
		machines[i] = m
	}
	format := c.String("format")
	if c.Bool("diff") {
		return formatMistake(c, report.MachineDiff(env.out.w, machines[0], machines[1], format))
	}
	return formatMistake(c, report.Machine(env.out.w, machines[0], format))
}

// formatMistake returns the error of a report, as a usage error unless a file cannot be written.
func formatMistake(c *cli.Context, err error) error {
	if err == nil || errors.As(err, new(*fs.PathError)) {
		return err
	}
	return usage(c, "%v", err)
}
