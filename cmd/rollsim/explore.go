package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"rollsim/controlplane"
	"rollsim/internal/shard"
	"rollsim/machine"
	"rollsim/machine/external"
	"rollsim/report"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/suite/explore"
)

// resultFile is the result of a sweep in the folder of -o.
const resultFile = "result.json"

// checkpointEvery is the time after which a sweep writes its result. A run that is killed loses at
// most that much.
const checkpointEvery = 5 * time.Second

func (env *environment) exploreCommand() *cli.Command {
	return &cli.Command{
		Name:      "explore",
		Usage:     "simulate thousands of seeds, and report the violations of invariants",
		ArgsUsage: "[SCENARIO…]",
		Description: "Without a SCENARIO, each seed draws a fleet, the behaviour of its hosts, its\n" +
			"refs and its faults. The exit code is 1 if an invariant is violated, or a\n" +
			"moment that a SCENARIO lists in sometimes never happens. Machine " +
			machine.Canary().Name() + "\nhas a planted defect, to show a violation.\n\n" +
			"Examples: rollsim explore --seeds 1:10000 -o sweep\n" +
			"          rollsim explore --machine " + machine.Canary().Name() + " --seeds 1:300",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "seeds", Value: "1:1000", Usage: "run seeds `A:B`, both included"},
			sweepMachineFlag("each scenario's own"),
			answerFlag(),
			&cli.StringFlag{
				Name: "control-plane",
				Usage: "run under control plane `NAME`: " + strings.Join(controlPlaneNames(), ", ") +
					", or " + string(explore.DrawnControlPlane) + " (each seed draws one)",
				DefaultText: "specified, drawn for a machine that ships, or each scenario's own",
			},
			&cli.BoolFlag{
				Name:  "specification",
				Usage: "fail if an answer of the machine differs from the specification",
			},
			&cli.StringFlag{
				Name: "faults",
				Usage: "inject faults of `KIND`: swarm (each seed draws them), none, or the name of a " +
					"YAML file with faults",
				DefaultText: "swarm, or none with a SCENARIO",
			},
			jobsFlag("seeds"),
			&cli.StringFlag{
				Name:  "shard",
				Usage: "run only part `i/n`; auto/n reads i from JOB_COMPLETION_INDEX",
			},
			&cli.DurationFlag{
				Name:  "for",
				Usage: "stop after `TIME`, such as 10m, and report on the seeds that are done",
			},
			sweepOutputFlag(),
			&cli.BoolFlag{Name: "resume", Usage: "continue the sweep in the folder of -o, if there is one"},
			&cli.StringFlag{
				Name:  "verify",
				Usage: "run `SHARE` of the seeds, such as 5%, a second time in another process",
			},
			&cli.BoolFlag{
				Name: "no-shrink", Usage: "print what the smallest seed of a failure drew, not its small case",
			},
			&cli.BoolFlag{Name: "json", Usage: "print the result as JSON"},
			&cli.BoolFlag{Name: "fingerprint", Hidden: true},
		},
		Action: env.explore,
	}
}

func controlPlaneNames() []string {
	var names []string
	for _, name := range controlplane.Names() {
		names = append(names, string(name))
	}
	return names
}

// sweepOutputFlag is the folder for the result of a sweep.
func sweepOutputFlag() cli.Flag {
	return &cli.StringFlag{
		Name:    "output",
		Aliases: []string{"o"},
		Usage:   "write the result, its page and the traces of failures into `DIR`",
	}
}

// sweepGarbage is the value of GOGC for a sweep and a proof: they keep little, and each run leaves
// garbage.
const sweepGarbage = 400

func (env *environment) explore(c *cli.Context) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(sweepGarbage)
	}
	sweep, err := env.newSweep(c)
	if err != nil {
		return err
	}
	if c.Bool("fingerprint") {
		// The process that started this one handles interrupts.
		signal.Ignore(os.Interrupt)
		return env.fingerprints(sweep.Source)
	}
	again := &againPool{source: sweep.Source, limit: c.Duration("answer-within")}
	defer again.close()
	sweep.Again = again.run
	if err := env.prepareOutput(c, sweep); err != nil {
		return err
	}
	interrupted, stop := interruptible()
	defer stop()
	ctx, cancel := within(interrupted, c.Duration("for"))
	defer cancel()
	if sweep.Seeds.Count() == 1 && !c.Bool("json") {
		for n := range max(1, c.NArg()) {
			env.out.printf("%s\n", sweep.Source.Describe(sweep.Seeds.From, n))
		}
	}
	began := time.Now()
	before := uint64(0)
	if sweep.Resume != nil {
		before = sweep.Resume.Entries
	}
	meter := &sweepMeter{meter: env.newMeter()}
	sweep.Progress = meter.show
	result, err := sweep.Run(ctx)
	meter.clear()
	if err != nil {
		return err
	}
	if elapsed := time.Since(began); meter.seeds > 0 {
		env.err.printf("took %v: %.0f seeds/s, %.0f entries/s\n", elapsed.Round(time.Millisecond),
			float64(meter.seeds)/elapsed.Seconds(), float64(result.Entries-before)/elapsed.Seconds())
	}
	if !c.Bool("no-shrink") {
		if err := env.shrinkFailures(ctx, c.String("output"), sweep, result); err != nil {
			return err
		}
	}
	if dir := c.String("output"); dir != "" {
		if err := env.writeSweepPage(interrupted, dir, result); err != nil {
			return err
		}
	}
	if err := env.printSweep(c, result); err != nil {
		return err
	}
	if interrupted.Err() != nil && !result.ShareDone() {
		return errInterrupted // the seeds that did not run might have failed
	}
	return nil
}

// printSweep prints a result. It returns errDiffers if the result has failures.
func (env *environment) printSweep(c *cli.Context, result *explore.Result) error {
	var err error
	if c.Bool("json") {
		err = result.WriteJSON(env.out.w)
	} else {
		err = report.Explore(env.out.w, result)
	}
	if err == nil && !result.OK() {
		return errDiffers
	}
	return err
}

// newSweep returns the sweep of the command line.
func (env *environment) newSweep(c *cli.Context) (*explore.Sweep, error) {
	seeds, err := explore.ParseRange(c.String("seeds"))
	if err != nil {
		return nil, usage(c, "--%v", err)
	}
	source, err := env.newSource(c)
	if err != nil {
		return nil, err
	}
	sweep := &explore.Sweep{
		Source: source, Seeds: seeds, CheckpointEvery: checkpointEvery,
	}
	if sweep.Jobs, err = jobs(c); err != nil {
		return nil, err
	}
	if c.Duration("for") < 0 {
		return nil, usage(c, "--for %v: expected a time above 0", c.Duration("for"))
	}
	if s := c.String("shard"); s != "" {
		if sweep.Shard, err = shard.ParseIndexed(s, os.Getenv("JOB_COMPLETION_INDEX")); err != nil {
			return nil, usage(c, "--%v", err)
		}
	}
	if s := c.String("verify"); s != "" {
		if sweep.VerifyPerMille, err = parseShare(s); err != nil {
			return nil, usage(c, "--verify %s: %v", s, err)
		}
	}
	return sweep, nil
}

func (env *environment) newSource(c *cli.Context) (*explore.Source, error) {
	source := &explore.Source{
		Swarm:          explore.NewSwarm(),
		Machine:        c.String("machine"),
		ControlPlane:   controlplane.Name(c.String("control-plane")),
		Strict:         c.Bool("specification"),
		FaultsArgument: c.String("faults"),
	}
	if err := checkControlPlane(c, source.ControlPlane); err != nil {
		return nil, err
	}
	if source.Machine == "" && c.NArg() == 0 {
		source.Machine = machine.Default().Name()
	}
	switch {
	case source.Machine == "":
	case strings.HasPrefix(source.Machine, external.Prefix):
		m, err := env.openMachine(c, "--machine", source.Machine)
		if err != nil {
			return nil, err
		}
		source.Outside = m
	default:
		if _, err := machine.ForSweep(source.Machine); err != nil {
			return nil, usage(c, "--machine: %v, and %sCMD for one in another process", err, external.Prefix)
		}
	}
	if source.FaultsArgument == "" {
		source.FaultsArgument = "swarm"
		if c.NArg() > 0 {
			source.FaultsArgument = "none"
		}
	}
	switch source.FaultsArgument {
	case "swarm":
		source.Faults = explore.SwarmFaults
	case "none":
		source.Faults = explore.NoFaults
	default:
		source.Faults = explore.FaultsOfAFile
		var err error
		source.Listed, err = env.loadFaults(source.FaultsArgument)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, usage(c, "--faults: expected swarm, none or a YAML file: %v", err)
		}
		if err != nil {
			return nil, err
		}
	}
	named := make(map[string]bool)
	for _, arg := range c.Args().Slice() {
		file, err := env.loadScenario(arg)
		if err != nil {
			return nil, err
		}
		name := explore.ScenarioName(arg)
		if named[name] {
			return nil, usage(c, "two scenarios have the name %s", name)
		}
		named[name] = true
		source.Given = append(source.Given, explore.Given{Argument: arg, Scenario: &file.Scenario})
	}
	return source, nil
}

// checkControlPlane checks the name of --control-plane.
func checkControlPlane(c *cli.Context, name controlplane.Name) error {
	if name == explore.DrawnControlPlane {
		return nil
	}
	if _, err := controlplane.ByName(name); err != nil {
		return usage(c, "--control-plane: %v, and %q", err, explore.DrawnControlPlane)
	}
	return nil
}

// prepareOutput makes the sweep write into the folder of -o, and with --resume continue the sweep
// in it.
func (env *environment) prepareOutput(c *cli.Context, sweep *explore.Sweep) error {
	dir := c.String("output")
	if dir == "" {
		if c.Bool("resume") {
			return usage(c, "--resume: expected -o DIR, the folder of the sweep to continue")
		}
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if c.Bool("resume") {
		r, err := env.readResult(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		sweep.Resume = r
	}
	sweep.Checkpoint = func(r *explore.Result) error {
		return env.rewrite(resultOf(dir, r))
	}
	sweep.Keep = func(r *explore.Result, e *explore.Example) error {
		name := filepath.Join(dir, r.FileName(e))
		// The smallest seed of several kinds of failures is often the same.
		err := env.writeAgain(newFile{name + ".ndjson", func(w io.Writer) error {
			return sweep.Source.WriteTrace(w, e.Seed, e.Scenario)
		}})
		if err != nil || len(sweep.Source.Given) > 0 {
			return err
		}
		return env.writeAgain(newFile{name + ".yaml", func(w io.Writer) error {
			return sweep.Source.WriteScenario(w, e.Seed)
		}})
	}
	return nil
}

// resultOf returns the result file of a folder.
func resultOf(dir string, r *explore.Result) newFile {
	return newFile{filepath.Join(dir, resultFile), r.WriteJSON}
}

// readResult reads a result file, or the result file of a folder.
func (env *environment) readResult(name string) (*explore.Result, error) {
	if isDir(name) {
		name = filepath.Join(name, resultFile)
	}
	f, err := env.files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return explore.ReadJSON(name, f)
}

// parseShare parses a percentage with at most one decimal.
func parseShare(s string) (perMille int, err error) {
	number, isPercent := strings.CutSuffix(s, "%")
	whole, tenth, _ := strings.Cut(number, ".")
	w, err := strconv.ParseUint(whole, 10, 8)
	t := uint64(0)
	if err == nil && tenth != "" {
		t, err = strconv.ParseUint(tenth, 10, 8)
	}
	if err != nil || !isPercent || len(tenth) > 1 || w*10+t > 1000 {
		return 0, errors.New("expected a share such as 5% or 0.5%")
	}
	return int(w*10 + t), nil
}

// sweepMeter shows the progress of a sweep.
type sweepMeter struct {
	*meter
	seeds uint64 // the number of seeds that this process has run
}

func (m *sweepMeter) show(done, share uint64) {
	m.seeds++
	m.line(func(elapsed time.Duration) string {
		rate := float64(m.seeds) / elapsed.Seconds()
		left := time.Duration(float64(share-done) / rate * float64(time.Second)).Round(time.Second)
		return fmt.Sprintf("%d of %d seeds, %.0f/s, %v left", done, share, rate, left)
	})
}

// loadFaults reads a file that holds a list of faults.
func (env *environment) loadFaults(name string) ([]sim.Fault, error) {
	env.files.add(name)
	data, err := readSome(name)
	if err != nil {
		return nil, err
	}
	return scenario.ParseFaults(name, data)
}
