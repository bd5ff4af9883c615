package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/urfave/cli/v2"

	"rollsim"
	"rollsim/controlplane"
	"rollsim/internal/limited"
	"rollsim/reducer"
	"rollsim/report"
	"rollsim/scenario"
	"rollsim/story"
	"rollsim/story/gherkin"
	"rollsim/suite/prove"
)

func (env *environment) featuresCommand() *cli.Command {
	return &cli.Command{
		Name:      "features",
		Usage:     "run Gherkin features",
		ArgsUsage: "[PATH…]",
		Description: "A PATH is a feature file, FILE:LINE for one of its scenarios, or a folder.\n" +
			"Without a PATH, rollsim runs the folder features/ of the current directory,\n" +
			"or the built-in features if none exists.\n\n" +
			"Results appear in the order of the files. A failure shows its steps, the\n" +
			"command that runs only that scenario, and the file with its trace.\n\n" +
			"Examples:\n" +
			"  rollsim features features/failure --tags '@machine:v0.2 and not @slow'\n" +
			"  # run one scenario again while you write it\n" +
			"  rollsim features mine.feature:42 --watch\n" +
			"  # run only the scenarios that failed the last time, until all pass\n" +
			"  rollsim features --rerun failed.txt\n" +
			"  # in a workflow\n" +
			"  rollsim features --format github --format junit:features.xml --keep traces",
		Flags: []cli.Flag{
			&cli.StringFlag{
				Name:  "tags",
				Usage: "run only scenarios that match `EXPRESSION`, such as '@slow and not @machine:v0.2'",
			},
			&cli.StringFlag{
				Name:  "name",
				Usage: "run only scenarios whose name matches `TEXT`, a regular expression",
			},
			machineFlag("decide the transitions of all scenarios by machine `M`",
				"the one that each scenario chooses"),
			answerFlag(),
			&cli.BoolFlag{Name: "fast", Usage: "skip scenarios that are tagged @slow"},
			&cli.StringSliceFlag{
				Name:  "format",
				Value: cli.NewStringSlice("pretty"),
				Usage: "write as `FORMAT`: " + strings.Join(report.FeatureFormats(), ", ") +
					"; FORMAT:FILE writes to a file; several formats may be given",
			},
			&cli.StringFlag{
				Name:    "output",
				Aliases: []string{"o"},
				Value:   "-",
				Usage:   "write a format without a file to `FILE`; - is standard output",
			},
			jobsFlag("scenarios"),
			vacuousFlag(),
			&cli.BoolFlag{Name: "fail-fast", Usage: "start no more scenarios after the first failure"},
			&cli.StringFlag{
				Name: "rerun",
				Usage: "run only the scenarios listed in `FILE`, if it exists, and replace the list by those " +
					"that fail; remove the file if none fails",
			},
			&cli.StringFlag{
				Name:  "shuffle",
				Usage: "run in an order drawn from `SEED`, a number or \"random\"; report in the usual order",
			},
			&cli.StringFlag{
				Name: "control-plane",
				Usage: "run under control plane `C` unless a feature chooses one: " +
					strings.Join(controlPlaneNames(), ", "),
				DefaultText: string(controlplane.Specified),
			},
			&cli.StringFlag{Name: "seed", Usage: "use `SEED` instead of the seeds of the features"},
			&cli.StringFlag{
				Name: "keep",
				Usage: "write the traces of failures into `DIR` instead of a temporary folder; all writes " +
					"the traces of all scenarios, all:DIR writes them into DIR",
			},
			&cli.BoolFlag{Name: "watch", Usage: "run each file again when it changes, until Ctrl-C"},
		},
		Action: env.features,
	}
}

func (env *environment) features(c *cli.Context) error {
	run, err := env.newFeatureRun(c)
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	if c.Bool("watch") {
		return run.watch(ctx)
	}
	return run.once(ctx, run.opt)
}

// featureRun is an invocation of the command.
type featureRun struct {
	env     *environment
	opt     story.Options
	outputs []featureOutput
	keep    string // the folder for traces; empty for a temporary one
	keepAll bool   // the traces of all scenarios
	rerun   string // the file that lists failures; empty for none

	// temporary returns the folder for traces without keep, the same one for all of them.
	temporary func() (string, error)
}

// keepFolder returns the folder of --keep, which is empty for a temporary one, and reports whether
// the traces of all scenarios are wanted. A folder with the name all is written ./all.
func keepFolder(c *cli.Context) (dir string, all bool) {
	dir = c.String("keep")
	if dir == "all" {
		return "", true
	}
	return strings.CutPrefix(dir, "all:")
}

// featureOutput is one of the formats of the results, and its file.
type featureOutput struct{ format, file string }

func (env *environment) newFeatureRun(c *cli.Context) (*featureRun, error) {
	run := &featureRun{env: env, rerun: c.String("rerun")}
	run.keep, run.keepAll = keepFolder(c)
	run.temporary = sync.OnceValues(func() (string, error) { return ownFolder(os.TempDir()) })
	run.opt = story.Options{
		FS: env.files, Tags: c.String("tags"), Name: c.String("name"), Fast: c.Bool("fast"),
		FailFast: c.Bool("fail-fast"), Traces: run.keepAll, Explorer: prove.Stories(),
	}
	var err error
	if run.opt.Jobs, err = jobs(c); err != nil {
		return nil, err
	}
	if run.opt.Vacuous, err = vacuity(c); err != nil {
		return nil, err
	}
	if c.IsSet("machine") {
		if run.opt.Machine, err = env.chosenMachine(c, ""); err != nil {
			return nil, err
		}
	}
	run.opt.ControlPlane = controlplane.Name(c.String("control-plane"))
	if _, err := controlplane.ByName(run.opt.ControlPlane); err != nil {
		return nil, usage(c, "--control-plane: %v", err)
	}
	if seed := c.String("seed"); seed != "" {
		n, err := strconv.ParseUint(seed, 10, 64)
		if err != nil {
			return nil, usage(c, "--seed %s: expected a number", seed)
		}
		run.opt.Seed = reducer.Some(n)
	}
	for _, p := range c.Args().Slice() {
		run.opt.Paths = append(run.opt.Paths, filepath.ToSlash(p))
	}
	if len(run.opt.Paths) == 0 {
		run.opt.Paths = []string{"features"}
		if !isDir("features") {
			run.opt.FS = rollsim.Library
		}
	}
	if c.Bool("watch") && run.rerun != "" {
		return nil, usage(c, "--watch runs the files that change: it cannot be combined with --rerun")
	}
	if c.Bool("watch") && run.opt.FS == rollsim.Library {
		return nil, usage(c, "--watch: the built-in features never change; name a file or a folder")
	}
	if err := run.shuffle(c); err != nil {
		return nil, err
	}
	return run, run.readFormats(c)
}

// checkOutputs returns an error if a file to write is one of the features.
func (run *featureRun) checkOutputs(c *cli.Context) error {
	if run.opt.FS == run.env.files {
		// story.Run reports an error
		names, _ := gherkin.Files(run.opt.FS, run.opt.Paths)
		run.env.files.add(names...)
	}
	if err := run.env.checkOutput(c, "--rerun", run.rerun); err != nil {
		return err
	}
	for _, o := range run.outputs {
		if err := run.env.checkOutput(c, "--format "+o.format, o.file); err != nil {
			return err
		}
	}
	return nil
}

// readFormats reads --format and --output.
func (run *featureRun) readFormats(c *cli.Context) error {
	used := make(map[string]bool)
	for _, f := range c.StringSlice("format") {
		format, file, named := strings.Cut(f, ":")
		if !named {
			file = c.String("output")
		}
		if file == "" || used[file] {
			return usage(c, "--format %s: expected a file that no other format has: %s:FILE", f, format)
		}
		used[file] = true
		if _, err := report.NewFeatureWriter(io.Discard, format, report.FeatureOptions{}); err != nil {
			return usage(c, "--format: %v", err)
		}
		run.outputs = append(run.outputs, featureOutput{format, file})
		run.opt.Traces = run.opt.Traces || format == "html" // it has a picture of each scenario
	}
	return run.checkOutputs(c)
}

func (run *featureRun) shuffle(c *cli.Context) error {
	switch seed := c.String("shuffle"); seed {
	case "":
		return nil
	case "random":
		run.opt.Shuffle = uint64(time.Now().UnixNano())
	default:
		n, err := strconv.ParseUint(seed, 10, 64)
		if err != nil || n == 0 {
			return usage(c, "--shuffle %s: expected a number from 1, or random", seed)
		}
		run.opt.Shuffle = n
	}
	run.env.err.printf("the order is that of --shuffle %d\n", run.opt.Shuffle)
	return nil
}

// once runs features and writes their results.
func (run *featureRun) once(ctx context.Context, opt story.Options) error {
	listed, err := run.env.readRerun(run.rerun)
	if err != nil {
		return err
	}
	if listed != nil {
		opt.Paths = listed
		if opt.FS == rollsim.Library && run.env.exists(listed[0]) {
			opt.FS = run.env.files // the list was not written by a run of the built-in features
		}
		run.env.err.printf("running only the scenarios of %s\n", run.rerun)
	}
	results, err := run.newResults()
	if err != nil {
		return err
	}
	opt.Each = func(s *story.Scenario) {
		if (s.Status.Fails() || run.keepAll) && len(s.Trace) > 0 {
			s.Saved = run.save(s)
			s.Repeats = run.saveScenario(s)
		}
		results.scenario(s)
	}
	began := time.Now()
	result, err := story.Run(ctx, opt)
	switch {
	case err == nil, ctx.Err() != nil:
	case listed != nil:
		return fmt.Errorf("%w\n%s lists the scenarios to run; remove it to run all", err, run.rerun)
	default:
		return err
	}
	if err := results.end(&result); err != nil {
		return err
	}
	if dir := run.keep; run.keepAll {
		if dir == "" {
			dir, _ = run.temporary() // the scenarios have the error
		}
		run.env.err.printf("the traces of all scenarios are in %s\n", dir)
	}
	run.env.err.printf("took %v\n", time.Since(began).Round(time.Millisecond))
	if err != nil {
		return errInterrupted
	}
	if run.rerun != "" {
		if err := run.env.writeRerun(run.rerun, &result); err != nil {
			return err
		}
	}
	if !result.Passed() {
		return errDiffers
	}
	return nil
}

// featureResults writes the results of one run in all formats. A file is written at the end.
type featureResults struct {
	env     *environment
	writers []report.FeatureWriter
	files   []featureFile
	visible bool // standard output has a format for people
}

// featureFile is the content of an output file.
type featureFile struct {
	name    string
	content *bytes.Buffer
}

// newResults returns the results of a run, with a writer for each output.
func (run *featureRun) newResults() (*featureResults, error) {
	r := &featureResults{env: run.env}
	for _, o := range run.outputs {
		options, err := run.env.writerOptions(o.format)
		if err != nil {
			return nil, err
		}
		options.Tutorial, options.Machine = rollsim.Tutorial, run.opt.Machine
		w := io.Writer(run.env.out.w)
		if o.file == "-" {
			options.Paint = run.env.out.paint
			r.visible = r.visible || !slices.Contains(formatsForTools, o.format)
		} else {
			f := featureFile{o.file, new(bytes.Buffer)}
			r.files = append(r.files, f)
			w = f.content
		}
		writer, err := report.NewFeatureWriter(w, o.format, options)
		if err != nil {
			return nil, err
		}
		r.writers = append(r.writers, writer)
	}
	return r, nil
}

// formatsForTools are the formats that show nothing on a terminal.
var formatsForTools = []string{"junit", "cucumber", "html"}

func (r *featureResults) scenario(s *story.Scenario) {
	for _, w := range r.writers {
		w.Scenario(s)
	}
}

// end writes the end of each format, the files and the warnings.
func (r *featureResults) end(result *story.Report) error {
	for _, w := range r.writers {
		if err := w.End(result); err != nil {
			return err
		}
	}
	for _, f := range r.files {
		if err := r.env.writeBytes(f.name, f.content.Bytes()); err != nil {
			return err
		}
	}
	if !r.visible {
		r.env.printFailures(result)
	}
	r.env.printWarnings(result.Warnings)
	return nil
}

func (env *environment) printWarnings(warnings []string) {
	for _, warning := range warnings {
		env.err.printf("%s %s\n", env.err.paint(report.Yellow, "warning:"), warning)
	}
}

func vacuousFlag() cli.Flag {
	return &cli.StringFlag{
		Name:  "vacuous",
		Value: "fail",
		Usage: "let a scenario of a feature that is vacuous `fail` or warn: something in it has no " +
			"effect, or an expectation could not fail",
	}
}

// vacuity reads --vacuous.
func vacuity(c *cli.Context) (story.Vacuity, error) {
	switch v := c.String("vacuous"); v {
	case "fail":
		return story.VacuousFails, nil
	case "warn":
		return story.VacuousWarns, nil
	default:
		return 0, usage(c, "--vacuous %s: expected fail or warn", v)
	}
}

// writerOptions returns the options of a format that depend on environment variables.
func (env *environment) writerOptions(format string) (opt report.FeatureOptions, err error) {
	if format != "github" {
		return opt, nil
	}
	if name := os.Getenv("GITHUB_STEP_SUMMARY"); name != "" {
		opt.Summary = &appender{env, name}
	}
	opt.Root, err = pathInRepository()
	return opt, err
}

// pathInRepository returns the path from the repository that a workflow on GitHub checked out to
// the current folder. It is empty outside of a workflow.
func pathInRepository() (string, error) {
	root := os.Getenv("GITHUB_WORKSPACE")
	if root == "" {
		return "", nil
	}
	current, err := filepath.Abs(".")
	if err != nil {
		return "", err
	}
	path, err := filepath.Rel(root, current)
	if err != nil || !filepath.IsLocal(path) {
		return "", nil
	}
	return filepath.ToSlash(path), nil
}

// appender appends to a file, unless it is one of the inputs.
type appender struct {
	env  *environment
	name string
}

func (a *appender) Write(b []byte) (int, error) {
	if err := a.env.files.checkOutput(a.name, writeAgain); err != nil {
		return 0, fmt.Errorf("GITHUB_STEP_SUMMARY: %w", err)
	}
	f, err := os.OpenFile(a.name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return 0, err
	}
	n, err := f.Write(b)
	a.env.files.wrote(a.name, true)
	return n, errors.Join(err, f.Close())
}

// save writes the trace of a scenario to a file and returns the name of the file, or the reason why
// it was not written. In a temporary folder the name has a digest of the trace: no other trace is
// overwritten, and the same run has the same name.
func (run *featureRun) save(s *story.Scenario) string {
	var b bytes.Buffer
	if err := s.WriteTrace(&b); err != nil {
		return fmt.Sprintf("nowhere: %v", err)
	}
	dir, name := run.keep, s.FileName()
	var err error
	if dir == "" {
		dir, err = run.temporary()
		name += fmt.Sprintf("-%08x", uint32(xxhash.Sum64(b.Bytes())))
	} else {
		err = os.MkdirAll(dir, 0o755)
	}
	file := filepath.Join(dir, name+".ndjson")
	if err == nil {
		err = run.env.writeAgain(bytesFile(file, b.Bytes()))
	}
	if err != nil {
		return fmt.Sprintf("nowhere: %v", err)
	}
	return file
}

// saveScenario writes the scenario that repeats the run in which something goes wrong to a file
// next
// to that of the trace. It returns the name of the file, or an empty one without such a run.
func (run *featureRun) saveScenario(s *story.Scenario) string {
	trace, saved := strings.CutSuffix(s.Saved, ".ndjson")
	if len(s.Wrong) == 0 || !saved {
		return ""
	}
	comment := append([]string{s.Place() + ": " + s.Name}, s.Wrong...)
	var b bytes.Buffer
	err := scenario.Write(&b, s.Simulated, scenario.Writing{
		Machine: s.Simulated.Machine, Comment: comment, Brief: true,
	})
	file := trace + ".yaml"
	if err == nil {
		err = run.env.writeAgain(bytesFile(file, b.Bytes()))
	}
	if err != nil {
		return fmt.Sprintf("nowhere: %v", err)
	}
	return file
}

// printFailures writes the failures and counts to standard error.
func (env *environment) printFailures(r *story.Report) {
	for i := range r.Scenarios {
		if s := &r.Scenarios[i]; s.Status.Fails() {
			env.err.printf("%s %s  %s\n", env.err.paint(report.Red, s.Status.String()), s.Place(), s.Name)
		}
	}
	env.err.printf("%s\n", report.FeatureCounts(r))
}

// readRerun reads a list of failures, one FILE:LINE per line. The result is nil if there is no
// list.
func (env *environment) readRerun(name string) ([]string, error) {
	if name == "" {
		return nil, nil
	}
	text, err := env.files.readSmall(name, limited.MaxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	listed := strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' || r == '\r' })
	if len(listed) == 0 {
		return nil, nil
	}
	return listed, nil
}

// exists reports whether the file of a line of a list of failures exists.
func (env *environment) exists(place string) bool {
	file, _, named := strings.Cut(place, ".feature:")
	if named {
		file += ".feature"
	}
	_, err := fs.Stat(env.files, file)
	return err == nil
}

// writeRerun writes the list of failures, and of the scenarios that did not run because of one. It
// removes the file if none exist.
func (env *environment) writeRerun(name string, r *story.Report) error {
	var b bytes.Buffer
	for i := range r.Scenarios {
		if s := &r.Scenarios[i]; s.Status.Fails() || s.Status == story.Unrun {
			fmt.Fprintln(&b, s.Place())
		}
	}
	if b.Len() == 0 {
		if err := env.files.checkOutput(name, rewrite); err != nil {
			return err
		}
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	return env.rewrite(bytesFile(name, b.Bytes()))
}
