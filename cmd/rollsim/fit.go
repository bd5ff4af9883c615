package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"rollsim/internal/nearest"
	"rollsim/internal/plural"
	"rollsim/logs/fit"
	"rollsim/reducer"
	"rollsim/trace/input"
)

func (env *environment) fitCommand() *cli.Command {
	return &cli.Command{
		Name:      "fit",
		Usage:     "learn from a log how hosts behave, for scenarios to include",
		ArgsUsage: "INPUT…",
		Description: "For every delay of a scenario's behaviour the distribution is chosen that is " +
			"the nearest to what was recorded; the\n" +
			"chances of failure, deferral and the like, and how often refs come, are counted. Comments " +
			"say how sure each is. What the\n" +
			"log ends too early for counts as having taken longer. Several INPUTs are one log, in " +
			"order.\n\n" +
			"Example: rollsim fit event_log.ndjson.gz -o scenarios/included/behaviour.yaml",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "channel", Usage: "learn from channel `C` only; may be given " +
				"several times", DefaultText: "all"},
			&cli.BoolFlag{Name: "no-traffic", Usage: "leave out how often refs come, for scenarios that " +
				"have other channels"},
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write to `FILE`, in place of " +
				"what is there; - is standard output", Value: "-"},
		},
		Action: env.fit,
	}
}

func (env *environment) fit(c *cli.Context) error {
	if c.NArg() == 0 {
		return usage(c, "expected a log")
	}
	names := c.Args().Slice()
	output, err := env.output(c, names...)
	if err != nil {
		return err
	}
	log, err := env.openLog(names, env.newMeter())
	if err != nil {
		return err
	}
	defer log.Close()
	var only []reducer.ChannelID
	for _, name := range c.StringSlice("channel") {
		only = append(only, reducer.ChannelID(name))
	}
	learned, err := fit.Read(log, only...)
	if err != nil {
		return err
	}
	for _, name := range c.StringSlice("channel") {
		if !slices.Contains(learned.Channels, name) {
			return usage(c, "--channel %s: the log has no such "+
				"channel%s", name, nearest.Hint(name, learned.Channels))
		}
	}
	if c.Bool("no-traffic") {
		learned.Arrivals = nil
	}
	if !learned.Anything() {
		return located(names, errors.New("nothing can be learned from it: it has no stage of a host "+
			"from beginning to end"))
	}
	for _, note := range log.notes() {
		env.err.printf("note: %s: %s\n", strings.Join(names, " "), note)
	}
	text := learned.YAML(origin(names))
	if output != "-" {
		if err := os.MkdirAll(filepath.Dir(output), 0o755); err != nil {
			return err
		}
	}
	if err := env.writeFile(output, func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
		return err
	}
	if output != "-" {
		env.out.printf(
			"%s: learned from %s of %s\n%s", output, plural.Count(learned.Entries, "entry"),
			plural.Count(learned.Hosts, "host"), learned.Summary(),
		)
		env.out.printf("%s\n", includeHint(output))
	}
	return nil
}

// includeHint says how a scenario includes a file. rollsim check takes every other .yaml than those
// in a folder called included for a scenario.
func includeHint(file string) string {
	if dir := filepath.Base(filepath.Dir(file)); dir == "included" {
		return "next: in a scenario beside the folder, include: included/" + filepath.Base(file)
	}
	return "next: move it into a folder called included, beside the scenarios, where rollsim check " +
		"takes it for none of them; then\n" +
		"include: included/" + filepath.Base(file)
}

// origin says in a file where its content is from, without the path.
func origin(names []string) string {
	first := filepath.Base(names[0])
	if input.IsStream(names[0]) {
		first = "a log"
	}
	if n := len(names) - 1; n > 0 {
		first += fmt.Sprintf(" and %d more", n)
	}
	return first
}
