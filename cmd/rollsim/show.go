package main

import (
	"errors"
	"io"

	"github.com/urfave/cli/v2"

	"rollsim/internal/nearest"
	"rollsim/internal/visible"
	"rollsim/logs/show"
	"rollsim/reducer"
	"rollsim/report"
	"rollsim/trace"
	"rollsim/trace/input"
)

func (env *environment) showCommand() *cli.Command {
	return &cli.Command{
		Name:      "show",
		Usage:     "show the timeline of a log: one line for each entry that you choose",
		ArgsUsage: "INPUT…",
		Description: "INPUT is a log or a folder of logs, as rollsim replay reads it. A line has the\n" +
			"seq, the time, the rollout, the host with its wave and its state after the\n" +
			"entry, and what happened. Entries in which the planner decides the same as\n" +
			"before are left out unless you pass --all or --kind. Lines that\n" +
			"begin with … mark long silence and missing entries.\n\n" +
			"Examples: rollsim show state.db --channel stable --since 03:00 --until 04:00\n" +
			"          rollsim show state.db --host web-07 --kind gate --kind agent\n" +
			"          rollsim show event_log.ndjson.gz --around 4234\n" +
			"          rollsim show state.db --follow",
		Flags: []cli.Flag{
			&cli.StringFlag{
				Name:  "rollout",
				Usage: "show only rollout `ID`; the first seven digits of its ref are enough",
			},
			&cli.StringFlag{Name: "channel", Usage: "show only channel `C`"},
			&cli.StringFlag{Name: "host", Usage: "show only host `H`"},
			&cli.StringFlag{Name: "since", Usage: "show only entries at `T` or later: " + momentForms},
			&cli.StringFlag{Name: "until", Usage: "show only entries at `T` or earlier"},
			&cli.StringSliceFlag{
				Name: "kind",
				Usage: "show only entries of kind `K`: agent, gate, plan, event, effect, HostJoined, " +
					"QueueDispatch, wave-promotion …",
			},
			&cli.Uint64Flag{
				Name:  "around",
				Usage: "show entry `SEQ` and ten entries before and after it",
			},
			&cli.BoolFlag{Name: "all", Usage: "show also entries that repeat an earlier decision"},
			followFlag(),
			zoneFlag(),
			widthFlag(),
			&cli.BoolFlag{
				Name:  "json",
				Usage: "print one JSON object for each entry, repeated ones too, see docs/show.md",
			},
		},
		Action: env.show,
	}
}

func (env *environment) show(c *cli.Context) error {
	names, err := env.oneLog(c)
	if err != nil {
		return err
	}
	times, err := env.moments(c, names)
	if err != nil {
		return err
	}
	filter := show.Filter{
		Rollout: reducer.RolloutID(c.String("rollout")), Channel: reducer.ChannelID(c.String("channel")),
		Host: reducer.HostID(c.String("host")), Kinds: c.StringSlice("kind"), Around: c.Uint64("around"),
		Repeats: c.Bool("all") || c.Bool("json"),
	}
	if c.IsSet("around") && filter.Around == 0 {
		return usage(c, "--around 0: expected the seq of an entry, from 1")
	}
	if filter.Since, filter.Until, err = times.stretch(); err != nil {
		return err
	}
	width, err := env.width(c)
	if err != nil {
		return err
	}
	out := &rowWriter{json: c.Bool("json"), w: env.out.w}
	view := report.TimelineView{
		Zone: times.zone, Width: width, Mark: filter.Around, Paint: env.out.paint,
		All:        c.Bool("all") || len(filter.Kinds) > 0 || filter.Around > 0,
		OneRollout: filter.Rollout != "", OneChannel: filter.Channel != "", OneHost: filter.Host != "",
	}
	var log *trace.Reader
	var rows *show.Reader
	if c.Bool("follow") {
		ctx, stop := interruptible()
		defer stop()
		out.line = &stateLine{err: env.err, json: out.json}
		defer out.line.clear()
		log, err = env.follow(ctx, c, names, func() {
			_ = out.flush()
			if rows != nil && rows.Entries() > 0 {
				out.line.show(report.TimelineState(rows, times.zone))
			}
		})
	} else if log, err = input.Open(env.stdin, names...); err == nil {
		log.Ahead()
	}
	if err != nil {
		return err
	}
	defer log.Close()
	rows = show.NewReader(log, filter, times.zone)
	if !out.json {
		view.Short = rows.Short
		out.timeline = report.NewTimeline(env.out.w, view)
	}
	return env.showRows(c, rows, out)
}

// rowWriter writes rows as a timeline or as JSON.
type rowWriter struct {
	w        io.Writer
	json     bool
	timeline *report.Timeline
	line     *stateLine // with --follow
}

func (o *rowWriter) row(r *show.Row) error {
	if o.line != nil {
		o.line.clear()
	}
	if o.json {
		return report.TimelineJSON(o.w, r)
	}
	return o.timeline.Row(r)
}

// flush writes the rows so far. An error stays with the stream.
func (o *rowWriter) flush() error {
	if o.json {
		return nil
	}
	return o.timeline.Flush()
}

func (o *rowWriter) close() error {
	if o.json {
		return nil
	}
	return o.timeline.Close()
}

// showRows writes all rows.
func (env *environment) showRows(c *cli.Context, rows *show.Reader, out *rowWriter) error {
	for {
		row, err := rows.Read()
		var unknown *show.Unknown
		switch {
		case errors.Is(err, io.EOF):
			return out.close()
		case errors.As(err, &unknown):
			return usage(c, "%s%s", visible.Name(unknown.What), nearest.Hint(unknown.Asked, unknown.Known))
		case err != nil:
			return errors.Join(out.close(), err)
		}
		if err := out.row(&row); err != nil {
			return err
		}
	}
}
