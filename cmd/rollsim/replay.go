package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"rollsim/internal/nearest"
	"rollsim/internal/shell"
	"rollsim/logs/replay"
	"rollsim/reducer"
	"rollsim/report"
	"rollsim/trace"
	"rollsim/trace/input"
)

func (env *environment) replayCommand() *cli.Command {
	return &cli.Command{
		Name: "replay",
		Usage: "fold a recorded log through a machine, and show where the record disagrees with " +
			"it or with itself",
		ArgsUsage: "INPUT…",
		Description: "INPUT is a trace of rollsim run, or a control plane's log: its state.db, " +
			"NDJSON, or the answer of\n" +
			"GET /v1/rollouts/{id}/events; plain, in gzip or in zstd. Several are one log, in order; - " +
			"is standard input.\n" +
			"A state.db is only read, and may be in use.\n" +
			"The exit code is 1 when anything was found that is not accepted.\n\n" +
			"Examples: rollsim replay state.db\n" +
			"          rollsim replay event_log.ndjson.gz --machine rfc0008 --channel edge --all\n" +
			"          rollsim replay state.db --json --accept reviewed.txt",
		Flags: []cli.Flag{
			machineFlag("replay through machine `M`", "the one that the trace names, or "+forLogs()),
			answerFlag(),
			&cli.BoolFlag{Name: "all", Usage: "show every finding in full, and every rollout that is kept"},
			&cli.StringFlag{Name: "rollout", Usage: "show only rollout `ID`; the first seven digits of " +
				"its ref are enough"},
			&cli.StringFlag{Name: "channel", Usage: "show only channel `C`"},
			&cli.StringFlag{Name: "host", Usage: "show only host `H`, and what it did"},
			&cli.Uint64Flag{
				Name:        "until",
				Usage:       "judge the log up to entry `SEQ`",
				DefaultText: "the end of the log",
			},
			sinceFlag(),
			policyFlag(),
			&cli.StringFlag{Name: "accept", Usage: "count findings that `FILE` accepts apart: one a " +
				"line, as shown, with a reason"},
			&cli.BoolFlag{Name: "json", Usage: "print one JSON document, as docs/replay.md describes it"},
		},
		Action: env.replay,
	}
}

func sinceFlag() cli.Flag {
	return &cli.StringFlag{Name: "since", Usage: "show only what was at `T` or later: 2026-05-16, " +
		"2026-05-16T03:00:00Z"}
}

func policyFlag() cli.Flag {
	return &cli.StringSliceFlag{
		Name: "policy", Usage: "judge the failures of a channel under `CHANNEL=POLICY`: halt or " +
			"rollback-and-halt",
		DefaultText: "what its agents say that they apply, or halt",
	}
}

// givenFold are the options that say how the log is folded, as they were given.
func givenFold(c *cli.Context) []string {
	var given []string
	for _, name := range []string{"machine", "answer-within"} {
		if c.IsSet(name) {
			given = append(given, "--"+name, c.String(name))
		}
	}
	for _, p := range c.StringSlice("policy") {
		given = append(given, "--policy", p)
	}
	return given
}

func (env *environment) replay(c *cli.Context) error {
	if c.NArg() == 0 {
		return usage(c, "expected a log")
	}
	opt, err := env.replayOptions(c)
	if err != nil {
		return err
	}
	names := c.Args().Slice()
	reader, err := input.Open(env.stdin, names...)
	if err != nil {
		return err
	}
	name := shell.Join(names...)
	meter := env.newMeter()
	opt.Progress = meter.entries
	result, err := replay.Run(reader, opt)
	meter.clear()
	if none := unanswered(c, err); none != nil {
		return none
	}
	if err != nil && result.Entries == 0 {
		return err
	}
	write := func() error {
		return report.Replay(
			env.out.w, name, result,
			report.ReplayView{All: c.Bool("all"), AcceptFile: c.String("accept"), Options: givenFold(c)},
		)
	}
	if c.Bool("json") {
		write = func() error { return report.ReplayJSON(env.out.w, name, result) }
	}
	if failed := write(); failed != nil && err == nil {
		err = failed
	}
	if err == nil && result.Failing() {
		return errDiffers
	}
	return err
}

// unanswered makes a usage error of one that says that a log does not know what is asked for; nil
// where err is another one.
func unanswered(c *cli.Context, err error) error {
	var none *replay.NoAnswer
	if !errors.As(err, &none) {
		return nil
	}
	return usage(c, "%v%s", none, nearest.Hint(none.Asked, none.Known))
}

func (env *environment) replayOptions(c *cli.Context) (replay.Options, error) {
	opt := replay.Options{
		Until: c.Uint64("until"),
		Only: replay.Filter{
			Rollout: reducer.RolloutID(c.String("rollout")), Channel: reducer.ChannelID(c.String("channel")),
			Host: reducer.HostID(c.String("host")),
		},
	}
	var err error
	if c.IsSet("machine") {
		if opt.Machine, err = env.chosenMachine(c, ""); err != nil {
			return opt, err
		}
	}
	if text := c.String("since"); text != "" {
		since, err := parseMoment(text)
		if err != nil {
			return opt, usage(c, "--since %s: %v", text, err)
		}
		opt.Only.Since = reducer.Some(since)
	}
	if opt.Policies, err = givenPolicies(c); err != nil {
		return opt, err
	}
	if file := c.String("accept"); file != "" {
		in, err := os.Open(file)
		if err != nil {
			return opt, err
		}
		defer in.Close()
		if opt.Accepted, err = replay.ReadAccepted(file, in); err != nil {
			return opt, err
		}
	}
	return opt, nil
}

// givenPolicies reads --policy.
func givenPolicies(c *cli.Context) (map[reducer.ChannelID]reducer.Policy, error) {
	policies := make(map[reducer.ChannelID]reducer.Policy)
	for _, s := range c.StringSlice("policy") {
		name, value, ok := strings.Cut(s, "=")
		health, known := reducer.ParseHealthPolicy(value)
		if !ok || name == "" || !known {
			return nil, usage(c, "--policy %s: expected CHANNEL=halt or CHANNEL=rollback-and-halt", s)
		}
		policy := reducer.DefaultPolicy()
		policy.OnHealthFailure = health
		policies[reducer.ChannelID(name)] = policy
	}
	return policies, nil
}

// parseMoment reads a time as people type one: a day, or a time, in UTC where it does not say
// otherwise.
func parseMoment(text string) (reducer.Time, error) {
	for _, form := range []string{text, text + "Z", text + ":00Z", text + "T00:00:00Z"} {
		if t, err := trace.ParseTime(strings.Replace(form, " ", "T", 1)); err == nil {
			return t, nil
		}
	}
	return 0, fmt.Errorf("expected a time such as 2026-05-16, 2026-05-16T03:00 or " +
		"2026-05-16T03:00:00+02:00")
}

// open opens an input file; - is standard input.
func (env *environment) open(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(env.stdin), nil
	}
	return os.Open(name)
}
