package main

import (
	"runtime"
	"strings"

	"github.com/urfave/cli/v2"
)

// Flags that several commands have.

// jobsFlag is the number of things, such as scenarios, that a command runs at once.
func jobsFlag(things string) cli.Flag {
	return &cli.IntFlag{
		Name:    "jobs",
		Aliases: []string{"j"},
		Value:   runtime.GOMAXPROCS(0),
		Usage:   "run `N` " + things + " at once",
	}
}

// jobs returns the value of jobsFlag.
func jobs(c *cli.Context) (int, error) {
	n := c.Int("jobs")
	if n < 1 {
		return 0, usage(c, "--jobs %d: expected at least 1", n)
	}
	return n, nil
}

// formatFlag is the format of a report.
func formatFlag(value string, formats []string) cli.Flag {
	return &cli.StringFlag{
		Name:  "format",
		Value: value,
		Usage: "print as `FORMAT`: " + strings.Join(formats, ", "),
	}
}

// jsonFlag replaces a report by a JSON document, which a page of the documents describes.
func jsonFlag(page string) cli.Flag {
	return &cli.BoolFlag{Name: "json", Usage: "print one JSON document, see docs/" + page}
}

// outputFlag is the file for a result; its value is that of environment.output.
func outputFlag() cli.Flag {
	return &cli.StringFlag{
		Name:    "output",
		Aliases: []string{"o"},
		Value:   "-",
		Usage:   "write to `FILE` and replace it if it exists; - is standard output",
	}
}
