package main

import (
	"errors"
	"fmt"
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
		Usage:     "learn the behaviour of hosts from a log, as a file for scenarios to include",
		ArgsUsage: "INPUT…",
		Description: "For every delay of a scenario's behaviour, rollsim chooses the distribution\n" +
			"that is nearest to the recorded delays. It counts the chances of failures and\n" +
			"deferrals, and how often a channel gets a new ref. Comments state the\n" +
			"precision of each value. A delay whose end the log does not have counts as a\n" +
			"longer one. Several INPUTs are one log, in order.\n\n" +
			"Example: rollsim fit event_log.ndjson.gz -o scenarios/included/behaviour.yaml",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{
				Name:        "channel",
				Usage:       "learn only from channel `C`; may be repeated",
				DefaultText: "all",
			},
			&cli.BoolFlag{
				Name:  "no-traffic",
				Usage: "leave out how often refs change, for scenarios with other channels",
			},
			outputFlag(),
		},
		Action: env.fit,
	}
}

func (env *environment) fit(c *cli.Context) error {
	names, err := env.oneLog(c)
	if err != nil {
		return err
	}
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
			return usage(c, "--channel %s: the log does not have it%s", name,
				nearest.Hint(name, learned.Channels))
		}
	}
	if c.Bool("no-traffic") {
		learned.Arrivals = nil
	}
	if !learned.Anything() {
		return located(names, errors.New("the log does not have a complete stage of any host"))
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
	if err := env.writeBytes(output, text); err != nil {
		return err
	}
	if output != "-" {
		env.out.printf("%s: learned from %s of %s\n%s", output, plural.Count(learned.Entries, "entry"),
			plural.Count(learned.Hosts, "host"), learned.Summary())
		env.out.printf("%s\n", includeHint(output))
	}
	return nil
}

// includeHint returns the instruction for including a file in a scenario. rollsim check reads every
// .yaml file as a scenario, except those in a folder named included.
func includeHint(file string) string {
	if filepath.Base(filepath.Dir(file)) == "included" {
		return "next: in a scenario of the folder above, include: included/" + filepath.Base(file)
	}
	return "next: move it into a folder named included, next to the scenarios, because rollsim " +
		"check reads other files as scenarios; then\n" +
		"include: included/" + filepath.Base(file)
}

// origin returns the name of a log for comments, without its path.
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
