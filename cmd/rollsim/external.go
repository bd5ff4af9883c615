package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"rollsim/machine"
	"rollsim/machine/external"
	"rollsim/reducer"
)

func machineFlag(usageText, defaultText string) cli.Flag {
	return &cli.StringFlag{
		Name: "machine",
		Usage: usageText + ": " + strings.Join(
			machine.Names(), ", ",
		) + ", or " + external.Prefix + "CMD for one in another process",
		DefaultText: defaultText,
	}
}

// forLogs says in help texts which machine folds a log that names none.
func forLogs() string { return machine.Shipped().Name() + " for a log of a control plane" }

// answerFlag goes with every machineFlag.
func answerFlag() cli.Flag {
	return &cli.DurationFlag{
		Name: "answer-within", Value: external.DefaultLimit,
		Usage: "give an " + external.Prefix + " machine at most `TIME` for each answer",
	}
}

// chosenMachine gives the machine of --machine, or the one to fall back on.
func (env *environment) chosenMachine(c *cli.Context, fallback string) (reducer.Machine, error) {
	name := fallback
	if c.IsSet("machine") {
		name = c.String("machine")
	}
	return env.openMachine(c, name)
}

// openMachine finds a machine by its name. One in another process lives until the command is over.
func (env *environment) openMachine(c *cli.Context, name string) (reducer.Machine, error) {
	limit := c.Duration("answer-within")
	if limit <= 0 {
		return nil, usage(c, "--answer-within %v: expected a time above 0", limit)
	}
	m, err := machine.Open(name, limit)
	if err != nil {
		return nil, usage(c, "--machine: %v", err)
	}
	if outside, ok := m.(*external.Machine); ok {
		env.machines = append(env.machines, outside)
	}
	return m, nil
}

// closeMachines ends the machines in other processes. The error is what kept one of them from
// answering: then nothing that the command found out can be relied on.
func (env *environment) closeMachines() error {
	var failure error
	for _, m := range env.machines {
		if err := m.Failure(); err != nil && failure == nil {
			failure = err
		}
		_ = m.Close() // never fails
	}
	return failure
}
