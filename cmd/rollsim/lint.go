package main

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"rollsim/report"
	"rollsim/suite/lint"
)

func (env *environment) lintCommand() *cli.Command {
	return &cli.Command{
		Name:      "lint",
		Usage:     "find mistakes in features and scenarios without running them",
		ArgsUsage: "[PATH…]",
		Description: "A PATH is a feature (.feature), a scenario (.yaml), a file of phrases\n" +
			"(phrases.yaml) or a folder of them.\n" +
			"Without a PATH, rollsim checks the folders features/ and scenarios/ of the\n" +
			"current directory.\n\n" +
			"Examples: rollsim lint features/failure mine.yaml\n" +
			"          rollsim lint --explain RS002",
		Flags: []cli.Flag{
			formatFlag("text", report.LintFormats()),
			&cli.StringSliceFlag{Name: "disable", Usage: "leave out the rule `CODE`; may be repeated"},
			&cli.StringFlag{
				Name:  "explain",
				Usage: "explain the rule `CODE`, with a bad and a good example",
			},
			&cli.BoolFlag{
				Name:  "rules",
				Usage: "list the rules, with --format markdown as a page with examples",
			},
		},
		Action: env.lint,
	}
}

func (env *environment) lint(c *cli.Context) error {
	format := c.String("format")
	if c.Bool("rules") {
		return formatMistake(c, report.LintRules(env.out.w, format))
	}
	if name := c.String("explain"); name != "" {
		rule, err := lint.Find(name)
		if err != nil {
			return usage(c, "--explain: %v", err)
		}
		return report.LintRule(env.out.w, rule)
	}
	var disabled []*lint.Rule
	for _, name := range c.StringSlice("disable") {
		rule, err := lint.Find(name)
		if err != nil {
			return usage(c, "--disable: %v", err)
		}
		disabled = append(disabled, rule)
	}
	fsys, names, err := env.findFiles(c)
	if err != nil {
		return err
	}
	found, err := lint.Check(fsys, names)
	if err != nil {
		return err
	}
	found = slices.DeleteFunc(found,
		func(f lint.Finding) bool { return slices.Contains(disabled, f.Rule) })
	opt := report.LintOptions{Files: len(names), Paint: func(s lint.Severity, text string) string {
		colour := report.Yellow
		if s == lint.Error {
			colour = report.Red
		}
		return env.out.paint(colour, text)
	}}
	if opt.Root, err = pathInRepository(); err != nil {
		return err
	}
	if err := report.Lint(env.out.w, found, format, opt); err != nil {
		return formatMistake(c, err)
	}
	if len(found) > 0 {
		return errDiffers
	}
	return nil
}

// findFiles returns the features and then the scenarios at the paths of the command line, as
// findSuite finds them. Users cannot change the built-in ones, so it is an error if there are no
// others.
func (env *environment) findFiles(c *cli.Context) (fsys fs.FS, names []string, err error) {
	paths := c.Args().Slice()
	for _, p := range paths {
		if _, line, ok := strings.Cut(p, ".feature:"); ok {
			return nil, nil, fmt.Errorf("%s: expected a file without a line (:%s)", p, line)
		}
	}
	suite, builtIn, err := env.findSuite(paths)
	if err != nil {
		return nil, nil, err
	}
	if builtIn {
		return nil, nil, usage(c, "the current directory has neither a folder features nor a folder "+
			"scenarios: name a file or a folder")
	}
	return suite.FS, slices.Concat(suite.Features, suite.Scenarios, suite.Phrases), nil
}
