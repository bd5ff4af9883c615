package main

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"regexp"

	"github.com/urfave/cli/v2"

	"rollsim/internal/limited"
	"rollsim/scenario"
	"rollsim/story/gherkin"
)

func (env *environment) fmtCommand() *cli.Command {
	return &cli.Command{
		Name:      "fmt",
		Usage:     "format features and scenarios",
		ArgsUsage: "[PATH…]",
		Description: "A PATH is a feature (.feature), a scenario (.yaml) or a folder of them.\n" +
			"Without a PATH, rollsim formats the folders features/ and scenarios/ of the\n" +
			"current directory. It rewrites and lists the files that are not formatted. If\n" +
			"- is the only PATH, it formats standard input to standard output.\n" +
			"Only white space changes: indentation, the columns of tables, blank lines.\n" +
			"The order and the comments stay.\n\n" +
			"Examples: rollsim fmt waves.feature\n" +
			"          rollsim fmt --check",
		Flags: []cli.Flag{
			&cli.BoolFlag{
				Name:  "check",
				Usage: "only list the files that are not formatted; the exit code is 1 if there are any",
			},
		},
		Action: env.fmt,
	}
}

func (env *environment) fmt(c *cli.Context) error {
	if c.NArg() == 1 && c.Args().First() == "-" {
		return env.fmtInput(c.Bool("check"))
	}
	_, names, err := env.findFiles(c)
	if err != nil {
		return err
	}
	changed := 0
	var errs []error
	for _, name := range names {
		text, err := limited.ReadFile(env.files, name, limited.MaxFile)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		formatted, err := format(name, text, filepath.Ext(name) == ".feature")
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if bytes.Equal(formatted, text) {
			continue
		}
		changed++
		if !c.Bool("check") {
			if err := env.rewrite(bytesFile(filepath.FromSlash(name), formatted)); err != nil {
				errs = append(errs, err)
				continue
			}
		}
		env.out.printf("%s\n", name)
	}
	switch {
	case len(errs) > 0:
		return errors.Join(errs...)
	case changed > 0 && c.Bool("check"):
		return errDiffers
	}
	return nil
}

// format formats a feature or a scenario.
func format(name string, text []byte, feature bool) ([]byte, error) {
	if feature {
		return gherkin.Format(name, text)
	}
	return scenario.Format(name, text)
}

// featureStart matches the beginning of a feature after comments.
var featureStart = regexp.MustCompile(`\A(\x{feff}?\s*(#.*)?\n)*\s*(@|Feature:|#\s*language:)`)

// fmtInput formats standard input. It is a feature if it can be read as one or begins like one.
func (env *environment) fmtInput(check bool) error {
	const name = "standard input"
	text, err := limited.ReadAll(name, env.stdin, limited.MaxFile)
	if err != nil {
		return err
	}
	_, err = gherkin.Parse(name, text)
	formatted, err := format(name, text, err == nil || featureStart.Match(text))
	switch {
	case err != nil:
		return err
	case !check:
		out := io.Writer(env.out.w)
		if !env.out.terminal {
			out = env.out.raw // the characters of a file stay as they are
		}
		_, err := out.Write(formatted)
		return err
	case !bytes.Equal(formatted, text):
		env.out.printf("-\n")
		return errDiffers
	}
	return nil
}
