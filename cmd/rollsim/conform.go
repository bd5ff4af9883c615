package main

import (
	"github.com/urfave/cli/v2"

	"rollsim/internal/plural"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/suite/conform"
)

func (env *environment) conformCommand() *cli.Command {
	return &cli.Command{
		Name:      "conform",
		Usage:     "compare a machine with conformance vectors, recorded from an implementation",
		ArgsUsage: "FILE…",
		Description: "A FILE has one vector per line, in JSON: a cell (record, event, now, want) or\n" +
			"a walk (start, steps). It may be compressed by gzip; - is standard input. The\n" +
			"exit code is 1 if a vector does not match; the first one is shown.\n\n" +
			"Example: rollsim conform --machine v0.2 cells.ndjson.gz walks.ndjson.gz",
		Flags:  []cli.Flag{machineFlag("answer by machine `M`", machine.Default().Name()), answerFlag()},
		Action: env.conform,
	}
}

func (env *environment) conform(c *cli.Context) error {
	if c.NArg() == 0 {
		return usage(c, "expected a file of vectors")
	}
	m, err := env.chosenMachine(c, machine.Default().Name())
	if err != nil {
		return err
	}
	differs := false
	for _, name := range c.Args().Slice() {
		result, err := env.conformFile(name, m)
		if err != nil {
			return err
		}
		env.out.printf("%s: %s, %s, %s: %d passed, %d failed under %s\n", name,
			plural.Count(result.Cells, "cell"), plural.Count(result.Walks, "walk"),
			plural.Count(result.Steps, "step"), result.Cells+result.Walks-result.Failed, result.Failed,
			m.Name())
		if result.First != nil && !differs {
			env.out.printf("%s", result.First)
			differs = true
		}
	}
	if differs {
		return errDiffers
	}
	return nil
}

func (env *environment) conformFile(name string, m reducer.Machine) (conform.Result, error) {
	in, err := env.open(name)
	if err != nil {
		return conform.Result{}, err
	}
	defer in.Close()
	return conform.Run(in, name, m)
}
