package main

import (
	"io"
	"path/filepath"
	"runtime"
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
		Usage:     "tell which cells of the transition tables features, scenarios and traces exercise",
		ArgsUsage: "[PATH…]",
		Description: "A PATH is a feature (.feature), a scenario (.yaml), a folder of them, or else a " +
			"trace of rollsim run or a log of a\n" +
			"control plane; - is standard input. Without features and scenarios, those of the current " +
			"directory are taken, or the\n" +
			"built-in ones where there are none: so a log alone is held against what the suite " +
			"exercises.\n" +
			"A cell is one outcome of one class of events in one state. The exit code is 1 when " +
			"something fails, or with --min.\n\n" +
			"Examples: rollsim coverage\n" +
			"          rollsim coverage state.db\n" +
			"          rollsim coverage features/failure --machine rfc0008 --each\n" +
			"          rollsim coverage features --min 100",
		Flags: []cli.Flag{
			&cli.StringFlag{
				Name: "machine",
				Usage: "only of machine `M`, and replay traces through it: " + strings.Join(
					machine.Names(), ", ",
				),
				DefaultText: "all; traces through the one that they name, or " + forLogs(),
			},
			&cli.StringFlag{
				Name:  "format",
				Value: "text",
				Usage: "print as `FORMAT`: " + strings.Join(report.CoverageFormats(), ", "),
			},
			&cli.BoolFlag{Name: "each", Usage: "also list what every feature scenario, scenario and " +
				"trace exercises"},
			&cli.IntFlag{Name: "min", Usage: "fail when less than `PERCENT` of the cells of a machine " +
				"are exercised by anything that is no trace"},
			jobsFlag(),
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Value: "-", Usage: "write to `FILE`, " +
				"in place of what is there; - is standard output"},
		},
		Action: env.coverage,
	}
}

func jobsFlag() cli.Flag {
	return &cli.IntFlag{
		Name:    "jobs",
		Aliases: []string{"j"},
		Value:   runtime.GOMAXPROCS(0),
		Usage:   "run `N` at once",
	}
}

func (env *environment) coverage(c *cli.Context) error {
	least := c.Int("min")
	if least < 0 || least > 100 {
		return usage(c, "--min %d: expected 0 to 100", least)
	}
	tables, err := chosenTables(c)
	if err != nil {
		return err
	}
	output, err := env.output(c, c.Args().Slice()...)
	if err != nil {
		return err
	}
	var suitePaths, traces []string
	for _, arg := range c.Args().Slice() {
		if isOfSuite(arg) {
			suitePaths = append(suitePaths, arg)
		} else {
			traces = append(traces, arg)
		}
	}
	ctx, stop := interruptible()
	defer stop()
	var sources []coverage.Source
	for _, name := range traces { // the cheaper ones first, as they may not be readable
		reached, err := env.traceCoverage(c, name, tables)
		if err != nil {
			return err
		}
		sources = append(sources, coverage.Source{Kind: coverage.Trace, Name: name, Reached: reached})
	}
	cases, err := findCases(c, suitePaths)
	if err != nil {
		return err
	}
	ofSuite, err := check.Measure(ctx, cases, c.Int("jobs"))
	if err != nil {
		return errInterrupted
	}
	var failing []string
	suite := make([]coverage.Source, 0, len(ofSuite))
	for _, m := range ofSuite {
		if m.Result.Status == check.Failed || m.Result.Status == check.Unusable {
			failing = append(failing, m.Result.Rerun)
			continue
		}
		kind := coverage.Scenario
		if m.Case.Feature() {
			kind = coverage.Feature
		}
		suite = append(suite, coverage.Source{Kind: kind, Name: m.Case.Path(), Reached: m.Reached})
	}
	sources = append(suite, sources...)

	var summaries []*coverage.Summary
	enough := true
	for _, m := range tables {
		s := coverage.Summarise(m, sources)
		summaries = append(summaries, s)
		if n := s.Exercised(coverage.Feature, coverage.Scenario); n*100 < least*len(s.Rows) {
			enough = false
			env.err.printf(
				"%s: %d of %d cells are exercised, less than %d %%\n", s.Machine, n, len(s.Rows), least,
			)
		}
	}
	err = env.writeFile(output, func(w io.Writer) error {
		return formatMistake(
			c, report.Coverage(w, summaries, sources, c.String("format"), c.Bool("each")),
		)
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

// isOfSuite tells features, scenarios and folders of them from traces.
func isOfSuite(arg string) bool {
	file, _, _ := strings.Cut(arg, ".feature:")
	return file != arg || filepath.Ext(arg) == ".feature" || filepath.Ext(arg) == ".yaml" || isDir(arg)
}

// chosenTables returns the machine of --machine, or all.
func chosenTables(c *cli.Context) ([]*reducer.Table, error) {
	if !c.IsSet("machine") {
		return machine.Tables(), nil
	}
	m, err := machine.ByName(c.String("machine"))
	if err != nil {
		return nil, usage(c, "--machine: %v", err)
	}
	return []*reducer.Table{m}, nil
}

// findCases collects the cases at some paths, else those of the current directory, else the
// built-in ones.
func findCases(c *cli.Context, paths []string) ([]*check.Case, error) {
	if c.Int("jobs") < 1 {
		return nil, usage(c, "--jobs %d: expected at least 1", c.Int("jobs"))
	}
	suite, _, err := findSuite(paths)
	if err != nil {
		return nil, err
	}
	return suite.Cases()
}

// traceCoverage replays a trace.
func (env *environment) traceCoverage(
	c *cli.Context, name string, tables []*reducer.Table,
) (coverage.Recording, error) {
	reader, err := input.Open(env.stdin, name)
	if err != nil {
		return nil, err
	}
	reached := make(coverage.Recording)
	opt := replay.Options{Through: reached.Through}
	if c.IsSet("machine") {
		opt.Machine = tables[0]
	}
	if _, err := replay.Run(reader, opt); err != nil {
		return nil, err
	}
	return reached, nil
}
