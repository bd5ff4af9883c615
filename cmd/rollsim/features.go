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
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/urfave/cli/v2"

	"rollsim"
	"rollsim/internal/atomicfile"
	"rollsim/internal/osfs"
	"rollsim/reducer"
	"rollsim/report"
	"rollsim/story"
)

func (env *environment) featuresCommand() *cli.Command {
	return &cli.Command{
		Name:      "features",
		Usage:     "run Gherkin features",
		ArgsUsage: "[PATH…]",
		Description: "A PATH is a feature file, FILE:LINE for one scenario of it, or a folder. " +
			"Without one, the folder features/ of the\n" +
			"current directory is run, or the built-in features where there is none.\n\n" +
			"Results come in the order of the files as they are known. What failed is told in full, with " +
			"the command that runs\n" +
			"only that, and its trace is saved.\n\n" +
			"Examples:\n" +
			"  rollsim features features/failure --tags '@machine:v0.2 and not @slow'\n" +
			"  rollsim features mine.feature:42 --watch             while it is written\n" +
			"  rollsim features --rerun failed.txt                  what failed the last time, until " +
			"nothing does\n" +
			"  rollsim features --format github --format junit:features.xml --keep traces       in a " +
			"workflow",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "tags", Usage: "run only scenarios that match `EXPRESSION`, such as " +
				"'@slow and not @machine:v0.2'"},
			&cli.StringFlag{Name: "name", Usage: "run only scenarios whose name has `TEXT` in it; a " +
				"regular expression will do"},
			&cli.BoolFlag{Name: "fast", Usage: "skip scenarios that are tagged @slow"},
			&cli.StringSliceFlag{
				Name: "format", Value: cli.NewStringSlice("pretty"),
				Usage: "write as `FORMAT`: " + strings.Join(report.FeatureFormats(), ", ") + "; FORMAT:FILE " +
					"writes to a file, and may come beside another one",
			},
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Value: "-", Usage: "write to `FILE` " +
				"where the format names none; - is standard output"},
			&cli.IntFlag{
				Name:    "jobs",
				Aliases: []string{"j"},
				Value:   runtime.GOMAXPROCS(0),
				Usage:   "run `N` scenarios at once",
			},
			&cli.BoolFlag{Name: "fail-fast", Usage: "run nothing more after the first failure"},
			&cli.StringFlag{
				Name: "rerun", Usage: "run only what `FILE` lists, if it is there, and list in it what " +
					"fails; it is removed when nothing does",
			},
			&cli.StringFlag{Name: "shuffle", Usage: "run in an order drawn from `SEED`, a number or " +
				"\"random\"; results come in the usual one"},
			&cli.StringFlag{Name: "seed", Usage: "draw from `SEED`, whatever the features say"},
			&cli.StringFlag{Name: "keep", Usage: "save the traces of what failed in `DIR` instead of a " +
				"temporary folder"},
			&cli.BoolFlag{Name: "watch", Usage: "go on, and run each file again when it changes; until " +
				"Ctrl-C"},
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

// featureRun is the command with its options.
type featureRun struct {
	env     *environment
	opt     story.Options
	outputs []featureOutput
	keep    string // the folder for traces; empty for a temporary one
	rerun   string // the file that lists what failed; empty for none
}

// featureOutput is one form in which results are written.
type featureOutput struct{ format, file string }

func (env *environment) newFeatureRun(c *cli.Context) (*featureRun, error) {
	run := &featureRun{env: env, keep: c.String("keep"), rerun: c.String("rerun")}
	run.opt = story.Options{
		FS: osfs.FS{}, Tags: c.String("tags"), Name: c.String("name"), Fast: c.Bool("fast"), Jobs: c.Int("jobs"),
		FailFast: c.Bool("fail-fast"),
	}
	if seed := c.String("seed"); seed != "" {
		n, err := strconv.ParseUint(seed, 10, 64)
		if err != nil {
			return nil, usage(c, "--seed %s: expected a number", seed)
		}
		run.opt.Seed = reducer.Some(n)
	}
	if run.opt.Jobs < 1 {
		return nil, usage(c, "--jobs %d: expected at least 1", run.opt.Jobs)
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
		return nil, usage(c, "--watch: it runs what changes, and not what --rerun lists")
	}
	if c.Bool("watch") && run.opt.FS == rollsim.Library {
		return nil, usage(c, "--watch: the built-in features never change; name a file or a folder")
	}
	if err := run.shuffle(c); err != nil {
		return nil, err
	}
	taken := make(map[string]bool)
	for _, f := range c.StringSlice("format") {
		format, file, named := strings.Cut(f, ":")
		if !named {
			file = c.String("output")
		}
		if file == "" || taken[file] {
			return nil, usage(c, "--format %s: it needs a file of its own, as in %s:FILE", f, format)
		}
		taken[file] = true
		if _, err := report.NewFeatureWriter(io.Discard, format, report.FeatureOptions{}); err != nil {
			return nil, usage(c, "--format: %v", err)
		}
		run.outputs = append(run.outputs, featureOutput{format, file})
	}
	return run, nil
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

// once runs features and writes what becomes of them.
func (run *featureRun) once(ctx context.Context, opt story.Options) error {
	listed, err := readRerun(run.rerun)
	if err != nil {
		return err
	}
	if listed != nil {
		opt.Paths = listed
		run.env.err.printf("running only what %s lists\n", run.rerun)
	}
	writers, files, told, err := run.writers()
	if err != nil {
		return err
	}
	opt.Each = func(s *story.Scenario) {
		if s.Status.Fails() && len(s.Trace) > 0 {
			s.Saved = run.save(s)
		}
		for _, w := range writers {
			w.Scenario(s)
		}
	}
	began := time.Now()
	result, err := story.Run(ctx, opt)
	switch {
	case err == nil, ctx.Err() != nil:
	case listed != nil:
		return fmt.Errorf("%w\nthis is what %s lists; remove it to run everything", err, run.rerun)
	default:
		return err
	}
	for _, w := range writers {
		if err := w.End(&result); err != nil {
			return err
		}
	}
	for _, o := range run.outputs {
		b := files[o.file]
		if b == nil {
			continue
		}
		if err := run.env.writeFile(o.file, func(w io.Writer) error { _, err := b.WriteTo(w); return err }); err != nil {
			return err
		}
	}
	if !told {
		run.env.tellFeatures(&result)
	}
	for _, warning := range result.Warnings {
		run.env.err.printf("%s %s\n", run.env.err.paint(report.Yellow, "warning:"), warning)
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

// writers makes a writer for each output. files hold what goes to files until all is known; told is
// whether a person reads of it on standard output.
func (run *featureRun) writers() (writers []report.FeatureWriter, files map[string]*bytes.Buffer, told bool, err error) {
	files = make(map[string]*bytes.Buffer)
	for _, o := range run.outputs {
		options, err := run.writerOptions(o.format)
		if err != nil {
			return nil, nil, false, err
		}
		w := run.env.out.w
		if o.file == "-" {
			options.Paint = run.env.out.paint
			told = told || o.format != "junit" && o.format != "cucumber"
		} else {
			files[o.file] = new(bytes.Buffer)
			w = files[o.file]
		}
		writer, err := report.NewFeatureWriter(w, o.format, options)
		if err != nil {
			return nil, nil, false, err
		}
		writers = append(writers, writer)
	}
	return writers, files, told, nil
}

// writerOptions are what the environment says of a format.
func (run *featureRun) writerOptions(format string) (opt report.FeatureOptions, err error) {
	if format != "github" {
		return opt, nil
	}
	if name := os.Getenv("GITHUB_STEP_SUMMARY"); name != "" {
		opt.Summary = appender(name)
	}
	opt.Root, err = wayFromRepository()
	return opt, err
}

// wayFromRepository is the way from the folder that a workflow on GitHub checked out to the current
// one; empty elsewhere.
func wayFromRepository() (string, error) {
	root := os.Getenv("GITHUB_WORKSPACE")
	if root == "" {
		return "", nil
	}
	here, err := filepath.Abs(".")
	if err != nil {
		return "", err
	}
	way, err := filepath.Rel(root, here)
	if err != nil || !filepath.IsLocal(way) {
		return "", nil
	}
	return filepath.ToSlash(way), nil
}

// appender is a file to which everything is added that is written.
type appender string

func (name appender) Write(b []byte) (int, error) {
	f, err := os.OpenFile(string(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return 0, err
	}
	n, err := f.Write(b)
	return n, errors.Join(err, f.Close())
}

// save writes the trace of a scenario to a file and tells where. In a temporary folder its name has
// a digest of it, so that no other trace is overwritten and the same run tells the same.
func (run *featureRun) save(s *story.Scenario) string {
	var b bytes.Buffer
	if err := s.WriteTrace(&b); err != nil {
		return fmt.Sprintf("nowhere: %v", err)
	}
	dir, name := run.keep, s.FileName()
	if dir == "" {
		// a folder of that name may be another user's
		dir = filepath.Join(os.TempDir(), fmt.Sprintf("rollsim-%d", os.Getuid()))
		name += fmt.Sprintf("-%08x", uint32(xxhash.Sum64(b.Bytes())))
	}
	file := filepath.Join(dir, name+".ndjson")
	err := os.MkdirAll(dir, 0o755)
	if err == nil {
		err = atomicfile.Write(file, func(w io.Writer) error { _, err := w.Write(b.Bytes()); return err })
	}
	if err != nil {
		return fmt.Sprintf("nowhere: %v", err)
	}
	return file
}

// tellFeatures tells on standard error, in short, what was written elsewhere.
func (env *environment) tellFeatures(r *story.Report) {
	for i := range r.Scenarios {
		if s := &r.Scenarios[i]; s.Status.Fails() {
			env.err.printf("%s %s  %s\n", env.err.paint(report.Red, s.Status.String()), s.Place(), s.Name)
		}
	}
	env.err.printf("%s\n", report.FeatureCounts(r))
}

// readRerun reads the list of what failed: a FILE:LINE in each line. Nil when there is none.
func readRerun(name string) ([]string, error) {
	if name == "" {
		return nil, nil
	}
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	listed := strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' || r == '\r' })
	if len(listed) == 0 {
		return nil, err
	}
	return listed, err
}

// writeRerun lists what failed, and what was not run because of that.
func (env *environment) writeRerun(name string, r *story.Report) error {
	var b bytes.Buffer
	for i := range r.Scenarios {
		if s := &r.Scenarios[i]; s.Status.Fails() || s.Status == story.Unrun {
			fmt.Fprintln(&b, s.Place())
		}
	}
	if b.Len() == 0 {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	return env.writeFile(name, func(w io.Writer) error { _, err := b.WriteTo(w); return err })
}
