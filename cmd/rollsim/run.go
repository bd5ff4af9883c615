package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"rollsim"
	"rollsim/internal/nearest"
	"rollsim/report"
	"rollsim/report/picture"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/trace/input"
)

func (env *environment) runCommand() *cli.Command {
	return &cli.Command{
		Name:      "run",
		Usage:     "simulate one scenario and write its trace",
		ArgsUsage: "SCENARIO",
		Description: "SCENARIO is a scenario file, or the name of a built-in one such as\n" +
			"one-wave-converges, or a scenario of a feature as FILE.feature:LINE. The exit\n" +
			"code is 1 if the violations differ from those that the scenario expects, or if\n" +
			"a sentence does not hold.\n\n" +
			"Examples: rollsim run one-wave-converges --seed 7 -o trace.ndjson\n" +
			"          rollsim run features/waves/life.feature:29",
		Flags: []cli.Flag{
			&cli.Uint64Flag{
				Name:        "seed",
				Usage:       "use seed `N`",
				DefaultText: "the scenario's",
			},
			machineFlag("use machine `M`", "the scenario's"),
			answerFlag(),
			&cli.StringFlag{
				Name:  "until",
				Usage: "stop after the instant of entry `N`, or of a virtual time such as 90m or 3d",
			},
			outputFlag(),
			&cli.StringFlag{
				Name:        "format",
				Usage:       "write `FORMAT`: text, summary, ndjson or svg",
				DefaultText: "svg for a file of that name, ndjson with -o, text without",
			},
		},
		Action: env.runScenario,
	}
}

func (env *environment) runScenario(c *cli.Context) error {
	if c.NArg() != 1 {
		return usage(c, "expected one scenario, got %d", c.NArg())
	}
	output, err := env.output(c, c.Args().First())
	if err != nil {
		return err
	}
	if featurePlace.MatchString(c.Args().First()) {
		return env.runStory(c, output, runFormat(c, output))
	}
	file, err := env.loadScenario(c.Args().First())
	if err != nil {
		return err
	}
	sc := &file.Scenario
	machine, err := env.chosenMachine(c, sc.Machine)
	if err != nil {
		return err
	}
	opt := sim.Options{Machine: machine, Seed: sc.Seed}
	if c.IsSet("seed") {
		opt.Seed = c.Uint64("seed")
	}
	if until := c.String("until"); until != "" {
		if opt.UntilSeq, opt.Until, err = parseUntil(until); err != nil {
			return usage(c, "%v", err)
		}
	}
	format := runFormat(c, output)
	write := map[string]func(io.Writer, sim.Options) (*sim.Result, error){
		"text":    file.WriteText,
		"ndjson":  file.WriteNDJSON,
		"summary": file.WriteSummary,
		"svg": func(w io.Writer, opt sim.Options) (*sim.Result, error) {
			x, result, err := simulated(sc, opt)
			if err != nil {
				return nil, err
			}
			return result, picture.SVG(w, x, picture.Options{})
		},
	}[format]
	if write == nil {
		return usage(c, "--format %s: expected text, summary, ndjson or svg", format)
	}
	var result *sim.Result
	err = env.writeFile(output, func(w io.Writer) error {
		buffered := bufio.NewWriterSize(w, 1<<16)
		var err error
		result, err = write(buffered, opt)
		return errors.Join(err, buffered.Flush())
	})
	if err != nil {
		return err
	}
	if verdict := sc.Verdict(result); verdict != "" {
		env.err.printf("%s\n", env.err.paint(report.Red, verdict))
		return errDiffers
	}
	return nil
}

// runFormat returns the format of the command line, or that of the output.
func runFormat(c *cli.Context, output string) string {
	switch format := c.String("format"); {
	case format != "":
		return format
	case outputKind(output) == ".svg":
		return "svg"
	case c.IsSet("output"):
		return "ndjson"
	}
	return "text"
}

// loadScenario returns the scenario of a file, or the built-in scenario of a name. others are names
// that the command also knows, for the message.
func (env *environment) loadScenario(arg string, others ...string) (*scenario.File, error) {
	if input.IsStream(arg) && arg != input.Stdin {
		return loadStream(arg)
	}
	info, err := os.Stat(arg)
	switch {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("%s is a folder: expected the file of a scenario", arg)
	case err == nil && strings.HasSuffix(arg, ".feature"):
		return nil, fmt.Errorf("%s is a feature: expected a scenario; rollsim features %s runs it",
			arg, arg)
	case err == nil:
		return scenario.LoadFS(env.files, filepath.ToSlash(arg))
	}
	if strings.ContainsAny(arg, `/\`) || strings.HasSuffix(arg, ".yaml") {
		return nil, err
	}
	for _, place := range []fs.FS{env.files, rollsim.Library} {
		name := path.Join("scenarios", arg+".yaml")
		if _, err := fs.Stat(place, name); err == nil {
			return scenario.LoadFS(place, name)
		}
	}
	builtIn, err := scenario.List(rollsim.Library, "scenarios")
	if err != nil {
		return nil, err
	}
	for i, p := range builtIn {
		builtIn[i] = strings.TrimSuffix(path.Base(p), ".yaml")
	}
	return nil, fmt.Errorf("%s is neither a file nor a built-in scenario%s", arg,
		nearest.Hint(arg, append(builtIn, others...)))
}

// loadStream returns the scenario of a pipe, such as that of <(COMMAND).
func loadStream(name string) (*scenario.File, error) {
	data, err := readSome(name)
	if err != nil {
		return nil, err
	}
	return scenario.Parse(filepath.ToSlash(name), data)
}

// readSome reads a file of the command line up to a limit that the parsers of scenarios refuse.
func readSome(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// One byte more than the maximum, so that the parser reports a larger file.
	return io.ReadAll(io.LimitReader(f, scenario.MaxSize+1))
}

// parseUntil parses the number of an entry, or a duration of virtual time.
func parseUntil(s string) (seq uint64, after time.Duration, err error) {
	if seq, err := strconv.ParseUint(s, 10, 64); err == nil && seq > 0 {
		return seq, 0, nil
	}
	if after, err := scenario.ParseDuration(s); err == nil && after > 0 {
		return 0, after, nil
	}
	return 0, 0, fmt.Errorf("--until %s: expected the number of an entry, or a time such as "+
		"90m or 3d", s)
}
