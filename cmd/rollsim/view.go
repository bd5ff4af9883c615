package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"rollsim"
	"rollsim/internal/shell"
	"rollsim/logs/replay"
	"rollsim/reducer"
	"rollsim/report"
	"rollsim/report/picture"
	"rollsim/sim"
	"rollsim/timeline"
	"rollsim/trace"
	"rollsim/trace/input"
)

func (env *environment) viewCommand() *cli.Command {
	return &cli.Command{
		Name:      "view",
		Usage:     "draw a run or a log as a picture, or as a page",
		ArgsUsage: "INPUT…",
		Description: "INPUT is a scenario as rollsim run reads it, one scenario of a feature file\n" +
			"(FILE:LINE, or FILE and --name), or a log as rollsim replay reads it. A\n" +
			"picture (.svg, .png) has a band for each rollout and a line for each host,\n" +
			"with failures, faults, violations and findings as marks. A page (.html) has\n" +
			"every entry and state too. With --and it compares two runs, such as those of\n" +
			"two machines. The exit code is 0 whatever they show.\n\n" +
			"Examples: rollsim view failure-under-rfc0008 -o picture.svg\n" +
			"          rollsim view features/waves/life.feature:29 -o picture.svg\n" +
			"          rollsim view state.db -o page.html\n" +
			"          rollsim view failure-under-v0.2 --machine v0.2 --and failure-under-v0.2 \\\n" +
			"            --and-machine rfc0008 -o page.html",
		Flags: []cli.Flag{
			outputFlag(),
			&cli.StringFlag{
				Name:  "name",
				Usage: "show the scenario of a feature whose name contains `TEXT`",
			},
			&cli.Uint64Flag{
				Name: "from", Usage: "list entries from `SEQ` on, in a page", DefaultText: "the first one",
			},
			&cli.Uint64Flag{
				Name: "to", Usage: "list entries up to `SEQ`, in a page", DefaultText: "the last one",
			},
			&cli.Uint64Flag{
				Name: "seed", Usage: "simulate with seed `N`", DefaultText: "that of the scenario",
			},
			&cli.StringFlag{
				Name: "and", Usage: "compare with `INPUT2`, in a page; a difference is marked",
			},
			&cli.StringFlag{
				Name: "and-machine", Usage: "use machine `M` for INPUT2", DefaultText: "that of --machine",
			},
			&cli.StringSliceFlag{
				Name: "and-policy", Usage: "the policies of INPUT2, as --policy",
				DefaultText: "those of --policy",
			},
			&cli.Uint64Flag{
				Name: "and-seed", Usage: "simulate INPUT2 with seed `N`", DefaultText: "that of --seed",
			},
			&cli.BoolFlag{
				Name:  "redact",
				Usage: "replace names by pseudonyms, as rollsim redact does without --key",
			},
			machineFlag("use machine `M`", "the one that the input names, or "+forLogs()),
			answerFlag(),
			policyFlag(),
		},
		Action: env.view,
	}
}

func (env *environment) view(c *cli.Context) error {
	if c.NArg() == 0 {
		return usage(c, "expected a scenario, a feature or a log")
	}
	output, err := env.output(c, c.Args().Slice()...)
	if err != nil {
		return err
	}
	write, err := viewWriter(c, output)
	if err != nil {
		return err
	}
	ranged := c.IsSet("from") || c.IsSet("to")
	if ranged && outputKind(output) != ".html" {
		return usage(c, "--from and --to choose the entries that a page lists: expected -o FILE.html")
	}
	if err := andFlags(c, output); err != nil {
		return err
	}
	shown, err := env.viewed(c)
	if err != nil {
		return err
	}
	if c.IsSet("and") {
		return env.viewTwo(c, output, shown)
	}
	if c.Bool("redact") {
		if ranged {
			return usage(c, "--redact: expected no --from and --to: redact the log before")
		}
		if shown, err = redacted(shown); err != nil {
			return err
		}
		return env.writeFile(output, func(w io.Writer) error {
			return write(w, shown.index, picture.Options{Name: shown.name, Command: "rollsim view INPUT"})
		})
	}
	opt := picture.Options{
		Name: shown.name, From: c.Uint64("from"), To: c.Uint64("to"),
		Command: "rollsim view " + shell.Join(append(c.Args().Slice(), viewOptions(c)...)...),
	}
	for _, seq := range []uint64{opt.From, opt.To} {
		if seq > 0 && !shown.index.Cursor().GoSeq(seq) {
			return fmt.Errorf("%s has no entry %d", shown.name, seq)
		}
	}
	if opt.To > 0 && opt.From > opt.To {
		return usage(c, "--from %d --to %d: expected the first one before the last one", opt.From, opt.To)
	}
	return env.writeFile(output, func(w io.Writer) error {
		return write(w, shown.index, opt)
	})
}

// andFlags checks the flags about a second input.
func andFlags(c *cli.Context, output string) error {
	if !c.IsSet("and") {
		for _, name := range []string{"and-machine", "and-policy", "and-seed"} {
			if c.IsSet(name) {
				return usage(c, "--%s: expected --and INPUT2", name)
			}
		}
		return nil
	}
	if outputKind(output) != ".html" {
		return usage(c, "--and compares two runs in a page: expected -o FILE.html")
	}
	for _, name := range []string{"from", "to", "redact"} {
		if c.IsSet(name) {
			return usage(c, "--%s: expected no --and", name)
		}
	}
	return nil
}

// viewTwo writes a page of an input and of that of --and.
func (env *environment) viewTwo(c *cli.Context, output string, first *viewed) error {
	choice := choiceOf(c)
	choice.args, choice.name = []string{c.String("and")}, ""
	if c.IsSet("and-machine") {
		choice.machine = c.String("and-machine")
	}
	if c.IsSet("and-policy") {
		choice.policies = c.StringSlice("and-policy")
	}
	if c.IsSet("and-seed") {
		choice.seed = reducer.Some(c.Uint64("and-seed"))
	}
	second, err := env.viewedAs(c, choice)
	if err != nil {
		return err
	}
	return env.writeFile(output, func(w io.Writer) error {
		return picture.HTMLOfTwo(w, first.index, second.index, picture.Options{Name: first.name},
			picture.Options{Name: second.name})
	})
}

// viewOptions returns the options on which the states depend, as the user wrote them.
func viewOptions(c *cli.Context) []string {
	given := foldOptions(c)
	for _, name := range []string{"name", "seed"} {
		if c.IsSet(name) {
			given = append(given, "--"+name, fmt.Sprint(c.Value(name)))
		}
	}
	return given
}

// viewWriter returns the function that writes the kind of file that the name of the output asks
// for.
func viewWriter(
	c *cli.Context, output string,
) (func(io.Writer, *timeline.Index, picture.Options) error, error) {
	switch kind := outputKind(output); {
	case output == "-", kind == ".svg":
		return picture.SVG, nil
	case kind == ".png":
		return picture.PNG, nil
	case kind == ".html":
		return picture.HTML, nil
	}
	return nil, usage(c, "-o %s: expected a name that ends in .svg, .png or .html", output)
}

// outputKind returns the extension of a file that may be compressed.
func outputKind(name string) string {
	return filepath.Ext(strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".zst"))
}

// viewed is an input of view, read completely.
type viewed struct {
	name    string
	index   *timeline.Index
	options timeline.Options               // for reading it again
	repeats func() (*sim.Inspector, error) // simulates it again; nil for a log
}

// featurePlace matches a feature file, and FILE:LINE for one of its scenarios.
var featurePlace = regexp.MustCompile(`\.feature(:\d+)?$`)

// viewChoice says which input to read, and how.
type viewChoice struct {
	args     []string
	machine  string // empty for that of the input
	policies []string
	seed     reducer.Opt[uint64]
	name     string // of a scenario of a feature
}

// choiceOf returns what the command line says about its input.
func choiceOf(c *cli.Context) viewChoice {
	choice := viewChoice{
		args: c.Args().Slice(), machine: c.String("machine"), policies: c.StringSlice("policy"),
		name: c.String("name"),
	}
	if c.IsSet("seed") {
		choice.seed = reducer.Some(c.Uint64("seed"))
	}
	return choice
}

// viewed reads the input of the command line.
func (env *environment) viewed(c *cli.Context) (*viewed, error) {
	return env.viewedAs(c, choiceOf(c))
}

func (env *environment) viewedAs(c *cli.Context, choice viewChoice) (*viewed, error) {
	args := choice.args
	isScenario := len(args) == 1 && env.namesScenario(args[0])
	isFeature := len(args) == 1 && featurePlace.MatchString(args[0])
	if choice.name != "" && !isFeature {
		return nil, usage(c, "--name: expected a feature, found %s", args[0])
	}
	if choice.seed.Set && !isScenario && !isFeature {
		return nil, usage(c, "--seed: a log has no seed")
	}
	switch {
	case isScenario:
		return env.viewScenario(c, choice)
	case isFeature:
		return env.viewFeature(c, choice)
	}
	return env.viewLog(c, choice)
}

// namesScenario reports whether an argument is a scenario file, or the name of a built-in scenario
// and not that of a file.
func (env *environment) namesScenario(arg string) bool {
	switch path.Ext(arg) {
	case ".yaml", ".yml":
		return true
	}
	if _, err := os.Stat(arg); err == nil || arg == input.Stdin || strings.ContainsAny(arg, `/\`) {
		return false
	}
	_, err := rollsim.Library.Open(path.Join("scenarios", arg+".yaml"))
	return err == nil
}

// viewScenario simulates a scenario.
func (env *environment) viewScenario(c *cli.Context, choice viewChoice) (*viewed, error) {
	file, err := env.loadScenario(choice.args[0])
	if err != nil {
		return nil, err
	}
	m, err := env.openMachine(c, "--machine", cmp.Or(choice.machine, file.Scenario.Machine))
	if err != nil {
		return nil, err
	}
	opt := sim.Options{Machine: m, Seed: file.Scenario.Seed}
	if choice.seed.Set {
		opt.Seed = choice.seed.Value
	}
	x, _, err := simulated(&file.Scenario, opt)
	return &viewed{
		index: x, options: timeline.Options{Machine: m},
		repeats: func() (*sim.Inspector, error) { return sim.NewInspector(&file.Scenario, opt) },
	}, err
}

// simulated runs a scenario and returns its index, with the violations as marks.
func simulated(sc *sim.Scenario, opt sim.Options) (*timeline.Index, *sim.Result, error) {
	b := timeline.NewBuilder(timeline.Options{Machine: opt.Machine})
	opt.Sink = b
	result, err := sim.Run(sc, opt)
	if err != nil {
		return nil, nil, err
	}
	x, err := b.Index()
	if err != nil {
		return nil, nil, err
	}
	x.AddMarks(report.ViolationMarks(result.Violations))
	return x, result, nil
}

// viewFeature runs one scenario of a feature file.
func (env *environment) viewFeature(c *cli.Context, choice viewChoice) (*viewed, error) {
	s, machine, err := env.oneStory(c, choice)
	if err != nil {
		return nil, err
	}
	x, err := report.StoryIndex(s, machine)
	return &viewed{
		name: s.Name, index: x, options: timeline.Options{Machine: machine},
		repeats: func() (*sim.Inspector, error) {
			return sim.NewInspector(s.Simulated, sim.Options{Machine: machine, Seed: s.Simulated.Seed})
		},
	}, err
}

// viewLog reads a log, and replays it for its findings.
func (env *environment) viewLog(c *cli.Context, choice viewChoice) (*viewed, error) {
	var opt timeline.Options
	args, err := env.filesOf(c, choice.args)
	if err != nil {
		return nil, err
	}
	if choice.machine != "" {
		if opt.Machine, err = env.openMachine(c, "--machine", choice.machine); err != nil {
			return nil, err
		}
	}
	if opt.Policies, err = parsePolicies(c, choice.policies); err != nil {
		return nil, err
	}
	meter := env.newMeter()
	log, err := env.openLog(args, meter)
	if err != nil {
		return nil, err
	}
	x, err := timeline.Build(log, opt)
	if err == nil {
		err = log.Close()
	}
	if err != nil {
		return nil, err
	}
	findings, err := env.findings(x, args, opt)
	if err != nil {
		return nil, err
	}
	x.AddMarks(findings)
	names := make([]string, len(args))
	for i, arg := range args {
		names[i] = path.Base(filepath.ToSlash(arg))
	}
	return &viewed{
		name: shell.Join(names...), index: x, options: timeline.Options{Machine: opt.Machine},
	}, nil
}

// findings replays a log and returns its findings as marks. An input that can be read only once is
// replayed from the index.
func (env *environment) findings(
	x *timeline.Index, args []string, opt timeline.Options,
) ([]timeline.Mark, error) {
	var r *trace.Reader
	var err error
	if slices.ContainsFunc(args, input.IsStream) {
		in, out := io.Pipe()
		go func() { out.CloseWithError(x.WriteNDJSON(out)) }()
		r, err = trace.NewReader("standard input", in)
	} else {
		r, err = input.Open(env.stdin, args...)
	}
	if err != nil {
		return nil, err
	}
	result, err := replay.Run(r, replay.Options{Machine: opt.Machine, Policies: opt.Policies})
	if err != nil {
		return nil, err
	}
	return findingMarks(result), nil
}

// findingMarks returns the findings of a replay as marks.
func findingMarks(result *replay.Result) []timeline.Mark {
	marks := make([]timeline.Mark, len(result.Findings))
	for i := range result.Findings {
		f := &result.Findings[i]
		detail := f.Reason
		if detail == "" {
			detail = fmt.Sprintf("recorded %s, expected %s", f.Recorded, f.Expected)
		}
		marks[i] = timeline.Mark{
			Kind: timeline.Finding, Seq: f.Seq, Title: f.Title(), Detail: detail, Rollout: f.Rollout,
			Host: f.Host,
		}
	}
	return marks
}
