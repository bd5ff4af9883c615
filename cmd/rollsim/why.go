package main

import (
	"github.com/urfave/cli/v2"

	"rollsim/logs/replay"
	"rollsim/reducer"
	"rollsim/report"
	"rollsim/trace/input"
)

func (env *environment) whyCommand() *cli.Command {
	return &cli.Command{
		Name:      "why",
		Usage:     "explain by a log why a host is not, or not yet, on the ref of its channel",
		ArgsUsage: "INPUT…",
		Description: "INPUT is a log as rollsim replay reads it. The answer says what the host\n" +
			"waits for and since when, the last decision of a gate about it, and what that\n" +
			"waits for in turn.\n\n" +
			"Examples: rollsim why state.db --host web-07\n" +
			"          rollsim why event_log.ndjson.gz --host web-07 --at 2026-05-16T03:00",
		Flags: []cli.Flag{
			&cli.StringFlag{
				Name:        "host",
				Usage:       "explain host `H`",
				DefaultText: "the first one of --rollout that waits, or the rollout itself",
			},
			&cli.StringFlag{
				Name:        "rollout",
				Usage:       "explain rollout `ID`; the first seven digits of its ref are enough",
				DefaultText: "the last one that the host joined",
			},
			&cli.StringFlag{
				Name:        "at",
				Usage:       "explain the state at `T`: 2026-05-16, 2026-05-16T03:00:00Z",
				DefaultText: "the end of the log",
			},
			machineFlag("fold the log through machine `M`", "the one that the trace names, or "+forLogs()),
			answerFlag(),
			policyFlag(),
		},
		Action: env.why,
	}
}

func (env *environment) why(c *cli.Context) error {
	if c.NArg() == 0 {
		return usage(c, "expected a log")
	}
	q := replay.Question{
		Host:    reducer.HostID(c.String("host")),
		Rollout: reducer.RolloutID(c.String("rollout")),
	}
	if q.Host == "" && q.Rollout == "" {
		return usage(c, "expected --host, --rollout or both")
	}
	if text := c.String("at"); text != "" {
		at, err := parseMoment(text)
		if err != nil {
			return usage(c, "--at %s: %v", text, err)
		}
		q.At = reducer.Some(at)
	}
	if c.IsSet("machine") {
		m, err := env.chosenMachine(c, "")
		if err != nil {
			return err
		}
		q.Options.Machine = m
	}
	var err error
	if q.Options.Policies, err = givenPolicies(c); err != nil {
		return err
	}
	reader, err := input.Open(env.stdin, c.Args().Slice()...)
	if err != nil {
		return err
	}
	meter := env.newMeter()
	q.Options.Progress = meter.entries
	answer, err := replay.Why(reader, q)
	meter.clear()
	if unknown := unknownName(c, err); unknown != nil {
		return unknown
	}
	if err != nil {
		return err
	}
	return report.Why(env.out.w, answer)
}
