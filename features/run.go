package features

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/cucumber/godog"
	messages "github.com/cucumber/messages/go/v21"

	"rollsim/internal/osfs"
	"rollsim/trace"
)

// Options is what one run of feature files is given.
type Options struct {
	// FS holds the feature files; nil are those of the operating system.
	FS fs.FS

	// Paths are feature files in FS, FILE:LINE for one scenario of a file, or folders; with forward slashes. None is the
	// same as ".".
	Paths []string

	// Tags selects scenarios by a tag expression such as "@slow and not (@wip or @machine:v0.2)". Empty selects all.
	Tags string

	// Shard of Shards runs only every so many-th of the selected scenarios. Shards count from 1; 0 of 0 runs all.
	Shard, Shards int

	// Format is the form in which results are written to Output while they come: one of Formats, or empty for none.
	Format  string
	Output  io.Writer
	NoColor bool
}

// Formats lists the forms in which results can be written.
func Formats() []string { return []string{"pretty", "progress", "junit", "cucumber"} }

// Status is what became of a scenario. The zero value is invalid.
type Status uint8

// The statuses. All but Passed are failures.
const (
	Passed    Status = 1 + iota
	Failed           // an expectation does not hold, or a sentence says what cannot be
	Undefined        // a sentence is worded like no step, or the scenario has no step
	Ambiguous        // a sentence is worded like several steps

	statusEnd
)

var statusNames = [statusEnd]string{"", "passed", "failed", "undefined", "ambiguous"}

// String names the status.
func (s Status) String() string {
	if s == 0 || s >= statusEnd {
		return fmt.Sprintf("Status(%d)", uint8(s))
	}
	return statusNames[s]
}

// Scenario is what became of one scenario. Of a scenario outline each row of examples is one.
type Scenario struct {
	File    string // as the paths name it
	Line    int    // of the scenario, or of its row of examples
	Feature string
	Name    string
	Status  Status

	// Of one that has not passed: the sentence, its keyword before it and its line, and what is wrong.
	Step     string
	StepLine int
	Message  string

	// Trace is what one that has not passed simulated last; nil when it did not come so far.
	Trace []trace.Entry
}

// Report is what became of all selected scenarios, in the order of the paths and of the lines in each file.
type Report struct{ Scenarios []Scenario }

// Count tells how many scenarios have a status.
func (r *Report) Count(s Status) int {
	n := 0
	for i := range r.Scenarios {
		if r.Scenarios[i].Status == s {
			n++
		}
	}
	return n
}

// Passed tells whether every scenario has passed.
func (r *Report) Passed() bool { return r.Count(Passed) == len(r.Scenarios) }

// running keeps two suites apart: godog sets environment variables of the process.
var running sync.Mutex

// Run runs feature files. Whether scenarios failed stands in the report; the error says what kept them from being run: no
// such file, a file that cannot be read, options that make no sense, a selection of nothing.
func Run(opt Options) (Report, error) {
	if opt.Format != "" && !slices.Contains(Formats(), opt.Format) {
		return Report{}, fmt.Errorf("no format is named %q: there are %s", opt.Format, strings.Join(Formats(), ", "))
	}
	documents, err := selectScenarios(&opt)
	if err != nil {
		return Report{}, err
	}
	r := &runner{}
	for _, d := range documents {
		if kept := (&block{of: d.cases}).kept(); !kept {
			continue
		}
		r.contents = append(r.contents, godog.Feature{Name: d.name, Contents: d.selection()})
		for _, c := range d.cases {
			if c.selected {
				r.cases = append(r.cases, c)
			}
		}
	}
	if len(r.cases) == 0 {
		return Report{}, nil // an empty shard
	}
	return r.run(&opt)
}

// selectScenarios reads the files and selects what the options ask for.
func selectScenarios(opt *Options) ([]*document, error) {
	if opt.Shard < 0 || opt.Shard > opt.Shards || opt.Shards > 0 && opt.Shard == 0 {
		return nil, fmt.Errorf("there is no shard %d of %d: shards count from 1", opt.Shard, opt.Shards)
	}
	wanted, err := parseTags(opt.Tags)
	if err != nil {
		return nil, err
	}
	paths := opt.Paths
	if len(paths) == 0 {
		paths = []string{"."}
	}
	fsys := opt.FS
	if fsys == nil {
		fsys = osfs.FS{}
	}
	sources, err := findSources(fsys, paths)
	errs := []error{err}
	var documents []*document
	for _, s := range sources {
		d, err := readDocument(fsys, s)
		if err == nil {
			err = d.choose(s.lines)
		}
		documents = append(documents, d)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	n := 0
	for _, d := range documents {
		for _, c := range d.cases {
			if c.selected = c.selected && wanted(c.tags()); c.selected {
				c.selected = opt.Shards == 0 || n%opt.Shards == opt.Shard-1
				n++
			}
		}
	}
	if n == 0 {
		return nil, fmt.Errorf("no scenario is selected by the tags %q in %s", opt.Tags, strings.Join(paths, ", "))
	}
	return documents, nil
}

// runner is one run of godog over selected scenarios.
type runner struct {
	contents []godog.Feature
	cases    []*scenario // in the order in which they run
	report   Report
	begun    int // how many of them have
	indented bool
}

func (r *runner) run(opt *Options) (Report, error) {
	running.Lock()
	defer running.Unlock()

	format, output := opt.Format, opt.Output
	r.indented = format == "pretty" || format == "progress"
	switch {
	case format == "" || output == nil:
		format, output = "progress", io.Discard
	case format == "pretty":
		output = &withoutCode{to: output}
	}
	suite := godog.TestSuite{
		Name:                "rollsim",
		ScenarioInitializer: r.begin,
		Options: &godog.Options{
			Format: format, Output: output, NoColors: opt.NoColor, FeatureContents: r.contents, Strict: true, Concurrency: 1,
		},
	}
	code := suite.Run()

	// What godog says and what was seen must agree: it has ways of passing what it never ran.
	passed := r.report.Passed() && len(r.report.Scenarios) == len(r.cases)
	if passed != (code == 0) || len(r.report.Scenarios) != len(r.cases) {
		return r.report, fmt.Errorf("%d of %d scenarios ran, and godog ended with %d", len(r.report.Scenarios), len(r.cases), code)
	}
	return r.report, nil
}

// begin prepares one scenario: godog calls it for each, in order. Its sentences are resolved here, so that those which are
// undefined or ambiguous fail with a message of ours.
func (r *runner) begin(sc *godog.ScenarioContext) {
	c := r.cases[r.begun]
	r.begun++
	d := c.document
	r.report.Scenarios = append(r.report.Scenarios, c.begun())
	result := &r.report.Scenarios[len(r.report.Scenarios)-1]
	w := newWorld(c.pickle.Name, c.again())

	next := 0 // among the steps
	sc.StepContext().After(func(ctx context.Context, _ *godog.Step, _ godog.StepResultStatus, err error) (context.Context, error) {
		if err != nil {
			var shown indentedError
			if errors.As(err, &shown) {
				err = shown.error
			}
			c.fail(result, w, c.pickle.Steps[next], err)
		}
		next++
		return ctx, nil
	})
	tagged := w.applyTags(c.tags())
	defined := make(map[string]bool)
	for _, step := range c.pickle.Steps {
		if defined[step.Text] {
			continue
		}
		defined[step.Text] = true
		sc.Step("^"+regexp.QuoteMeta(step.Text)+"$", func(context.Context) error {
			step := c.pickle.Steps[next]
			w.shared = d.shared[step.AstNodeIds[0]]
			err := tagged
			if err == nil {
				err = w.carryOut(step.Text, step.Argument)
			}
			if last := next == len(c.pickle.Steps)-1; last && err == nil {
				err = w.finish()
			}
			if err != nil && r.indented {
				err = indentedError{err}
			}
			return err
		})
	}
}

// indentedError is an error of several lines for formats that people read: godog would indent the first line only.
type indentedError struct{ error }

func (e indentedError) Error() string {
	return "\n      " + strings.ReplaceAll(e.error.Error(), "\n", "\n      ")
}

// carryOut does what a sentence and what follows it say.
func (w *world) carryOut(sentence string, argument *messages.PickleStepArgument) error {
	found := find(sentence)
	switch len(found) {
	case 0:
		return &undefinedError{sentence}
	case 1:
	default:
		return &ambiguousError{sentence, found}
	}
	values, _, err := found[0].read(sentence)
	if err != nil {
		return err
	}
	t, err := readTable(found[0].table, argument)
	if err != nil {
		return err
	}
	return w.do(found[0], sentence, values, t)
}

// applyTags takes machine and seed from the scenario's tags. A later one, so the nearest, wins.
func (w *world) applyTags(tags []string) error {
	for _, tag := range tags {
		name, value, _ := strings.Cut(tag, ":")
		switch name {
		case "@machine":
			if err := w.carryOut("the machine is "+strconv.Quote(value), nil); err != nil {
				return fmt.Errorf("tag %s: %w", tag, err)
			}
		case "@seed":
			if err := w.carryOut("seed "+value, nil); err != nil {
				return fmt.Errorf("tag %s: expected a number, as in @seed:7", tag)
			}
		}
	}
	return nil
}

// withoutCode is a writer that leaves out where in this program a sentence is defined: nobody who reads features asks.
type withoutCode struct {
	to   io.Writer
	line []byte // as far as it has come
}

var codePlace = regexp.MustCompile(` +(?:\x1b\[[0-9;]*m)*# [\w.]+\.go:[0-9]+ -> [^\n\x1b]*`)

func (o *withoutCode) Write(b []byte) (int, error) {
	o.line = append(o.line, b...)
	end := bytes.LastIndexByte(o.line, '\n') + 1
	_, err := o.to.Write(codePlace.ReplaceAll(o.line[:end], nil))
	o.line = append(o.line[:0], o.line[end:]...)
	return len(b), err
}
