package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"rollsim/controlplane"
	"rollsim/internal/deviation"
	"rollsim/internal/shard"
	"rollsim/machine"
	"rollsim/machine/external"
	"rollsim/reducer"
	"rollsim/report"
	"rollsim/scenario"
	"rollsim/suite/check"
	"rollsim/suite/prove"
	"rollsim/suite/shrink"
)

// longHorizon is the longest horizon of a scenario without a note that the proof takes long.
const longHorizon = 24 * time.Hour

// proofEffort is how many entries are simulated at most to make a counterexample smaller.
const proofEffort = 2_000_000

func (env *environment) proveCommand() *cli.Command {
	return &cli.Command{
		Name:      "prove",
		Usage:     "try every combination of a few things that can go wrong in a small fleet",
		ArgsUsage: "[SCENARIO…]",
		Description: "A SCENARIO is a file, or the name of a built-in fleet; without one, rollsim\n" +
			"tries all built-in fleets. In the plain run of a scenario nothing goes wrong,\n" +
			"and each stage takes the median of its distribution. A deviation is one thing\n" +
			"that happens otherwise. rollsim tries all runs with no deviation, then with one,\n" +
			"then with two, and so on, so that the first counterexample has the fewest. The\n" +
			"exit code is 0 if all invariants hold within the bounds, and 1 if one is\n" +
			"violated or time runs out.\n\n" +
			"Examples: rollsim prove --deviations 1\n" +
			"          rollsim prove --machine v0.1\n" +
			"          rollsim prove --differs v0.2 two-waves",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "deviations", Value: 2, Usage: "try up to `K` deviations at once"},
			&cli.BoolFlag{
				Name: "all", Usage: "try any number of deviations at once, where a fleet is small enough",
			},
			&cli.StringFlag{
				Name: "kinds", DefaultText: "those that each scenario allows",
				Usage: "try deviations of `KINDS`, with commas: " + strings.Join(deviation.Names(), ", "),
			},
			sweepMachineFlag("each scenario's own"),
			answerFlag(),
			&cli.StringFlag{
				Name:        "control-plane",
				Usage:       "run under control plane `NAME`: " + strings.Join(controlPlaneNames(), ", "),
				DefaultText: "each scenario's own",
			},
			&cli.StringFlag{
				Name: "differs",
				Usage: "search for a run that differs under machine or control plane `NAME`, not for " +
					"violations",
			},
			jobsFlag("runs"),
			&cli.StringFlag{
				Name: "shard", Usage: "try only part `i/n`; auto/n reads i from JOB_COMPLETION_INDEX",
			},
			&cli.DurationFlag{
				Name: "for", Usage: "stop after `TIME`, such as 10m, and say what is complete",
			},
			&cli.BoolFlag{
				Name: "partial", Usage: "exit with 0 if all invariants hold so far when time runs out",
			},
			&cli.BoolFlag{
				Name: "continue", Usage: "continue after a counterexample, for failures of other kinds",
			},
			&cli.BoolFlag{
				Name: "all-hosts", Usage: "try each host, also those that another one stands for",
			},
			&cli.StringFlag{
				Name: "output", Aliases: []string{"o"},
				Usage: "write the result and the counterexamples into `DIR`",
			},
			&cli.BoolFlag{Name: "resume", Usage: "continue the search in the folder of -o, if there is one"},
			&cli.BoolFlag{Name: "no-shrink", Usage: "print counterexamples without their small cases"},
		},
		Action: env.prove,
	}
}

// proof is a proof of the command line.
type proof struct {
	*environment
	c       *cli.Context
	bound   int
	outside reducer.Machine // of --machine, in another process
	opt     prove.Options   // of every scenario
	earlier []*prove.Result
	results []*prove.Result
}

func (env *environment) prove(c *cli.Context) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(sweepGarbage)
	}
	p := &proof{environment: env, c: c, bound: c.Int("deviations")}
	fleets, err := p.prepare()
	if err != nil {
		return err
	}
	interrupted, stop := interruptible()
	defer stop()
	ctx, cancel := within(interrupted, c.Duration("for"))
	defer cancel()
	holds := true
	for _, f := range fleets {
		good, err := p.one(ctx, f)
		if err != nil {
			return err
		}
		holds = holds && good
	}
	switch {
	case interrupted.Err() != nil:
		return errInterrupted
	case !holds:
		return errDiffers
	}
	return nil
}

// prepare reads the flags, and returns the scenarios.
func (p *proof) prepare() ([]*scenario.File, error) {
	c := p.c
	err := p.setBound()
	if err != nil {
		return nil, err
	}
	if c.IsSet("kinds") {
		if p.opt.Kinds, err = deviation.Parse(c.String("kinds")); err != nil {
			return nil, usage(c, "--kinds: %v", err)
		}
	}
	if p.opt.Jobs, err = jobs(c); err != nil {
		return nil, err
	}
	if c.Duration("for") < 0 {
		return nil, usage(c, "--for %v: expected a time above 0", c.Duration("for"))
	}
	if s := c.String("shard"); s != "" {
		if p.opt.Shard, err = shard.ParseIndexed(s, os.Getenv("JOB_COMPLETION_INDEX")); err != nil {
			return nil, usage(c, "--%v", err)
		}
	}
	p.opt.Asymmetric, p.opt.Continue = c.Bool("all-hosts"), c.Bool("continue")
	if err := p.other(); err != nil {
		return nil, err
	}
	switch dir := c.String("output"); {
	case dir == "" && c.Bool("resume"):
		return nil, usage(c, "--resume: expected -o DIR, the folder of the search to continue")
	case dir != "":
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
		if c.Bool("resume") {
			p.earlier, err = p.readProof(dir)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
		}
	}
	return p.scenarios()
}

// setBound sets how many deviations are tried at once.
func (p *proof) setBound() error {
	c := p.c
	switch {
	case p.bound < 0 || p.bound >= prove.All:
		return usage(c, "--deviations %d: expected 0 to %d", p.bound, prove.All-1)
	case c.Bool("all") && c.IsSet("deviations"):
		return usage(c, "--all and --deviations: expected one of the two")
	case c.Bool("all") && c.Bool("continue"):
		return usage(c, "--all and --continue: expected one of the two, or --deviations K instead "+
			"of --all")
	case c.Bool("all"):
		p.bound = prove.All
	}
	return nil
}

// other sets what --differs names.
func (p *proof) other() error {
	name := p.c.String("differs")
	if name == "" {
		return nil
	}
	if _, err := controlplane.ByName(controlplane.Name(name)); err == nil {
		p.opt.OtherPlane = controlplane.Name(name)
		return nil
	}
	m, err := p.openMachine(p.c, "--differs", name)
	if err != nil {
		return usage(p.c, "%v; as control planes there are %q", err, controlplane.Names())
	}
	if outside, ok := m.(*external.Machine); ok {
		m = external.Remember(outside)
	}
	p.opt.Other = m
	return nil
}

// scenarios returns the scenarios of the command line, or the built-in fleets.
func (p *proof) scenarios() ([]*scenario.File, error) {
	plane := controlplane.Name(p.c.String("control-plane"))
	if _, err := controlplane.ByName(plane); err != nil {
		return nil, usage(p.c, "--control-plane: %v", err)
	}
	all, err := prove.Fleets()
	if err != nil {
		return nil, err
	}
	if p.c.NArg() > 0 {
		fleets := all
		all = nil
		var names []string
		for _, f := range fleets {
			names = append(names, f.Scenario.Name)
		}
		for _, arg := range p.c.Args().Slice() {
			if i := slices.Index(names, arg); i >= 0 {
				all = append(all, fleets[i])
				continue
			}
			f, err := p.loadScenario(arg, names...)
			if err != nil {
				return nil, err
			}
			all = append(all, f)
		}
	}
	for _, f := range all {
		f.Scenario.ControlPlane = cmp.Or(plane, f.Scenario.ControlPlane)
	}
	return all, nil
}

// machine returns the machine of a scenario. One in another process is asked each question once.
func (p *proof) machine(f *scenario.File) (reducer.Machine, error) {
	if p.outside != nil {
		return p.outside, nil
	}
	m, err := p.chosenMachine(p.c, f.Scenario.Machine)
	if outside, ok := m.(*external.Machine); ok {
		p.outside = external.Remember(outside)
		return p.outside, nil
	}
	return m, err
}

// one tries one scenario, prints the result, and reports whether it holds.
func (p *proof) one(ctx context.Context, f *scenario.File) (bool, error) {
	m, err := p.machine(f)
	if err != nil {
		return false, err
	}
	opt := p.opt
	opt.Scenario, opt.Machine = &f.Scenario, m
	opt.Save = func(r *prove.Result) error { return p.save(r, false) }
	if f.Scenario.Horizon > longHorizon && p.bound > 0 {
		p.err.printf("note: %s: its runs last %s, in which a host that never answers is dispatched "+
			"again each minute: a shorter horizon and a shorter retention make the proof faster\n",
			f.Scenario.Name, scenario.FormatDuration(f.Scenario.Horizon))
	}
	search, err := prove.New(opt)
	if err != nil {
		return false, err
	}
	meter := p.newMeter()
	began := time.Now()
	search.Progress = func(done uint64, level int) {
		meter.line(func(elapsed time.Duration) string {
			what := fmt.Sprintf("up to %d deviations", level)
			if level == prove.All {
				what = "any number of deviations"
			}
			return fmt.Sprintf("%s: %d runs, %.0f/s, with %s", f.Scenario.Name, done,
				float64(done)/elapsed.Seconds(), what)
		})
	}
	var earlier *prove.Result
	for _, r := range p.earlier {
		if r.Scenario == f.Scenario.Name {
			earlier = r
		}
	}
	before := uint64(0)
	if earlier != nil {
		before = earlier.Runs()
	}
	result, err := search.Run(ctx, p.bound, earlier)
	meter.clear()
	if err != nil {
		return false, err
	}
	elapsed := time.Since(began)
	speed := fmt.Sprintf("%.0f runs/s", float64(result.Runs()-before)/elapsed.Seconds())
	if n := result.States(); n > 0 && earlier == nil {
		speed += fmt.Sprintf(", %.0f states/s", float64(n)/elapsed.Seconds())
	}
	p.err.printf("%s took %v: %s\n", result.Scenario, elapsed.Round(time.Millisecond), speed)
	if result.Possible == 0 && p.bound > 0 {
		p.err.printf("note: %s: no deviation of %s is possible in its plain run, which is all that was "+
			"tried\n", result.Scenario, result.Kinds)
	}
	if err := p.save(result, true); err != nil {
		return false, err
	}
	view, err := p.view(ctx, result, m)
	if err != nil {
		return false, err
	}
	if err := report.Prove(p.out.w, view); err != nil {
		return false, err
	}
	return result.Holds() || result.Unfinished && p.c.Bool("partial") && len(result.Found) == 0, nil
}

// view makes the counterexamples of a result smaller, and writes them into the folder of -o.
func (p *proof) view(
	ctx context.Context, r *prove.Result, m reducer.Machine,
) (*report.ProofView, error) {
	view := &report.ProofView{Result: r}
	for _, found := range r.Found {
		file, err := scenario.Parse(r.Scenario+".yaml", []byte(found.File))
		if err != nil {
			return nil, err
		}
		var small *report.ShrinkView
		if !p.c.Bool("no-shrink") && p.opt.OtherPlane == "" {
			if small, err = proofCase(ctx, file, found.Key, m); err != nil {
				return nil, err
			}
		}
		view.Small = append(view.Small, small)
		if dir := p.c.String("output"); dir != "" {
			name := r.Scenario + "-" + strings.NewReplacer("/", "-", ":", "-", ",", "-").Replace(found.Key)
			err := p.writeAgain(bytesFile(filepath.Join(dir, name+".yaml"), []byte(found.File)))
			if err != nil {
				return nil, err
			}
			if small != nil && small.Feature != nil && small.Feature.Text != "" {
				err := p.writeAgain(
					bytesFile(filepath.Join(dir, name+".feature"), []byte(small.Feature.Text)))
				if err != nil {
					return nil, err
				}
			}
		}
	}
	return view, nil
}

// proofCase makes a counterexample smaller. It returns nil if that is not possible.
func proofCase(
	ctx context.Context, file *scenario.File, text string, m reducer.Machine,
) (*report.ShrinkView, error) {
	key, err := shrink.ParseKey(text)
	if err != nil {
		return nil, nil //nolint:nilerr // one of the two machines is in another process
	}
	small, err := shrink.Shrink(ctx, shrink.Options{
		Scenario: &file.Scenario, Machine: m, Key: &key, Effort: proofEffort,
	})
	if small == nil {
		if reducer.IsMachineFailure(err) {
			return nil, err
		}
		return nil, nil //nolint:nilerr // the counterexample itself is the case
	}
	v := &report.ShrinkView{Case: small, File: shrink.File(small)}
	if small.Unfinished == "" || small.Spent {
		v.Feature = shrink.WriteFeature(ctx, small, m)
	}
	return v, err
}

// proofFile is the result of a proof in the folder of -o.
const proofFile = "proof.json"

// save writes the results so far into the folder of -o. A result that is done stays.
func (p *proof) save(r *prove.Result, done bool) error {
	all := append(slices.Clip(p.results), r)
	if done {
		p.results = all
	}
	dir := p.c.String("output")
	if dir == "" {
		return nil
	}
	for _, e := range p.earlier {
		if !slices.ContainsFunc(all, func(r *prove.Result) bool { return r.Scenario == e.Scenario }) {
			all = append(all, e)
		}
	}
	return p.rewrite(newFile{filepath.Join(dir, proofFile), func(w io.Writer) error {
		return prove.WriteJSON(w, all)
	}})
}

// readProof reads the results in a folder.
func (env *environment) readProof(dir string) ([]*prove.Result, error) {
	name := filepath.Join(dir, proofFile)
	f, err := env.files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return prove.ReadJSON(name, f)
}

// mergeProofs merges the results of shards of a proof, and prints the result.
func (env *environment) mergeProofs(c *cli.Context, dirs []string) error {
	var whole []*prove.Result
	for _, dir := range dirs {
		results, err := env.readProof(dir)
		if err != nil {
			return err
		}
		if whole, err = prove.Merge(whole, results); err != nil {
			return usage(c, "%s: %v", dir, err)
		}
	}
	holds := true
	for _, r := range whole {
		if err := report.Prove(env.out.w, &report.ProofView{Result: r}); err != nil {
			return err
		}
		holds = holds && r.Holds()
	}
	if out := c.String("output"); out != "" {
		if err := os.MkdirAll(out, 0o755); err != nil {
			return err
		}
		err := env.writeIn(newFile{filepath.Join(out, proofFile), func(w io.Writer) error {
			return prove.WriteJSON(w, whole)
		}})
		if err != nil {
			return err
		}
	}
	if !holds {
		return errDiffers
	}
	return nil
}

// proveFleets tries the built-in fleets with up to one deviation, as a part of the regression
// suite, and reports whether they hold.
func (env *environment) proveFleets(ctx context.Context, workers int) (bool, error) {
	fleets, err := prove.Fleets()
	if err != nil {
		return false, err
	}
	holds := true
	for _, f := range fleets {
		search, err := prove.New(prove.Options{
			Scenario: &f.Scenario, Machine: machine.Default(), Jobs: workers,
		})
		if err != nil {
			return false, err
		}
		r, err := search.Run(ctx, 1, nil)
		if err != nil {
			return false, err
		}
		status := check.Passed
		if !r.Holds() {
			holds, status = false, check.Failed
		}
		env.out.printf("%s  fleet %s: %s\n",
			env.out.paint(statusColours[status], fmt.Sprintf("%-7s", status)), r.Scenario, r.Verdict())
		if !r.Holds() {
			env.out.printf("    rerun: rollsim prove %s --deviations 1\n", r.Scenario)
		}
	}
	return holds, nil
}
