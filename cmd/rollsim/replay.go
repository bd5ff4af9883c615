package main

import (
	"errors"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"rollsim/internal/nearest"
	"rollsim/internal/shell"
	"rollsim/internal/visible"
	"rollsim/logs/replay"
	"rollsim/logs/show"
	"rollsim/reducer"
	"rollsim/report"
	"rollsim/trace"
	"rollsim/trace/input"
)

func (env *environment) replayCommand() *cli.Command {
	return &cli.Command{
		Name:      "replay",
		Usage:     "fold a recorded log through a machine, and report contradictions",
		ArgsUsage: "INPUT…",
		Description: "INPUT is a trace of rollsim run, or the log of a control plane: its state.db,\n" +
			"NDJSON, or the answer of GET /v1/rollouts/{id}/events. It may be compressed\n" +
			"by gzip or zstd. Several are one log; - is standard input. Each file of a\n" +
			"folder is a log of its own. A state.db may be in use; rollsim only reads it.\n" +
			"The exit code is 1 if there is a finding that is not accepted.\n\n" +
			"Examples: rollsim replay state.db\n" +
			"          rollsim replay event_log.ndjson.gz --machine rfc0008 --channel edge --all\n" +
			"          rollsim replay state.db --json --accept reviewed.txt",
		Flags: []cli.Flag{
			machineFlag("replay through machine `M`", "the one that the trace names, or "+forLogs()),
			answerFlag(),
			&cli.BoolFlag{Name: "all", Usage: "show every finding in full, and every rollout"},
			&cli.StringFlag{
				Name:  "rollout",
				Usage: "show only rollout `ID`; the first seven digits of its ref are enough",
			},
			&cli.StringFlag{Name: "channel", Usage: "show only channel `C`"},
			&cli.StringFlag{Name: "host", Usage: "show only host `H`, and its states"},
			&cli.StringFlag{
				Name:        "until",
				Usage:       "read the log up to `SEQ-OR-T`: the seq of an entry, or a time as for --since",
				DefaultText: "the end of the log",
			},
			&cli.StringFlag{
				Name:  "since",
				Usage: "show only entries at `T` or later: " + momentForms,
			},
			followFlag(),
			zoneFlag(),
			widthFlag(),
			&cli.Uint64Flag{
				Name:        "limit",
				Usage:       "the limit `N` of entries with which documents were fetched",
				DefaultText: "1000, the default of the route",
			},
			&cli.BoolFlag{Name: "strict", Usage: "end at the first entry that cannot be read"},
			policyFlag(),
			&cli.StringFlag{
				Name:  "accept",
				Usage: "accept the findings in `FILE`: one per line, as shown, with a reason",
			},
			jsonFlag("replay.md"),
		},
		Action: env.replay,
	}
}

// policyFlag sets the policies of channels.
func policyFlag() cli.Flag {
	return &cli.StringSliceFlag{
		Name: "policy",
		Usage: "set the policy of a channel: `CHANNEL=POLICY`, where POLICY is halt or " +
			"rollback-and-halt",
		DefaultText: "the one that its agents report, or halt",
	}
}

// foldOptions returns the options on which the states of a replay depend, as the user wrote them.
func foldOptions(c *cli.Context) []string {
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
	logs, err := env.logs(c.Args().Slice())
	if err != nil {
		return err
	}
	if c.Bool("follow") && len(logs) > 1 {
		return usage(c, "--follow: expected one file or database")
	}
	var worst error
	for i, names := range logs {
		if i > 0 && !c.Bool("json") {
			env.out.printf("\n")
		}
		err := env.replayLog(c, names)
		if len(logs) == 1 {
			return err
		}
		if err != nil && !errors.Is(err, errDiffers) {
			env.err.printf("rollsim: %v\n", located(names, err))
			err = errUnusable
		}
		if worst == nil || errors.Is(err, errUnusable) {
			worst = err
		}
	}
	return worst
}

// replayLog replays the files of one log.
func (env *environment) replayLog(c *cli.Context, names []string) error {
	times, err := env.moments(c, names)
	if err != nil {
		return err
	}
	opt, err := env.replayOptions(c, times)
	if err != nil {
		return err
	}
	width, err := env.wrapWidth(c)
	if err != nil {
		return err
	}
	meter := env.newMeter()
	opt.Progress = meter.entries
	reader, stop, err := env.replayInput(c, names, &opt, times.zone)
	if err != nil {
		return err
	}
	defer stop()
	name := shell.Join(names...)
	result, err := replay.Run(reader, opt)
	meter.clear()
	if unknown := unknownName(c, err); unknown != nil {
		return unknown
	}
	if err != nil && result.Entries == 0 {
		return err
	}
	write := func() error {
		return report.Replay(env.out.w, name, result, report.ReplayView{
			All: c.Bool("all"), AcceptFile: c.String("accept"), Options: foldOptions(c),
			Zone: times.zone, Width: width,
		})
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

// replayInput opens the files of a log. With --follow it writes the findings as they come.
func (env *environment) replayInput(
	c *cli.Context, names []string, opt *replay.Options, zone show.Zone,
) (r *trace.Reader, stop func(), err error) {
	if !c.Bool("follow") {
		r, err = input.Open(env.stdin, names...)
		return r, func() {}, err
	}
	live := &live{
		env: env, json: c.Bool("json"), zone: zone, watch: new(replay.Watch),
		line: stateLine{err: env.err, json: c.Bool("json")},
	}
	opt.Watch = live.watch
	ctx, stop := interruptible()
	r, err = env.follow(ctx, c, names, live.show)
	if err != nil {
		stop()
	}
	return r, func() { stop(); live.line.clear() }, err
}

// unknownName returns a usage error if err reports a name that the log does not have, and nil
// otherwise.
func unknownName(c *cli.Context, err error) error {
	var unknown *replay.NoAnswer
	if !errors.As(err, &unknown) {
		return nil
	}
	return usage(c, "%s%s", visible.Name(unknown.What), nearest.Hint(unknown.Asked, unknown.Known))
}

func (env *environment) replayOptions(c *cli.Context, times *moments) (replay.Options, error) {
	opt := replay.Options{
		Strict: c.Bool("strict"), Limit: c.Uint64("limit"),
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
	if opt.Only.Since, err = times.option("since"); err != nil {
		return opt, err
	}
	if seq, wrong := strconv.ParseUint(c.String("until"), 10, 64); wrong == nil && seq > 0 {
		opt.Until = seq
	} else if opt.UntilAt, err = times.read("until", opt.Only.Since); err != nil {
		return opt, err
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

// givenPolicies returns the policies of --policy.
func givenPolicies(c *cli.Context) (map[reducer.ChannelID]reducer.Policy, error) {
	return parsePolicies(c, c.StringSlice("policy"))
}

func parsePolicies(
	c *cli.Context, texts []string,
) (map[reducer.ChannelID]reducer.Policy, error) {
	policies := make(map[reducer.ChannelID]reducer.Policy)
	for _, s := range texts {
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

// open opens an input file; - is standard input.
func (env *environment) open(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(env.stdin), nil
	}
	return env.files.open(name)
}
