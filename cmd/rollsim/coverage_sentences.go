package main

import (
	"errors"
	"io"

	"github.com/urfave/cli/v2"

	"rollsim/report"
	"rollsim/story"
	"rollsim/suite/prove"
)

// sentenceCoverage writes what the features of the suite use of their language.
func (env *environment) sentenceCoverage(c *cli.Context) error {
	for _, other := range []string{"min", "machine"} {
		if c.IsSet(other) {
			return usage(c, "--sentences: it counts no cells; leave out --%s", other)
		}
	}
	output, err := env.output(c, c.Args().Slice()...)
	if err != nil {
		return err
	}
	n, err := jobs(c)
	if err != nil {
		return err
	}
	suite, _, err := env.findSuite(c.Args().Slice())
	if err != nil {
		return err
	}
	if len(suite.Features) == 0 {
		return errors.New("no feature (*.feature) among the paths: only features have sentences")
	}
	ctx, stop := interruptible()
	defer stop()
	groups, err := story.Uses(ctx, story.Options{
		FS: suite.FS, Paths: suite.Features, Jobs: n, Explorer: prove.Stories(),
	})
	if ctx.Err() != nil {
		return errInterrupted
	}
	if err != nil {
		return err
	}
	return env.writeFile(output, func(w io.Writer) error {
		return formatMistake(c, report.Uses(w, groups, c.String("format"), c.Bool("each")))
	})
}
