package main

import (
	"errors"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"rollsim/internal/nearest"
	"rollsim/internal/shell"
	"rollsim/internal/visible"
	"rollsim/logs/replay"
	"rollsim/logs/show"
	"rollsim/reducer"
	"rollsim/report"
	"rollsim/trace/input"
)

func (env *environment) incidentCommand() *cli.Command {
	return &cli.Command{
		Name:      "incident",
		Usage:     "write the story of one stretch of a log as a page of Markdown",
		ArgsUsage: "INPUT…",
		Description: "The page says what moved, what did not and why, what rollsim replay finds,\n" +
			"which rows are behind that, and which commands show more. INPUT is a log as\n" +
			"rollsim replay reads it; it is read several times, so it must be a file.\n\n" +
			"Examples: rollsim incident state.db --since 01:00 --until 05:00 -o incident.md\n" +
			"          rollsim incident state.db --since 01:00 --channel stable",
		Flags: []cli.Flag{
			&cli.StringFlag{
				Name:        "since",
				Usage:       "begin the stretch at `T`: " + momentForms,
				DefaultText: "the beginning of the log",
			},
			&cli.StringFlag{
				Name:        "until",
				Usage:       "end the stretch at `T`",
				DefaultText: "the end of the log",
			},
			&cli.StringFlag{Name: "channel", Usage: "write only about channel `C`"},
			machineFlag("fold the log through machine `M`", "the one that the trace names, or "+forLogs()),
			answerFlag(),
			policyFlag(),
			zoneFlag(),
			outputFlag(),
		},
		Action: env.incident,
	}
}

func (env *environment) incident(c *cli.Context) error {
	names, err := env.oneLog(c)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(names, input.IsStream) {
		return usage(c, "expected a file: the log is read several times")
	}
	output, err := env.output(c, names...)
	if err != nil {
		return err
	}
	times, err := env.moments(c, names)
	if err != nil {
		return err
	}
	since, until, err := times.stretch()
	if err != nil {
		return err
	}
	page := &report.IncidentPage{
		Name: shell.Join(names...), Options: foldOptions(c), Zone: times.zone,
		Channel: reducer.ChannelID(c.String("channel")),
	}
	if err := env.tell(c, names, since, until, page); err != nil {
		return err
	}
	if err := env.judge(c, names, since, until, page); err != nil {
		return err
	}
	return env.writeFile(output, func(w io.Writer) error { return report.Incident(w, page) })
}

// tell reads the rows of the stretch.
func (env *environment) tell(
	c *cli.Context, names []string, since, until reducer.Opt[reducer.Time],
	page *report.IncidentPage,
) error {
	log, err := input.Open(env.stdin, names...)
	if err != nil {
		return err
	}
	defer log.Close()
	log.Ahead()
	filter := show.Filter{Channel: page.Channel, Since: since, Until: until}
	rows := show.NewReader(log, filter, page.Zone)
	page.Story, page.Short = new(show.Story), rows.Short
	for {
		row, err := rows.Read()
		var unknown *show.Unknown
		switch {
		case errors.Is(err, io.EOF):
			page.Since, page.Until = rows.First().At, rows.Last().At
			if since.Set {
				page.Since = since.Value
			}
			if until.Set {
				page.Until = until.Value
			}
			return nil
		case errors.As(err, &unknown):
			return usage(c, "%s%s", visible.Name(unknown.What), nearest.Hint(unknown.Asked, unknown.Known))
		case err != nil:
			return err
		}
		page.Story.Add(&row)
	}
}

// judge replays the log up to the end of the stretch, and asks why its channels wait.
func (env *environment) judge(
	c *cli.Context, names []string, since, until reducer.Opt[reducer.Time],
	page *report.IncidentPage,
) error {
	opt := replay.Options{
		UntilAt: until, Only: replay.Filter{Channel: page.Channel, Since: since},
		Clock:       func(t, _ reducer.Time) string { return page.Time(t) },
		ClockAlways: true,
	}
	var err error
	if c.IsSet("machine") {
		if opt.Machine, err = env.chosenMachine(c, ""); err != nil {
			return err
		}
	}
	if opt.Policies, err = givenPolicies(c); err != nil {
		return err
	}
	log, err := input.Open(env.stdin, names...)
	if err != nil {
		return err
	}
	if page.Result, err = replay.Run(log, opt); err != nil {
		if unknown := unknownName(c, err); unknown != nil {
			return unknown
		}
		return err
	}
	for _, channel := range page.Story.Channels() {
		log, err := input.Open(env.stdin, names...)
		if err != nil {
			return err
		}
		answer, err := replay.Why(log, replay.Question{
			Channel: channel, At: until, Options: opt,
		})
		var none *replay.NoAnswer
		if errors.As(err, &none) {
			continue // a channel that polls show, without a rollout
		}
		if err != nil {
			return err
		}
		page.Answers = append(page.Answers, answer)
	}
	return nil
}
