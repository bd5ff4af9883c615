package main

import (
	"errors"

	"github.com/urfave/cli/v2"

	"rollsim/report"
	"rollsim/story"
)

func (env *environment) stepsCommand() *cli.Command {
	return &cli.Command{
		Name:  "steps",
		Usage: "list the sentences of features",
		Description: "The own sentences of a team are those of the nearest phrases.yaml, in the\n" +
			"folder features/ where one exists, in the current folder or above it.\n\n" +
			"In a sentence, {…} is a value, (…) is optional, and a/b is one of two words.\n\n" +
			"The format questions lists what authors want to state, each with a sentence.\n\n" +
			"Example: rollsim steps --search retention\n" +
			"         rollsim steps --format questions --search offline",
		Flags: []cli.Flag{
			&cli.StringFlag{
				Name: "search",
				Usage: "list only sentences with `WORD`, or all of several words, in their topic, text, " +
					"meaning, example or values, in what authors state with them, or in what traces call it",
			},
			formatFlag("text", report.StepFormats()),
		},
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return usage(c, "expected no argument; use --search to find a word")
			}
			language, err := env.language()
			if err != nil {
				return err
			}
			sentences := language.Sentences(c.String("search"))
			if len(sentences) == 0 {
				return errors.New("no sentence has this word; rollsim steps lists all sentences")
			}
			return formatMistake(c, report.Steps(env.out.w, sentences, c.String("format")))
		},
	}
}

// language returns the sentences of the features in the current folder.
func (env *environment) language() (*story.Language, error) {
	dir := "."
	if isDir("features") {
		dir = "features"
	}
	return story.LanguageOf(env.files, dir)
}
