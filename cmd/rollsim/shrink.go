package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"rollsim/controlplane"
	"rollsim/internal/shell"
	"rollsim/machine"
	"rollsim/machine/external"
	"rollsim/reducer"
	"rollsim/report"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/suite/check"
	"rollsim/suite/explore"
	"rollsim/suite/shrink"
)

func (env *environment) shrinkCommand() *cli.Command {
	return &cli.Command{
		Name:      "shrink",
		Usage:     "make a failing scenario small enough to read, and say why it fails",
		ArgsUsage: "WHAT",
		Description: "WHAT is seed:N, which is drawn as rollsim explore draws it, a folder that\n" +
			"rollsim explore wrote, a scenario, or FILE.feature:LINE. The result is the\n" +
			"smallest scenario that still fails in the same way, the same as a feature, what\n" +
			"happens without each line, and which values matter. The exit code is 1 if\n" +
			"WHAT fails, and 0 if there is nothing to shrink.\n\n" +
			"WHAT is also the log of a control plane, as rollsim replay reads it. The result\n" +
			"is the smallest log that has the finding and no other one, without its names,\n" +
			"which can be shown to anybody. It is NDJSON, or a state.db if the finding is\n" +
			"about one of its derived tables.\n\n" +
			"Examples: rollsim shrink seed:21 --machine " + machine.Canary().Name() + "\n" +
			"          rollsim shrink sweep --keep stuck/Active -o small\n" +
			"          rollsim shrink event_log.ndjson.gz --keep finding:defect/set-back -o small",
		Flags: []cli.Flag{
			&cli.StringFlag{
				Name: "keep",
				Usage: "keep failure `KEY`, as reports print it: INVARIANT, INVARIANT/STATE, " +
					"INVARIANT/DEFECT, departs:STATE/EVENT, differs:MACHINE,MACHINE, or finding:CLASS of a log",
				DefaultText: "the first failure",
			},
			&cli.BoolFlag{Name: "exact", Usage: "keep the last event before the violation, too"},
			&cli.StringFlag{
				Name:    "output",
				Aliases: []string{"o"},
				Usage:   "write `NAME`.yaml, its golden and NAME.feature, NAME.ndjson, or NAME.db",
			},
			sweepMachineFlag("that of WHAT"),
			answerFlag(),
			&cli.StringFlag{
				Name: "control-plane",
				Usage: "run under control plane `C`: " + strings.Join(controlPlaneNames(), ", ") +
					", or, for a seed, " + string(explore.DrawnControlPlane),
				DefaultText: "that of WHAT",
			},
			&cli.Uint64Flag{
				Name: "effort", Value: shrink.DefaultEffort,
				Usage: "stop after `N` simulated entries, and mark the case as unfinished",
			},
			forceFlag("files"),
		},
		Action: env.shrink,
	}
}

// shrinkInput is what a command makes smaller.
type shrinkInput struct {
	scenario *sim.Scenario
	machine  reducer.Machine
	key      *shrink.Key
	movable  bool   // its control plane is drawn
	from     string // what it is
}

func (env *environment) shrink(c *cli.Context) error {
	if c.NArg() != 1 {
		return usage(c, "expected seed:N, a folder of rollsim explore, a scenario, FILE.feature:LINE "+
			"or a log")
	}
	if what := c.Args().First(); isLog(what) {
		return env.shrinkLog(c, what)
	}
	in, err := env.shrinkInput(c, c.Args().First())
	if err != nil {
		return err
	}
	if text := c.String("keep"); text != "" {
		key, err := shrink.ParseKey(text)
		if err != nil {
			return usage(c, "--keep: %v", err)
		}
		in.key = &key
	}
	ctx, stop := interruptible()
	defer stop()
	meter := env.newMeter()
	small, err := shrink.Shrink(ctx, shrink.Options{
		Scenario: in.scenario, Machine: in.machine, Key: in.key, Exact: c.Bool("exact"),
		Movable: in.movable, Effort: c.Uint64("effort"),
		Progress: func(p *shrink.Progress) {
			meter.line(func(time.Duration) string {
				return fmt.Sprintf("%d hosts, %d lines, %d entries simulated, pass %s", p.Hosts, p.Lines,
					p.Spent, p.Pass)
			})
		},
	})
	meter.clear()
	if errors.Is(err, shrink.ErrHolds) {
		env.out.printf("%s: %v\n", in.from, err)
		return nil
	}
	if small == nil {
		return err
	}
	view, problem := env.shrinkView(ctx, c, in, small)
	if problem == nil {
		problem = env.writeShrunk(c, in, view)
	}
	if problem == nil {
		problem = report.Shrink(env.out.w, view)
	}
	switch {
	case problem != nil:
		return problem
	case err != nil:
		return err // the machine does not answer
	case ctx.Err() != nil:
		return errUnusable
	}
	return errDiffers
}

// shrinkInput reads what the command line names.
func (env *environment) shrinkInput(c *cli.Context, what string) (*shrinkInput, error) {
	in := &shrinkInput{from: what}
	var err error
	switch seed, isSeed := strings.CutPrefix(what, "seed:"); {
	case isSeed:
		n, parse := strconv.ParseUint(seed, 10, 64)
		if parse != nil {
			return nil, usage(c, "%s: expected a number after seed:", what)
		}
		err = env.drawnInput(c, in, n)
	case isDir(what):
		err = env.sweepInput(c, in, what)
	case featurePlace.MatchString(what):
		choice := choiceOf(c)
		choice.args = []string{what}
		s, _, failure := env.oneStory(c, choice)
		if failure != nil {
			return nil, failure
		}
		sc := *s.Simulated
		in.scenario = &sc
		in.machine, err = env.chosenMachine(c, sc.Machine)
	default:
		file, failure := env.loadScenario(what)
		if failure != nil {
			return nil, failure
		}
		in.scenario = &file.Scenario
		in.machine, err = env.chosenMachine(c, file.Scenario.Machine)
	}
	if err != nil {
		return nil, err
	}
	if name := controlplane.Name(c.String("control-plane")); name != "" && !in.movable {
		if _, err := controlplane.ByName(name); err != nil {
			return nil, usage(c, "--control-plane: %v", err)
		}
		in.scenario.ControlPlane = name
	}
	return in, nil
}

// drawnInput draws the scenario of a seed.
func (env *environment) drawnInput(c *cli.Context, in *shrinkInput, seed uint64) error {
	source := &explore.Source{
		Swarm: explore.NewSwarm(), Machine: c.String("machine"), Faults: explore.SwarmFaults,
		ControlPlane: controlplane.Name(c.String("control-plane")),
	}
	if err := checkControlPlane(c, source.ControlPlane); err != nil {
		return err
	}
	if source.Machine == "" {
		source.Machine = machine.Default().Name()
	}
	m, err := env.openMachine(c, "--machine", source.Machine)
	if err != nil {
		return err
	}
	if strings.HasPrefix(source.Machine, external.Prefix) {
		source.Outside = m
	}
	in.movable = source.ControlPlane == "" || source.ControlPlane == explore.DrawnControlPlane
	in.scenario, in.machine, err = source.Scenario(seed, 0)
	return err
}

// sweepInput returns the smallest seed of a failure of a sweep: of the first one, or of the one
// that --keep names.
func (env *environment) sweepInput(c *cli.Context, in *shrinkInput, dir string) error {
	result, err := env.readResult(dir)
	if err != nil {
		return err
	}
	p := &result.Parameters
	for _, g := range result.Searched() {
		key := g.Key(c.Bool("exact"))
		if keep := c.String("keep"); keep != "" && keep != key.String() {
			continue
		}
		source := &explore.Source{
			Swarm: explore.NewSwarm(), Machine: p.Machine, ControlPlane: p.ControlPlane,
			FaultsArgument: p.Faults,
		}
		if err := env.sourceOf(c, source, p.Scenarios); err != nil {
			return err
		}
		in.key, in.from = &key, fmt.Sprintf("seed %d of %s", g.First.Seed, dir)
		in.movable = len(p.Scenarios) == 0 && p.ControlPlane == ""
		in.scenario, in.machine, err = source.Scenario(g.First.Seed, g.First.Scenario)
		return err
	}
	if keep := c.String("keep"); keep != "" {
		return usage(c, "--keep %s: no failure of %s has this key", keep, dir)
	}
	return fmt.Errorf("%s: nothing to shrink: the sweep has no failures", dir)
}

// sourceOf completes the source of an earlier sweep.
func (env *environment) sourceOf(c *cli.Context, s *explore.Source, scenarios []string) error {
	if strings.HasPrefix(s.Machine, external.Prefix) {
		m, err := env.openMachine(c, "--machine", s.Machine)
		if err != nil {
			return err
		}
		s.Outside = m
	}
	for _, name := range scenarios {
		file, err := env.loadScenario(name)
		if err != nil {
			return err
		}
		s.Given = append(s.Given, explore.Given{Argument: name, Scenario: &file.Scenario})
	}
	var err error
	switch s.FaultsArgument {
	case "swarm":
		s.Faults = explore.SwarmFaults
	case "none":
		s.Faults = explore.NoFaults
	default:
		s.Faults = explore.FaultsOfAFile
		s.Listed, err = env.loadFaults(s.FaultsArgument)
	}
	return err
}

// shrinkView explains a case and writes its feature.
func (env *environment) shrinkView(
	ctx context.Context, c *cli.Context, in *shrinkInput, small *shrink.Case,
) (*report.ShrinkView, error) {
	v := &report.ShrinkView{
		Case: small, From: in.from, File: shrink.File(small), Again: shrinkAgain(c, small.Key),
	}
	if small.Unfinished != "" && !small.Spent {
		return v, nil
	}
	var err error
	if v.Explain, err = shrink.Explain(ctx, small, in.machine); err != nil && ctx.Err() == nil {
		return nil, err
	}
	v.Feature = shrink.WriteFeature(ctx, small, in.machine)
	return v, nil
}

// shrinkAgain returns the command that shrinks the same failure again.
func shrinkAgain(c *cli.Context, key fmt.Stringer) string {
	words := []string{"rollsim", "shrink", c.Args().First(), "--keep", key.String()}
	for _, flag := range []string{"machine", "control-plane"} {
		if c.String(flag) != "" {
			words = append(words, "--"+flag, c.String(flag))
		}
	}
	return shell.Join(words...)
}

// writeShrunk writes the files of -o.
func (env *environment) writeShrunk(c *cli.Context, in *shrinkInput, v *report.ShrinkView) error {
	name := c.String("output")
	if name == "" {
		return nil
	}
	if strings.HasSuffix(name, "/") || name == "-" {
		return usage(c, "-o %q: expected a name without an ending", name)
	}
	files, err := shrunkFiles(strings.TrimSuffix(name, ".yaml"), v)
	if err != nil {
		return err
	}
	if err := env.newFiles(c.Bool("force"), "", files...); err != nil {
		return err
	}
	under := ""
	if c.String("machine") != "" {
		under = " --machine " + shell.Join(c.String("machine"))
	}
	base := strings.TrimSuffix(name, ".yaml")
	v.Next = append(v.Next, "rollsim view "+shell.Join(base+".yaml")+under+" -o "+
		shell.Join(base+".svg"))
	if v.Feature != nil && v.Feature.Text != "" {
		if plane := v.Case.Scenario.ControlPlane; plane != "" && plane != controlplane.Specified {
			under += " --control-plane " + string(plane)
		}
		v.Next = append(v.Next, "rollsim features "+shell.Join(base+".feature")+under)
	}
	return nil
}

// shrunkFiles returns the scenario of a case, its golden and its feature. The golden is the trace
// under the machine that the file names: that of the specification, if it can name none.
func shrunkFiles(base string, v *report.ShrinkView) ([]newFile, error) {
	path := filepath.ToSlash(base + ".yaml")
	text, err := scenario.Format(path, []byte(v.File))
	if err != nil {
		return nil, err
	}
	file, err := scenario.Parse(path, text)
	if err != nil {
		return nil, err
	}
	rec, err := file.Record()
	if err != nil {
		return nil, err
	}
	files := []newFile{
		bytesFile(filepath.FromSlash(check.GoldenPath(path)), rec.Text),
		bytesFile(base+".yaml", text),
	}
	if v.Feature != nil && v.Feature.Text != "" {
		files = append(files, newFile{base + ".feature", func(w io.Writer) error {
			_, err := io.WriteString(w, v.Feature.Text)
			return err
		}})
	}
	return files, nil
}
