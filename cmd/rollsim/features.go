package main

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"rollsim"
	"rollsim/features"
	"rollsim/internal/osfs"
)

func (env *environment) featuresCommand() *cli.Command {
	return &cli.Command{
		Name:      "features",
		Usage:     "run Gherkin features",
		ArgsUsage: "[PATH…]",
		Description: "A PATH is a feature file, FILE:LINE for one scenario of it, or a folder. Without one, the folder features/ of the\n" +
			"current directory is run, or the built-in features where there is none.\n\n" +
			"Example: rollsim features features/failure --tags '@machine:v0.2'",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "tags", Usage: "run only scenarios that match `EXPRESSION`, such as '@slow and not @wip'"},
			&cli.StringFlag{Name: "format", Value: "pretty", Usage: "print as `FORMAT`: " + strings.Join(features.Formats(), ", ")},
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Value: "-", Usage: "write to `FILE`; - is standard output"},
		},
		Action: env.features,
	}
}

func (env *environment) features(c *cli.Context) error {
	opt := features.Options{
		FS:      osfs.FS{},
		Tags:    c.String("tags"),
		Format:  c.String("format"),
		NoColor: !env.out.colour || c.String("output") != "-",
	}
	for _, p := range c.Args().Slice() {
		opt.Paths = append(opt.Paths, filepath.ToSlash(p))
	}
	if len(opt.Paths) == 0 {
		opt.Paths = []string{"features"}
		if !isDir("features") {
			opt.FS = rollsim.Library
		}
	}
	var report features.Report
	err := env.writeFile(c.String("output"), func(w io.Writer) error {
		opt.Output = w
		var err error
		report, err = features.Run(opt)
		return err
	})
	if err != nil {
		return err
	}
	if !report.Passed() {
		env.listFailed(&report)
		return errDiffers
	}
	return nil
}

// listFailed names what failed once more at the end, where it is looked for.
func (env *environment) listFailed(report *features.Report) {
	var b bytes.Buffer
	for _, s := range report.Scenarios {
		if s.Status != features.Passed {
			fmt.Fprintf(&b, "  %s:%d  %s\n", s.File, s.Line, s.Name)
		}
	}
	env.err.printf("%s\n%s", env.err.paint(red, "failed:"), b.String())
}
