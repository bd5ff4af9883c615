package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"rollsim"
	"rollsim/reducer"
	"rollsim/report"
	"rollsim/report/picture"
	"rollsim/story"
	"rollsim/suite/prove"
	"rollsim/trace"
)

// runStory runs one scenario of a feature file, and writes its whole trace.
func (env *environment) runStory(c *cli.Context, output, format string) error {
	if c.IsSet("until") {
		return usage(c, "--until: the sentences of a feature decide how long it runs")
	}
	s, machine, err := env.oneStory(c, choiceOf(c))
	if err != nil {
		return err
	}
	write := map[string]func(io.Writer) error{
		"text":   func(w io.Writer) error { return writeStory(w, s) },
		"ndjson": s.WriteTrace,
		"svg": func(w io.Writer) error {
			x, err := report.StoryIndex(s, machine)
			if err != nil {
				return err
			}
			return picture.SVG(w, x, picture.Options{})
		},
	}[format]
	if write == nil {
		return usage(c, "--format %s: expected text, ndjson or svg for a feature", format)
	}
	err = env.writeFile(output, func(w io.Writer) error {
		buffered := bufio.NewWriterSize(w, 1<<16)
		return errors.Join(write(buffered), buffered.Flush())
	})
	if err != nil {
		return err
	}
	if s.Status.Fails() {
		env.err.printf("%s\n%s\n%s\n", env.err.paint(report.Red, s.Place()+": "+s.Status.String()),
			s.Step, s.Details())
		return errDiffers
	}
	return nil
}

// writeStory writes the trace of a scenario as text, with its violations.
func writeStory(w io.Writer, s *story.Scenario) error {
	text := trace.NewText(w, trace.Full)
	for i := range s.Trace {
		if err := text.Write(&s.Trace[i]); err != nil {
			return err
		}
	}
	for _, v := range s.Violations {
		text.Remark(fmt.Sprintf("%v: %s", v, v.Detail))
	}
	return text.Close()
}

// oneStory runs the scenario of a feature file that is chosen. It also returns the
// machine of the choice, or nil.
func (env *environment) oneStory(
	c *cli.Context, choice viewChoice,
) (*story.Scenario, reducer.Machine, error) {
	arg := choice.args[0]
	opt := story.Options{
		FS: env.files, Paths: []string{filepath.ToSlash(arg)}, Traces: true, Name: choice.name,
		Seed: choice.seed, Explorer: prove.Stories(),
	}
	if !env.exists(opt.Paths[0]) && !filepath.IsAbs(arg) {
		opt.FS = rollsim.Library // the features that ship
	}
	if choice.machine != "" {
		m, err := env.openMachine(c, "--machine", choice.machine)
		if err != nil {
			return nil, nil, err
		}
		opt.Machine = m
	}
	done, err := story.Run(context.Background(), opt)
	if err != nil {
		return nil, nil, err
	}
	if n := len(done.Scenarios); n != 1 {
		places := make([]string, 0, n)
		for i := range done.Scenarios {
			places = append(places, done.Scenarios[i].Place())
		}
		return nil, nil, fmt.Errorf("%s: expected one scenario, found %d: choose one of %s", arg, n,
			strings.Join(places[:min(n, 9)], ", "))
	}
	s := &done.Scenarios[0]
	if len(s.Trace) == 0 {
		return nil, nil, fmt.Errorf("%s: this scenario has no trace: %s", s.Place(),
			cmp.Or(s.Message, "it simulates nothing"))
	}
	return s, opt.Machine, nil
}
