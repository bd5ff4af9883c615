package main

import (
	"io"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"rollsim/replay"
	"rollsim/report"
	"rollsim/trace/input"
)

func (env *environment) replayCommand() *cli.Command {
	return &cli.Command{
		Name:      "replay",
		Usage:     "fold a recorded trace through a machine, and show where its effects differ from the recorded ones",
		ArgsUsage: "TRACE…",
		Description: "A TRACE is what rollsim run writes, or a control plane's log: NDJSON, the answer of /v1/rollouts/{id}/events, or its\n" +
			"state.db, which is only read; plain, in gzip or in zstd; - is standard input. Several are one log, in order.\n" +
			"The exit code is 1 when something differs, or when the trace was changed after it was written.\n\n" +
			"Example: rollsim replay event_log.ndjson.gz --machine rfc0008",
		Flags: []cli.Flag{
			machineFlag("replay through machine `M`", "the one that the trace names, or v0.2 for a log of a control plane"),
			answerFlag(),
			&cli.BoolFlag{Name: "all", Usage: "show every difference instead of the first"},
			&cli.Uint64Flag{Name: "until", Usage: "look only at what is found up to entry `SEQ`", DefaultText: "the end"},
			&cli.StringFlag{Name: "rollout", Usage: "look only at what is found of rollout `ID`", DefaultText: "all"},
		},
		Action: env.replay,
	}
}

func (env *environment) replay(c *cli.Context) error {
	if c.NArg() == 0 {
		return usage(c, "expected a trace")
	}
	var opt replay.Options
	if c.IsSet("machine") {
		m, err := env.chosenMachine(c, "")
		if err != nil {
			return err
		}
		opt.Machine = m
	}
	reader, err := input.Open(env.stdin, c.Args().Slice()...)
	if err != nil {
		return err
	}
	defer reader.Close()
	result, err := replay.Run(reader, opt)
	if err != nil {
		return err
	}
	result.Findings = slices.DeleteFunc(result.Findings, func(f replay.Finding) bool {
		return c.IsSet("until") && f.Seq > c.Uint64("until") || c.IsSet("rollout") && string(f.Rollout) != c.String("rollout")
	})
	report.Replay(env.out.w, strings.Join(c.Args().Slice(), " "), &result, c.Bool("all"))
	if len(result.Findings) > 0 {
		return errDiffers
	}
	return nil
}

// open opens an input file; - is standard input.
func (env *environment) open(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(env.stdin), nil
	}
	return os.Open(name)
}
