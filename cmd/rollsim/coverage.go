package main

import (
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"rollsim/logs/replay"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/report"
	"rollsim/suite/check"
	"rollsim/suite/coverage"
	"rollsim/trace/input"
)

func (env *environment) coverageCommand() *cli.Command {
	return &cli.Command{
		Name:      "coverage",
		Usage:     "report which cells of the transition tables features, scenarios and traces exercise",
		ArgsUsage: "[PATH…]",
		Description: "A PATH is a feature (.feature), a scenario (.yaml), a folder of them, a trace\n" +
			"of rollsim run, a log of a control plane, or a folder of them; - is standard\n" +
			"input. If no PATH\n" +
			"is a feature, a scenario or a folder, rollsim uses those of the current\n" +
			"directory, or the built-in ones if none exist. A log alone is therefore\n" +
			"compared with the suite.\n" +
			"A cell is one outcome of one class of events in one state. The exit code is 1\n" +
			"if a scenario fails, or a machine has less coverage than --min.\n\n" +
			"Examples: rollsim coverage\n" +
			"          rollsim coverage state.db\n" +
			"          rollsim coverage features/failure --machine rfc0008 --each\n" +
			"          rollsim coverage features --min 100\n" +
			"          rollsim coverage features --sentences",
		Flags: []cli.Flag{
			machineFlag("report only on machine `M`, and replay traces through it",
				"all; traces through the one that they name, or "+forLogs()),
			answerFlag(),
			formatFlag("text", report.CoverageFormats()),
			&cli.BoolFlag{
				Name:  "each",
				Usage: "also list the cells of every feature scenario, scenario and trace",
			},
			&cli.IntFlag{
				Name:  "min",
				Usage: "fail if features and scenarios exercise less than `PERCENT` of the cells of a machine",
			},
			&cli.BoolFlag{
				Name: "sentences",
				Usage: "report which sentences, fates, faults, gates, invariants and states the features " +
					"use, and which they never use",
			},
			jobsFlag("scenarios"),
			outputFlag(),
		},
		Action: env.coverage,
	}
}

func (env *environment) coverage(c *cli.Context) error {
	if c.Bool("sentences") {
		return env.sentenceCoverage(c)
	}
	least := c.Int("min")
	if least < 0 || least > 100 {
		return usage(c, "--min %d: expected 0 to 100", least)
	}
	tables, outside, err := env.chosenTables(c)
	if err != nil {
		return err
	}
	output, err := env.output(c, c.Args().Slice()...)
	if err != nil {
		return err
	}
	sources, failing, err := env.coverageSources(c, tables, outside)
	if err != nil {
		return err
	}
	var summaries []*coverage.Summary
	enough := true
	for _, m := range tables {
		s := coverage.Summarise(m, sources)
		if outside != nil {
			s.Machine = outside.Name()
		}
		summaries = append(summaries, s)
		if n := s.Exercised(coverage.Feature, coverage.Scenario); n*100 < least*len(s.Rows) {
			enough = false
			env.err.printf("%s: %d of %d cells are exercised, less than %d %%\n", s.Machine, n,
				len(s.Rows), least)
		}
	}
	err = env.writeFile(output, func(w io.Writer) error {
		err := report.Coverage(w, summaries, sources, c.String("format"), c.Bool("each"))
		return formatMistake(c, err)
	})
	if err != nil {
		return err
	}
	if len(failing) > 0 {
		env.err.printf("these fail, and do not count:\n")
		for _, f := range failing {
			env.err.printf("  %s\n", f)
		}
	}
	if len(failing) > 0 || !enough {
		return errDiffers
	}
	return nil
}

// coverageSources measures the coverage of the arguments, the suite before the traces. failing
// lists the commands that run the scenarios that fail, which are not measured.
func (env *environment) coverageSources(
	c *cli.Context, tables []*reducer.Table, outside reducer.Machine,
) (sources []coverage.Source, failing []string, err error) {
	n, err := jobs(c)
	if err != nil {
		return nil, nil, err
	}
	var suitePaths []string
	var traces []coverage.Source
	args, err := env.withLogsOfFolders(c.Args().Slice())
	if err != nil {
		return nil, nil, err
	}
	for _, arg := range args {
		if isOfSuite(arg) {
			suitePaths = append(suitePaths, arg)
			continue
		}
		var through reducer.Machine
		switch {
		case outside != nil:
			through = reducer.Named(outside, tables[0].Name())
		case c.IsSet("machine"):
			through = tables[0]
		}
		reached, err := env.traceCoverage(arg, through)
		if err != nil {
			return nil, nil, err
		}
		traces = append(traces, coverage.Source{Kind: coverage.Trace, Name: arg, Reached: reached})
	}
	cases, err := env.findCases(suitePaths)
	if err != nil {
		return nil, nil, err
	}
	ctx, stop := interruptible()
	defer stop()
	measured, err := check.Measure(ctx, cases, n, outside)
	if err != nil {
		return nil, nil, errInterrupted
	}
	for _, m := range measured {
		if m.Result.Status == check.Failed || m.Result.Status == check.Unusable {
			failing = append(failing, m.Result.Rerun)
			continue
		}
		kind := coverage.Scenario
		if m.Case.Feature() {
			kind = coverage.Feature
		}
		sources = append(sources, coverage.Source{Kind: kind, Name: m.Case.Path(), Reached: m.Reached})
	}
	return append(sources, traces...), failing, nil
}

// withLogsOfFolders returns the arguments with the logs of each folder that has neither features
// nor scenarios.
func (env *environment) withLogsOfFolders(args []string) ([]string, error) {
	var all []string
	for _, arg := range args {
		ofSuite := !isDir(arg)
		if !ofSuite {
			err := filepath.WalkDir(arg, func(name string, _ fs.DirEntry, err error) error {
				ext := filepath.Ext(name)
				ofSuite = ofSuite || ext == ".feature" || ext == scenarioFile
				return err
			})
			if err != nil {
				return nil, err
			}
		}
		if ofSuite {
			all = append(all, arg)
			continue
		}
		logs, err := env.logsBelow(arg)
		if err != nil {
			logs = []string{arg} // reading it as a folder of features reports what is wrong
		}
		all = append(all, logs...)
	}
	return all, nil
}

// isOfSuite reports whether an argument is a feature, a scenario or a folder of them, not a trace.
func isOfSuite(arg string) bool {
	file, _, _ := strings.Cut(arg, ".feature:")
	return file != arg || filepath.Ext(arg) == ".feature" || filepath.Ext(arg) == ".yaml" || isDir(arg)
}

// chosenTables returns the table of --machine, or all. The cells of a machine in another process
// are those of the specification; outside is that machine, or nil.
func (env *environment) chosenTables(
	c *cli.Context,
) (tables []*reducer.Table, outside reducer.Machine, err error) {
	if !c.IsSet("machine") {
		return machine.Tables(), nil, nil
	}
	m, err := env.chosenMachine(c, "")
	if err != nil {
		return nil, nil, err
	}
	if table, ok := m.(*reducer.Table); ok {
		return []*reducer.Table{table}, nil, nil
	}
	return []*reducer.Table{reducer.RFC0008()}, m, nil
}

// findCases returns the cases of the suite at paths, as findSuite finds it.
func (env *environment) findCases(paths []string) ([]*check.Case, error) {
	suite, _, err := env.findSuite(paths)
	if err != nil {
		return nil, err
	}
	return suite.Cases()
}

// traceCoverage replays a trace and returns the cells that it reaches. Without a machine it replays
// it through that which the trace names.
func (env *environment) traceCoverage(
	name string, through reducer.Machine,
) (coverage.Recording, error) {
	reader, err := input.Open(env.stdin, name)
	if err != nil {
		return nil, err
	}
	reached := make(coverage.Recording)
	opt := replay.Options{Through: reached.Through, Machine: through}
	if _, err := replay.Run(reader, opt); err != nil {
		return nil, err
	}
	return reached, nil
}
