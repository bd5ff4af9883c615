package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"rollsim"
	"rollsim/internal/plural"
	"rollsim/internal/scratch"
	"rollsim/internal/shard"
	"rollsim/report"
	"rollsim/suite/check"
)

func (env *environment) checkCommand() *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "run the regression suite: compare every scenario with its golden, run every feature",
		ArgsUsage: "[PATH…]",
		Description: "A PATH is a scenario (.yaml), a feature (.feature) or a folder of them.\n" +
			"Without a PATH, rollsim checks the folders scenarios/ and features/ of the\n" +
			"current directory, or the built-in suite if none exist.\n" +
			"The golden of scenarios/NAME.yaml is golden/NAME.golden. The golden of any\n" +
			"other NAME.yaml is NAME.golden in its folder.\n\n" +
			"Example: rollsim check scenarios/one-wave-converges.yaml",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "update", Usage: "rewrite and list the goldens that differ or are missing"},
			jobsFlag("scenarios"),
			&cli.StringFlag{Name: "shard", Usage: "run only part `i/n` of the suite"},
			&cli.BoolFlag{Name: "fail-fast", Usage: "start no more scenarios after the first failure"},
			&cli.StringFlag{Name: "junit", Usage: "also write the results to `FILE` as JUnit XML"},
			machineFlag("run scenarios under machine `M`, and compare them with their goldens",
				"each scenario's"),
			answerFlag(),
			vacuousFlag(),
			&cli.StringFlag{
				Name: "keep",
				Usage: "write the traces and diffs of failures into `DIR`; all:DIR writes the traces of all " +
					"scenarios, and all alone writes them into a temporary folder",
			},
		},
		Action: env.check,
	}
}

func (env *environment) check(c *cli.Context) error {
	suite, opt, err := env.checkOptions(c)
	if err != nil {
		return err
	}
	if err := env.checkOutput(c, "--junit", c.String("junit")); err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	var all, failed []*check.Result
	sum := check.Run(ctx, suite, opt, func(r *check.Result) {
		all = append(all, r)
		if r.Status == check.Failed || r.Status == check.Unusable {
			failed = append(failed, r)
		}
		env.printResult(r)
		env.printWarnings(r.Warnings)
	})
	fleetsHold := true
	if env.provesFleets(c) && ctx.Err() == nil {
		if fleetsHold, err = env.proveFleets(ctx, opt.Jobs); err != nil {
			return err
		}
	}
	env.printSummary(&sum, failed)

	if opt.Keep {
		kept := failed
		if opt.KeepAll {
			kept = all
		}
		if err := env.keepIn(c, kept); err != nil {
			return err
		}
	}
	if name := c.String("junit"); name != "" {
		err := env.writeFile(name, func(w io.Writer) error {
			return report.JUnit(w, "rollsim check", all)
		})
		if err != nil {
			return err
		}
	}
	switch {
	case ctx.Err() != nil:
		return errInterrupted
	case len(all) > 0 && sum.Counts[check.Omitted] == len(all):
		return errors.New("nothing was checked: all scenarios are tagged @wip")
	case sum.Counts[check.Unusable] > 0 && sum.Counts[check.Failed] == 0:
		return errUnusable
	case !sum.OK() || !fleetsHold:
		return errDiffers
	}
	return nil
}

// provesFleets reports whether the built-in fleets are a part of what is checked: of the whole
// suite, in its first shard.
func (env *environment) provesFleets(c *cli.Context) bool {
	part, err := shard.Parse(c.String("shard"))
	return c.NArg() == 0 && !c.IsSet("machine") && !c.Bool("update") && (err != nil || part.I == 1)
}

// checkOptions returns the suite and the options of the command line.
func (env *environment) checkOptions(c *cli.Context) (*check.Suite, check.Options, error) {
	opt := check.Options{FailFast: c.Bool("fail-fast"), Keep: c.String("keep") != ""}
	_, opt.KeepAll = keepFolder(c)
	var err error
	if opt.Jobs, err = jobs(c); err != nil {
		return nil, opt, err
	}
	if s := c.String("shard"); s != "" {
		if opt.Shard, err = shard.Parse(s); err != nil {
			return nil, opt, usage(c, "--%v", err)
		}
	}
	suite, builtIn, err := env.findSuite(c.Args().Slice())
	if err != nil {
		return nil, opt, err
	}
	if len(suite.Scenarios)+len(suite.Features) == 0 {
		return nil, opt, errors.New("nothing to check: phrases alone are no test; name a feature or a " +
			"scenario")
	}
	if suite.Vacuous, err = vacuity(c); err != nil {
		return nil, opt, err
	}
	suite.Traces = opt.KeepAll
	if c.IsSet("machine") {
		if c.Bool("update") {
			return nil, opt, usage(c, "--update: a golden is recorded under the machine of its scenario; "+
				"leave out --machine")
		}
		if suite.Features = nil; len(suite.Scenarios) == 0 {
			return nil, opt, usage(c, "--machine: it applies to scenarios, and no scenario is selected; "+
				"a feature names its machine by a tag")
		}
		if opt.Machine, err = env.chosenMachine(c, ""); err != nil {
			return nil, opt, err
		}
	}
	if c.Bool("update") {
		if builtIn {
			return nil, opt, usage(c, "--update: the built-in suite cannot be rewritten; name the files "+
				"to update")
		}
		opt.Update = func(name string, data []byte) error {
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				return err
			}
			return env.rewrite(bytesFile(name, data))
		}
	}
	return suite, opt, nil
}

// findSuite returns the suite at paths. Without paths it is that of the current directory, or the
// built-in one if none exists. Its files are inputs.
func (env *environment) findSuite(paths []string) (suite *check.Suite, builtIn bool, err error) {
	if len(paths) == 0 {
		for _, dir := range []string{"scenarios", "features"} {
			if isDir(dir) {
				paths = append(paths, dir)
			}
		}
	}
	if len(paths) == 0 {
		suite, err = check.Find(rollsim.Library, []string{"scenarios", "features"})
		return suite, true, err
	}
	slashed := make([]string, len(paths))
	for i, p := range paths {
		slashed[i] = filepath.ToSlash(filepath.Clean(p))
	}
	if suite, err = check.Find(env.files, slashed); err == nil {
		env.files.add(suite.Scenarios...)
		env.files.add(suite.FeatureFiles()...)
	}
	return suite, false, err
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

var statusColours = map[check.Status]string{
	check.Passed:   report.Green,
	check.Failed:   report.Red,
	check.Unusable: report.Red,
	check.Updated:  report.Yellow,
	check.Skipped:  report.Yellow,
	check.Omitted:  report.Yellow,
	check.Defect:   report.Yellow,
}

func (env *environment) printResult(r *check.Result) {
	status := env.out.paint(statusColours[r.Status], fmt.Sprintf("%-7s", r.Status))
	env.out.printf("%s  %s\n", status, r.Title())
	if r.Departs != "" {
		env.out.printf("    the golden does not apply: %s\n", r.Departs)
	}
	if r.Message != "" {
		env.out.printf("%s\n", indent(r.Message))
	}
	if r.Status == check.Failed || r.Status == check.Unusable {
		if scratch.Left(filepath.FromSlash(r.Path)) {
			env.out.printf(
				"    an earlier command was killed before it had replaced this file: run it again\n",
			)
		}
		env.out.printf("    rerun: %s\n", r.Rerun)
	}
}

func (env *environment) printSummary(sum *check.Summary, failed []*check.Result) {
	if len(failed) > 1 {
		env.out.printf("\n%s\n", env.out.paint(report.Red, "failed:"))
		for _, r := range failed {
			env.out.printf("  %s\n", r.Rerun)
		}
	}
	env.out.printf("\n%s, %s: %s\n", plural.Count(sum.Scenarios, "scenario"),
		plural.Count(sum.Features, "feature scenario"), sum.Line())
	if sum.Departing > 0 {
		env.out.printf("%s judged by the invariants alone, because the golden does not apply\n",
			plural.Count(sum.Departing, "scenario"))
	}
	env.err.printf("took %v\n", sum.Elapsed.Round(time.Millisecond))
}

// keepIn writes the artefacts of results into the folder of --keep, or a temporary one.
func (env *environment) keepIn(c *cli.Context, kept []*check.Result) error {
	dir, all := keepFolder(c)
	if dir == "" {
		var err error
		if dir, err = ownFolder(os.TempDir()); err != nil {
			return err
		}
	}
	if err := env.keep(dir, kept); err != nil {
		return err
	}
	switch {
	case all:
		env.err.printf("the traces of all scenarios are in %s\n", dir)
	case len(kept) > 0:
		env.err.printf("the traces and diffs of failures are in %s\n", dir)
	}
	return nil
}

// keep writes the artefacts of results into a folder.
func (env *environment) keep(dir string, kept []*check.Result) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, r := range kept {
		for _, a := range r.Artefacts {
			if err := env.writeIn(bytesFile(filepath.Join(dir, a.Name), a.Data)); err != nil {
				return err
			}
		}
	}
	return nil
}

func indent(s string) string { return "    " + strings.ReplaceAll(s, "\n", "\n    ") }
