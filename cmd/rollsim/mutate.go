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
		Name: "mutate",
		Usage: "change every cell of the transition tables in turn, and tell which changes no " +
			"feature or scenario notices",
		ArgsUsage: "[PATH…]",
		Description: "A PATH is a feature (.feature), a scenario (.yaml) or a folder of them, as for " +
			"rollsim check. Each part of each cell is\n" +
			"changed to every other outcome: another state, accepted, refused, an effect too few or too " +
			"many. Of the features, and\n" +
			"then of the scenarios, those that come to the cell are run until one fails. A change that " +
			"none notices survives; what\n" +
			"would notice it is shown. The exit code is 1 when one survives.\n\n" +
			"Examples: rollsim mutate\n" +
			"          rollsim mutate features\n" +
			"          rollsim mutate --machine rfc0008 --cell Failed×OperatorClearance",
		Flags: []cli.Flag{
			&cli.StringFlag{
				Name: "machine", Usage: "change only machine `M`: " + strings.Join(machine.Names(), ", "), DefaultText: "all",
			},
			&cli.StringFlag{Name: "cell", Usage: "change only one cell, `STATE×EVENT`, such as " +
				"Failed×OperatorClearance; + is as good as ×"},
			jobsFlag(),
			&cli.BoolFlag{Name: "json", Usage: "print one JSON document, as docs/coverage.md describes it"},
		},
		Action: env.mutate,
	}
}

func (env *environment) mutate(c *cli.Context) error {
	opt := mutate.Options{Jobs: c.Int("jobs")}
	var err error
	if opt.Machines, err = chosenTables(c); err != nil {
		return err
	}
	if s := c.String("cell"); s != "" {
		if opt.State, opt.Event, err = parseCell(s); err != nil {
			return usage(c, "--cell %s: %v", s, err)
		}
	}
	cases, err := findCases(c, c.Args().Slice())
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

// parseCell reads a state and an event with a sign between them.
func parseCell(s string) (reducer.State, reducer.EventKind, error) {
	for _, sign := range []string{"×", "+"} {
		state, event, ok := strings.Cut(s, sign)
		if !ok {
			continue
		}
		from, isState := reducer.ParseState(strings.TrimSpace(state))
		if !isState {
			return 0, 0, errors.New("there is no such " +
				"state" + nearest.Hint(strings.TrimSpace(state), namesOf(reducer.States())))
		}
		kind, isEvent := reducer.ParseEventKind(strings.TrimSpace(event))
		if !isEvent {
			return 0, 0, errors.New("there is no such " +
				"event" + nearest.Hint(strings.TrimSpace(event), namesOf(reducer.EventKinds())))
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
