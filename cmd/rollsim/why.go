package main

import (
	"github.com/urfave/cli/v2"

	"rollsim/internal/shell"
	"rollsim/logs/replay"
	"rollsim/reducer"
	"rollsim/report"
	"rollsim/trace/input"
)

func (env *environment) whyCommand() *cli.Command {
	return &cli.Command{
		Name:      "why",
		Usage:     "explain by a log why a channel or a host is not, or not yet, on its ref",
		ArgsUsage: "INPUT…",
		Description: "INPUT is a log as rollsim replay reads it. The answer says what the channel or\n" +
			"host waits for and for how long, the last decision of a gate about it, what\n" +
			"that waits for in turn, and what would release it. For a rollout that was\n" +
			"superseded, it answers as of then.\n\n" +
			"Examples: rollsim why state.db --channel stable\n" +
			"          rollsim why state.db --channel stable --at 03:00\n" +
			"          rollsim why event_log.ndjson.gz --host web-07 --at '2026-05-16 03:00'",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "channel", Usage: "explain channel `C`"},
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
				Usage:       "explain the state at `T`: " + momentForms,
				DefaultText: "the end of the log",
			},
			machineFlag("fold the log through machine `M`", "the one that the trace names, or "+forLogs()),
			answerFlag(),
			policyFlag(),
			zoneFlag(),
			widthFlag(),
			jsonFlag("replay.md"),
		},
		Action: env.why,
	}
}

func (env *environment) why(c *cli.Context) error {
	names, err := env.oneLog(c)
	if err != nil {
		return err
	}
	times, err := env.moments(c, names)
	if err != nil {
		return err
	}
	width, err := env.width(c)
	if err != nil {
		return err
	}
	q := replay.Question{
		Channel: reducer.ChannelID(c.String("channel")),
		Host:    reducer.HostID(c.String("host")),
		Rollout: reducer.RolloutID(c.String("rollout")),
	}
	if q.Host == "" && q.Rollout == "" && q.Channel == "" {
		return usage(c, "expected --channel, --host or --rollout")
	}
	if q.At, err = times.option("at"); err != nil {
		return err
	}
	if c.IsSet("machine") {
		m, err := env.chosenMachine(c, "")
		if err != nil {
			return err
		}
		q.Options.Machine = m
	}
	if q.Options.Policies, err = givenPolicies(c); err != nil {
		return err
	}
	reader, err := input.Open(env.stdin, names...)
	if err != nil {
		return err
	}
	if !c.Bool("json") {
		q.Options.Clock = times.zone.After
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
	if c.Bool("json") {
		return report.WhyJSON(env.out.w, shell.Join(c.Args().Slice()...), answer)
	}
	return report.Why(env.out.w, answer, report.WhyView{Zone: times.zone, Width: width})
}
