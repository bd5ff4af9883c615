package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"rollsim"
	"rollsim/internal/atomicfile"
	"rollsim/internal/osfs"
	"rollsim/internal/plural"
	"rollsim/internal/shard"
	"rollsim/report"
	"rollsim/suite/check"
)

func (env *environment) checkCommand() *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "run the regression suite: every scenario against its golden, and every feature",
		ArgsUsage: "[PATH…]",
		Description: "A PATH is a scenario (.yaml), a feature (.feature) or a folder of them. Without " +
			"one, the folders scenarios/ and\n" +
			"features/ of the current directory are checked, or the built-in suite where there are none.\n" +
			"The golden of scenarios/NAME.yaml is golden/NAME.golden; that of any other NAME.yaml is " +
			"NAME.golden beside it.\n\n" +
			"Example: rollsim check scenarios/one-wave-converges.yaml",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "update", Usage: "rewrite the goldens that differ or are missing, and " +
				"say which"},
			&cli.IntFlag{
				Name:    "jobs",
				Aliases: []string{"j"},
				Value:   runtime.GOMAXPROCS(0),
				Usage:   "run `N` scenarios at once",
			},
			&cli.StringFlag{Name: "shard", Usage: "run only part `i/n` of the suite"},
			&cli.BoolFlag{Name: "fail-fast", Usage: "start nothing more after the first failure"},
			&cli.StringFlag{Name: "junit", Usage: "also write the results to `FILE` as JUnit XML"},
			machineFlag("decide the transitions of scenarios by machine `M`, and hold it against their "+
				"goldens", "each scenario's"), answerFlag(),
			&cli.StringFlag{Name: "keep", Usage: "keep traces and diffs of what failed in `DIR`"},
		},
		Action: env.check,
	}
}

func (env *environment) check(c *cli.Context) error {
	opt := check.Options{
		Jobs:     c.Int("jobs"),
		FailFast: c.Bool("fail-fast"),
		Keep:     c.String("keep") != "",
	}
	if opt.Jobs < 1 {
		return usage(c, "--jobs %d: expected at least 1", opt.Jobs)
	}
	if s := c.String("shard"); s != "" {
		part, err := shard.Parse(s)
		if err != nil {
			return usage(c, "%v", err)
		}
		opt.Shard = part
	}
	suite, builtIn, err := findSuite(c.Args().Slice())
	if err != nil {
		return err
	}
	if c.IsSet("machine") {
		if c.Bool("update") {
			return usage(c, "--update: the goldens are those of each scenario's own machine; leave out "+
				"--machine")
		}
		if suite.Features = nil; len(suite.Scenarios) == 0 {
			return usage(c, "--machine: features name their machine by a tag, and no scenario is asked for")
		}
		if opt.Machine, err = env.chosenMachine(c, ""); err != nil {
			return err
		}
	}
	if c.Bool("update") {
		if builtIn {
			return usage(c, "--update: the built-in suite cannot be rewritten; name the files to update")
		}
		opt.Update = func(name string, data []byte) error {
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				return err
			}
			return atomicfile.Write(name, func(w io.Writer) error { _, err := w.Write(data); return err })
		}
	}

	ctx, stop := interruptible()
	defer stop()
	var all []*check.Result
	var failed []*check.Result
	sum := check.Run(ctx, suite, opt, func(r *check.Result) {
		all = append(all, r)
		if r.Status == check.Failed || r.Status == check.Unusable {
			failed = append(failed, r)
		}
		env.printResult(r)
	})
	env.printSummary(&sum, failed)

	if dir := c.String("keep"); dir != "" {
		if err := keep(dir, failed); err != nil {
			return err
		}
		if len(failed) > 0 {
			env.err.printf("traces and diffs of what failed are in %s\n", dir)
		}
	}
	if name := c.String("junit"); name != "" {
		if err := env.writeFile(name, func(w io.Writer) error { return report.JUnit(w, "rollsim check", all) }); err != nil {
			return err
		}
	}
	switch {
	case ctx.Err() != nil:
		return errInterrupted
	case len(all) > 0 && sum.Counts[check.Omitted] == len(all):
		return errors.New("nothing was checked: all of it is tagged @wip")
	case sum.Counts[check.Unusable] > 0 && sum.Counts[check.Failed] == 0:
		return errUnusable
	case !sum.OK():
		return errDiffers
	}
	return nil
}

// findSuite collects what to check: the paths, else the current directory's suite, else the
// built-in one.
func findSuite(paths []string) (suite *check.Suite, builtIn bool, err error) {
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
	suite, err = check.Find(osfs.FS{}, slashed)
	return suite, false, err
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

func (env *environment) printResult(r *check.Result) {
	colour := map[check.Status]string{
		check.Passed: report.Green, check.Failed: report.Red, check.Unusable: report.Red, check.Updated: report.Yellow, check.Skipped: report.Yellow,
		check.Omitted: report.Yellow, check.Defect: report.Yellow,
	}[r.Status]
	env.out.printf("%s  %s\n", env.out.paint(colour, fmt.Sprintf("%-7s", r.Status)), r.Title())
	if r.Message != "" {
		env.out.printf("%s\n", indent(r.Message))
	}
	if r.Status == check.Failed || r.Status == check.Unusable {
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
	env.out.printf(
		"\n%s, %s: %s\n", plural.Count(sum.Scenarios, "scenario"),
		plural.Count(sum.Features, "feature scenario"), sum.Line(),
	)
	env.err.printf("took %v\n", sum.Elapsed.Round(time.Millisecond))
}

// keep writes the artefacts of what failed, each failed case under a name of its own.
func keep(dir string, failed []*check.Result) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, r := range failed {
		for _, a := range r.Artefacts {
			name := filepath.Join(dir, a.Name)
			err := atomicfile.Write(name, func(w io.Writer) error { _, err := w.Write(a.Data); return err })
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func indent(s string) string { return "    " + strings.ReplaceAll(s, "\n", "\n    ") }
