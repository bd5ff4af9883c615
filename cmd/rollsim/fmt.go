package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"github.com/urfave/cli/v2"

	"rollsim/internal/atomicfile"
	"rollsim/scenario"
	"rollsim/story"
)

func (env *environment) fmtCommand() *cli.Command {
	return &cli.Command{
		Name:      "fmt",
		Usage:     "lay out features and scenarios",
		ArgsUsage: "[PATH…]",
		Description: "A PATH is a feature (.feature), a scenario (.yaml) or a folder of them; without " +
			"one, the folders features/ and\n" +
			"scenarios/ of the current directory. Files that are not laid out are rewritten and named; " +
			"one that cannot be read is\n" +
			"left as it is. As the only PATH, - lays out standard input onto standard output.\n" +
			"Only white space changes: indentation, the columns of tables, blank lines. Comments and the " +
			"order of everything stay.\n\n" +
			"Examples: rollsim fmt waves.feature\n" +
			"          rollsim fmt --check",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "check", Usage: "rewrite nothing: name what is not laid out, and exit " +
				"with 1 if anything is"},
		},
		Action: env.fmt,
	}
}

func (env *environment) fmt(c *cli.Context) error {
	if c.NArg() == 1 && c.Args().First() == "-" {
		return env.fmtInput(c.Bool("check"))
	}
	_, names, err := findFiles(c, "what to lay out")
	if err != nil {
		return err
	}
	changed := 0
	var errs []error
	for _, name := range names {
		file := filepath.FromSlash(name)
		text, err := os.ReadFile(file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		laid, err := lay(name, text, filepath.Ext(name) == ".feature")
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if bytes.Equal(laid, text) {
			continue
		}
		changed++
		if !c.Bool("check") {
			if err := rewrite(file, laid); err != nil {
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

// rewrite replaces a file; of a link, the file that it leads to.
func rewrite(name string, text []byte) error {
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target
	}
	return atomicfile.Write(name, func(w io.Writer) error { _, err := w.Write(text); return err })
}

// lay lays out a file of either kind.
func lay(name string, text []byte, feature bool) ([]byte, error) {
	if feature {
		return story.Format(name, text)
	}
	return scenario.Format(name, text)
}

// featureBegins is how a feature begins, after comments.
var featureBegins = regexp.MustCompile(`\A(\x{feff}?\s*(#.*)?\n)*\s*(@|Feature:|#\s*language:)`)

// fmtInput lays out standard input, which is a feature if it can be read as one, or begins like
// one.
func (env *environment) fmtInput(check bool) error {
	text, err := io.ReadAll(env.stdin)
	if err != nil {
		return err
	}
	const name = "standard input"
	_, err = story.Parse(name, text)
	laid, err := lay(name, text, err == nil || featureBegins.Match(text))
	switch {
	case err != nil:
		return err
	case !check:
		_, err := env.out.w.Write(laid)
		return err
	case !bytes.Equal(laid, text):
		env.out.printf("-\n")
		return errDiffers
	}
	return nil
}
