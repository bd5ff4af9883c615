package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"rollsim/machine"
	"rollsim/machine/external"
	"rollsim/reducer"
)

// machineFlag is the name of a machine. A command that has it also has answerFlag.
func machineFlag(usageText, defaultText string) cli.Flag {
	return &cli.StringFlag{
		Name: "machine",
		Usage: usageText + ": " + strings.Join(machine.Names(), ", ") + ", or " + external.Prefix +
			"CMD for one in another process",
		DefaultText: defaultText,
	}
}

// sweepMachineFlag is --machine of sweeps, which know machines with planted defects, too.
func sweepMachineFlag(other string) cli.Flag {
	return &cli.StringFlag{
		Name: "machine",
		Usage: "use machine `M`: " + strings.Join(machine.SweepNames(), ", ") + ", or " +
			external.Prefix + "CMD for one in another process",
		DefaultText: machine.Default().Name() + ", or " + other,
	}
}

// forLogs returns the default machine for a log without a header, for help texts.
func forLogs() string { return machine.Shipped().Name() + " for a log of a control plane" }

// answerFlag is the deadline for an answer of a machine in another process.
func answerFlag() cli.Flag {
	return &cli.DurationFlag{
		Name:  "answer-within",
		Value: external.DefaultLimit,
		Usage: "wait at most `TIME` for each answer of an " + external.Prefix + " machine",
	}
}

// chosenMachine returns the machine of --machine, or fallback.
func (env *environment) chosenMachine(c *cli.Context, fallback string) (reducer.Machine, error) {
	name := fallback
	if c.IsSet("machine") {
		name = c.String("machine")
	}
	return env.openMachine(c, "--machine", name)
}

// openMachine returns the machine that an option names. One in another process runs until
// closeMachines.
func (env *environment) openMachine(
	c *cli.Context, option, name string,
) (reducer.Machine, error) {
	limit := c.Duration("answer-within")
	if limit <= 0 {
		return nil, usage(c, "--answer-within %v: expected a time above 0", limit)
	}
	m, err := machine.Open(name, limit)
	if planted, known := machine.ForSweep(name); err != nil && known == nil {
		return planted.Table, nil // it is chosen by name, to repeat what a sweep has found
	}
	if err != nil {
		return nil, usage(c, "%s: %v", option, err)
	}
	if outside, ok := m.(*external.Machine); ok {
		env.machines = append(env.machines, outside)
	}
	return m, nil
}

// closeMachines ends the machines in other processes. It returns the first failure to answer: then
// the results of the command are not reliable.
func (env *environment) closeMachines() error {
	var failure error
	for _, m := range env.machines {
		err := m.Failure()
		if closing := m.Close(); err == nil {
			err = closing
		}
		if failure == nil {
			failure = err
		}
	}
	return failure
}
