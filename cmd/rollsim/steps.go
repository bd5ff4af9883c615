package main

import (
	"errors"
	"strings"

	"github.com/urfave/cli/v2"

	"rollsim/report"
	"rollsim/story"
)

func (env *environment) stepsCommand() *cli.Command {
	return &cli.Command{
		Name:  "steps",
		Usage: "list the sentences that features may use",
		Description: "In the words, {…} is a value, (…) may be left out, a/b is one or the other.\n\n" +
			"Example: rollsim steps --search retention",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "search", Usage: "only those that have `WORD`, or each of several, in " +
				"their topic, words, meaning or example"},
			&cli.StringFlag{
				Name:  "format",
				Value: "text",
				Usage: "print as `FORMAT`: " + strings.Join(report.StepFormats(), ", "),
			},
		},
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return usage(c, "expected no argument; use --search to find a word")
			}
			sentences := story.Vocabulary(c.String("search"))
			if len(sentences) == 0 {
				return errors.New("no sentence has that word; rollsim steps lists all of them")
			}
			return formatMistake(c, report.Steps(env.out.w, sentences, c.String("format")))
		},
	}
}
