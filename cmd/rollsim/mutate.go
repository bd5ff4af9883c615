package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"rollsim/internal/nearest"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/report"
	"rollsim/suite/mutate"
)

func (env *environment) mutateCommand() *cli.Command {
	return &cli.Command{
		Name:      "mutate",
		Usage:     "change every cell of the transition tables, and report changes that no test detects",
		ArgsUsage: "[PATH…]",
		Description: "A PATH is a feature (.feature), a scenario (.yaml) or a folder of them, as\n" +
			"for rollsim check. Each part of each cell is changed to every other outcome:\n" +
			"another state, accepted, refused, with one effect less or one more. For each\n" +
			"change, rollsim runs the features and then the scenarios that reach the cell,\n" +
			"until one fails. A change survives if none fails; rollsim shows a scenario\n" +
			"that would fail. The exit code is 1 if a change survives.\n\n" +
			"Examples: rollsim mutate\n" +
			"          rollsim mutate features\n" +
			"          rollsim mutate --machine rfc0008 --cell Failed×OperatorClearance",
		Flags: []cli.Flag{
			&cli.StringFlag{
				Name:        "machine",
				DefaultText: "all",
				Usage:       "change only machine `M`: " + strings.Join(machine.Names(), ", "),
			},
			&cli.StringFlag{
				Name:  "cell",
				Usage: "change only the cell `STATE×EVENT`, such as Failed×OperatorClearance; + may replace ×",
			},
			jobsFlag("mutants"),
			jsonFlag("coverage.md"),
		},
		Action: env.mutate,
	}
}

func (env *environment) mutate(c *cli.Context) error {
	var opt mutate.Options
	var err error
	if opt.Jobs, err = jobs(c); err != nil {
		return err
	}
	opt.Machines = machine.Tables()
	if c.IsSet("machine") {
		table, err := machine.ByName(c.String("machine"))
		if err != nil {
			return usage(c, "--machine: %v", err)
		}
		opt.Machines = []*reducer.Table{table}
	}
	if s := c.String("cell"); s != "" {
		if opt.State, opt.Event, err = parseCell(s); err != nil {
			return usage(c, "--cell %s: %v", s, err)
		}
	}
	cases, err := env.findCases(c.Args().Slice())
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	meter := env.newMeter()
	opt.Each = func(done, of int) {
		meter.line(func(time.Duration) string { return fmt.Sprintf("%d of %d mutants", done, of) })
	}
	result, err := mutate.Run(ctx, cases, opt)
	meter.clear()
	var failing *mutate.FailingError
	switch {
	case errors.As(err, &failing):
		env.err.printf("rollsim: %v\n", err)
		return errDiffers
	case ctx.Err() != nil:
		return errInterrupted
	case err != nil:
		return err
	}
	write := report.Mutants
	if c.Bool("json") {
		write = report.MutantsJSON
	}
	if err := write(env.out.w, result); err != nil {
		return err
	}
	env.err.printf("took %v\n", time.Since(meter.began).Round(time.Millisecond))
	if len(result.Survivors()) > 0 {
		return errDiffers
	}
	return nil
}

// parseCell parses a state and an event, separated by × or +.
func parseCell(s string) (reducer.State, reducer.EventKind, error) {
	for _, sign := range []string{"×", "+"} {
		state, event, ok := strings.Cut(s, sign)
		if !ok {
			continue
		}
		from, isState := reducer.ParseState(strings.TrimSpace(state))
		if !isState {
			return 0, 0, errors.New("unknown state" +
				nearest.Hint(strings.TrimSpace(state), namesOf(reducer.States())))
		}
		kind, isEvent := reducer.ParseEventKind(strings.TrimSpace(event))
		if !isEvent {
			return 0, 0, errors.New("unknown event" +
				nearest.Hint(strings.TrimSpace(event), namesOf(reducer.EventKinds())))
		}
		return from, kind, nil
	}
	return 0, 0, errors.New("expected a state and an event, such as Failed×OperatorClearance")
}

func namesOf[T interface{ String() string }](all []T) []string {
	var names []string
	for _, v := range all {
		names = append(names, v.String())
	}
	return names
}
