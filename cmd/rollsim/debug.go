package main

import (
	"io"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"

	"rollsim/internal/shell"
	"rollsim/logs/replay"
	"rollsim/logs/show"
	"rollsim/reducer"
	"rollsim/report"
	"rollsim/report/debugger"
	"rollsim/sim"
	"rollsim/trace"
)

func (env *environment) debugCommand() *cli.Command {
	return &cli.Command{
		Name:      "debug",
		Usage:     "step through a run or a log on the terminal, forwards and backwards",
		ArgsUsage: "INPUT…",
		Description: "INPUT is a scenario, one scenario of a feature file or a log, as rollsim view\n" +
			"reads it. The arrow keys step by entry and by instant, both ways; n goes to\n" +
			"the next finding, / searches, b sets a break, w asks why a host waits, s\n" +
			"shows the state of the run itself, and ? shows all keys. It needs a terminal\n" +
			"of at least 60 by 16 characters.\n\n" +
			"Examples: rollsim debug failure-under-rfc0008\n" +
			"          rollsim debug features/waves/life.feature:29\n" +
			"          rollsim debug state.db --seq 57",
		Flags: []cli.Flag{
			&cli.Uint64Flag{
				Name: "seq", Usage: "begin at entry `SEQ`", DefaultText: "the first one",
			},
			&cli.StringFlag{
				Name:  "name",
				Usage: "show the scenario of a feature whose name contains `TEXT`",
			},
			&cli.Uint64Flag{
				Name: "seed", Usage: "simulate with seed `N`", DefaultText: "that of the scenario",
			},
			machineFlag("use machine `M`", "the one that the input names, or "+forLogs()),
			answerFlag(),
			policyFlag(),
			zoneFlag(),
		},
		Action: env.debug,
	}
}

func (env *environment) debug(c *cli.Context) error {
	if c.NArg() == 0 {
		return usage(c, "expected a scenario, a feature or a log")
	}
	args := shell.Join(c.Args().Slice()...)
	if !env.out.terminal {
		return usage(c, "standard output is not a terminal: rollsim view %s -o page.html makes a page",
			args)
	}
	z, err := zone(c)
	if err != nil {
		return err
	}
	shown, err := env.viewed(c)
	if err != nil {
		return err
	}
	if shown.name == "" {
		shown.name = args
	}
	ctx, stop := interruptible()
	defer stop()
	return debugger.Run(ctx, shown.index, debugger.Options{
		Name: shown.name, Seq: c.Uint64("seq"), Zone: z,
		Command: "rollsim debug " + shell.Join(append(c.Args().Slice(), viewOptions(c)...)...),
		Why:     whyOf(shown, z),
		State:   stateOf(shown),
	})
}

// stateOf returns a function that simulates the input again up to an entry; nil for a log.
func stateOf(v *viewed) func(seq uint64) (*sim.State, error) {
	if v.repeats == nil {
		return nil
	}
	repeat := sync.OnceValues(v.repeats)
	return func(seq uint64) (*sim.State, error) {
		in, err := repeat()
		if err != nil {
			return nil, err
		}
		return in.State(seq)
	}
}

// whyOf returns a function that explains by the entries of a trace why a host or a rollout waits.
func whyOf(v *viewed, z show.Zone) func(debugger.Question) (string, error) {
	return func(q debugger.Question) (string, error) {
		in, out := io.Pipe()
		go func() { out.CloseWithError(v.index.WriteNDJSON(out)) }()
		defer func() { _ = in.Close() }() // ends the goroutine
		r, err := trace.NewReader(v.name, in)
		if err != nil {
			return "", err
		}
		answer, err := replay.Why(r, replay.Question{
			Host: q.Host, Rollout: q.Rollout, At: reducer.Some(q.At),
			Options: replay.Options{
				Machine: v.options.Machine, Policies: v.options.Policies, Clock: z.After,
			},
		})
		if err != nil {
			return "", err
		}
		var text strings.Builder
		err = report.Why(&text, answer, report.WhyView{Zone: z, Width: q.Width})
		return text.String(), err
	}
}
